"""Live sessions over real WebSockets on the served page."""

import base64
import io
import json
import socket
import struct
import threading
import time
import urllib.request
import uuid
from urllib.parse import urlsplit

import pytest
from PIL import Image
from skimage.data import astronaut
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.stream import LiveSession
from fer_hf.web import websocket
from tests.support.served import served_page

FACE = Image.fromarray(astronaut()).crop((150, 0, 310, 220))


def jpeg(*places, size=(640, 480), kind="JPEG"):
    """A grey frame with the astronaut's face at each place (x, y)."""
    frame = Image.new("RGB", size, "#707070")
    for place in places:
        frame.paste(FACE, place)
    file = io.BytesIO()
    frame.save(file, kind, quality=80)
    return file.getvalue()


class Visitor:
    """What the Live tab does in a browser."""

    def __init__(self, url, name=None, **options):
        self.name = name or str(uuid.uuid4())
        self.socket = connect(url.replace("http", "ws") + "live", **options)
        self.say(session=self.name)

    def say(self, **message):
        self.socket.send(json.dumps(message))

    def send(self, frame, at):
        self.socket.send(struct.pack("<d", at) + frame)

    def hear(self):
        return json.loads(self.socket.recv(timeout=60))

    def read(self, frame, at):
        self.send(frame, at)
        return self.hear()

    def do(self, command):
        self.say(do=command)
        return self.hear()


@pytest.fixture(scope="module")
def served(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


@pytest.fixture
def visit(served):
    visitors = []

    def come(name=None, **options):
        visitors.append(Visitor(served.url, name, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.socket.close()


def test_a_moving_face_is_followed_and_no_file_is_written(visit, served):
    visitor = visit()
    answers = [visitor.read(jpeg((40 + 4 * i, 120)), i / 10) for i in range(100)]
    assert [[face["number"] for face in answer["faces"]] for answer in answers] == [[1]] * 100
    assert [answer["sent"] for answer in answers] == [i / 10 for i in range(100)]
    assert all(answer["milliseconds"] > 0 for answer in answers)
    assert served.files() == []


def test_summary_reset_and_end(visit):
    visitor = visit()
    for i in range(5):
        visitor.read(jpeg((40, 120)), 7 + i / 4)
    done = visitor.do("summary")
    assert (done["summary"]["frames"], done["summary"]["seconds"]) == (5, 1.0)
    assert visitor.do("reset") == {"done": "reset"}
    assert visitor.read(jpeg((400, 120)), 20.0)["faces"][0]["number"] == 1
    assert len(visitor.do("csv")["csv"].splitlines()) == 2
    done = visitor.do("end")
    assert done["summary"]["frames"] == 1
    assert done["csv"].startswith("\N{BOM}time,face,x1") and len(done["csv"].splitlines()) == 2
    with pytest.raises(ConnectionClosed):
        visitor.hear()


def test_a_resting_face_is_taken_and_forgotten(visit):
    visitor = visit()
    assert visitor.do("baseline") == {"done": "baseline"}
    answers = [visitor.read(jpeg((240, 120)), i / 8) for i in range(26)]
    assert answers[0]["baseline"]["state"] == "taking"
    assert answers[24]["baseline"] == {"state": "taken"}
    assert answers[-1]["faces"][0]["adjusted"]
    assert visitor.do("forget_baseline") == {"done": "forget_baseline"}
    assert not visitor.read(jpeg((240, 120)), 9.0)["faces"][0]["adjusted"]


def test_two_people_never_see_each_others_faces(visit):
    one, other = visit(), visit()
    one.read(jpeg((40, 120)), 0.0)
    assert other.read(jpeg(), 0.0)["faces"] == []
    assert other.read(jpeg((400, 120)), 0.1)["faces"][0]["number"] == 1
    assert other.do("summary")["summary"]["frames"] == 2


def test_surplus_frames_are_dropped_and_only_the_newest_waits(visit, monkeypatch):
    started, finish, whole = threading.Event(), threading.Event(), LiveSession._analyze

    def slow(session, frame, at):
        started.set()
        assert finish.wait(60)
        return whole(session, frame, at)

    monkeypatch.setattr(LiveSession, "_analyze", slow)
    visitor = visit()
    visitor.send(jpeg((40, 120)), 0.0)
    assert started.wait(60)
    for i in range(1, 10):
        visitor.send(jpeg((40, 120)), i / 10)
    dropped = [visitor.hear() for _ in range(8)]
    assert [(each["dropped"], each["sent"]) for each in dropped] == [(True, i / 10) for i in range(1, 9)]
    finish.set()
    read = [visitor.hear() for _ in range(2)]
    assert [(each["sent"], len(each["faces"])) for each in read] == [(0.0, 1), (0.9, 1)]
    assert visitor.do("summary")["summary"]["dropped"] == 8


def test_a_broken_connection_goes_on_where_it_was(visit):
    before = visit()
    before.read(jpeg((40, 120), (400, 120)), 0.0)
    before.socket.socket.close()  # no goodbye: as when the network goes
    after = visit(before.name)
    assert {face["number"] for face in after.read(jpeg((42, 120), (400, 120)), 0.2)["faces"]} == {1, 2}
    assert after.do("summary")["summary"]["frames"] == 2


def test_the_seats_are_limited_and_leaving_frees_one(visit, monkeypatch):
    monkeypatch.setattr(websocket, "SESSIONS", 2)
    first, second = visit(), visit()
    assert first.read(jpeg(), 0.0) and second.read(jpeg(), 0.0)
    late = visit()
    assert late.hear() == {"error": "full"}
    with pytest.raises(ConnectionClosed):
        late.hear()
    first.socket.close()
    assert any("faces" in visit().read(jpeg(), 0.0) for _ in range(20) if not time.sleep(0.2))


def test_a_session_that_came_back_is_not_ended_by_an_earlier_break(visit, monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 2.0)
    first = visit()
    first.read(jpeg((40, 120)), 0.0)
    first.socket.close()  # at 0 s: would be forgotten at 2 s
    time.sleep(1)
    second = visit(first.name)
    second.read(jpeg((40, 120)), 0.1)
    second.socket.close()  # at 1 s: may come back until 3 s
    time.sleep(1.4)
    assert visit(first.name).read(jpeg((40, 120)), 0.2)["time"] == 0.2


def test_a_session_that_finds_all_places_taken_keeps_its_state(visit, monkeypatch):
    monkeypatch.setattr(websocket, "SESSIONS", 1)
    before = visit()
    before.read(jpeg((40, 120)), 5.0)
    before.socket.close()
    other = visit()
    other.read(jpeg(), 0.0)
    assert visit(before.name).hear() == {"error": "full"}
    other.do("end")
    assert visit(before.name).read(jpeg((40, 120)), 5.5)["time"] == 0.5


def test_only_two_read_at_a_time_whoever_asks(visit, served, monkeypatch):
    now, most, lock, whole = [0], [0], threading.Lock(), FaceAnalyzer._forward

    def counting(*arguments, **options):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        time.sleep(0.2)
        try:
            return whole(*arguments, **options)
        finally:
            with lock:
                now[0] -= 1

    monkeypatch.setattr(FaceAnalyzer, "_forward", counting)
    visitors = [visit() for _ in range(4)]
    photo = {"data": ["data:image/jpeg;base64," + base64.b64encode(jpeg((40, 120))).decode()]}
    programs = [threading.Thread(target=ask, args=(served.url, photo)) for _ in range(4)]
    for program in programs:
        program.start()
    for visitor in visitors:
        visitor.send(jpeg((40, 120)), 0.0)
    assert all("faces" in visitor.hear() for visitor in visitors)
    for program in programs:
        program.join(60)
    assert most == [2]


def ask(url, body):
    request = urllib.request.Request(
        f"{url}gradio_api/run/read_photo", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    urllib.request.urlopen(request, timeout=60).close()


def test_a_session_is_forgotten_when_it_does_not_come_back(visit, monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 0.2)
    before = visit()
    before.read(jpeg((40, 120)), 5.0)
    before.socket.close()
    time.sleep(1)
    assert visit(before.name).read(jpeg((40, 120)), 1.0)["time"] == 0.0  # a new session: its clock starts again


@pytest.mark.parametrize(("limit", "error"), [("SECONDS", "time"), ("IDLE", "idle")])
def test_time_is_limited_and_the_summary_comes_before_the_end(visit, monkeypatch, limit, error):
    monkeypatch.setattr(websocket, limit, 2.0)
    visitor = visit()
    visitor.read(jpeg((40, 120)), 0.0)
    done = visitor.hear()
    assert (done["done"], done["summary"]["frames"]) == ("end", 1)
    assert visitor.hear() == {"error": error}


@pytest.mark.parametrize(
    "message",
    [
        "no JSON",
        "[1]",
        '{"do": "sing"}',
        '{"do": ["summary"]}',
        b"",
        b"short",
        struct.pack("<d", 0.0) + b"no picture",
        struct.pack("<d", 0.0) + jpeg()[:2000],
        struct.pack("<d", 0.0) + jpeg(size=(1300, 400)),
        struct.pack("<d", 0.0) + bytes(600_000),
        struct.pack("<d", 0.0) + jpeg(kind="PNG"),
        struct.pack("<d", 0.0) + jpeg(kind="GIF"),
        struct.pack("<d", 0.0) + jpeg(kind="AVIF"),
        struct.pack("<d", float("nan")) + jpeg(),
        struct.pack("<d", 1e300) + jpeg(),
    ],
)
def test_what_is_no_message_ends_the_connection_plainly(visit, message):
    visitor = visit()
    visitor.socket.send(message)
    assert visitor.hear() == {"error": "message"}
    with pytest.raises(ConnectionClosed):
        visitor.hear()


@pytest.mark.parametrize("hello", ["", "{}", '{"session": 1}', '{"session": "../../etc"}', b"1234"])
def test_a_session_needs_a_name_of_its_own(served, hello):
    with connect(served.url.replace("http", "ws") + "live") as socket:
        socket.send(hello)
        assert json.loads(socket.recv(timeout=60)) == {"error": "message"}


def test_nobody_waits_long_for_a_name(served, monkeypatch):
    monkeypatch.setattr(websocket, "GRACE", 0.2)
    with connect(served.url.replace("http", "ws") + "live") as socket:
        assert json.loads(socket.recv(timeout=60)) == {"error": "message"}


def test_other_pages_are_refused(served, visit):
    assert "faces" in visit(origin=served.url.rstrip("/")).read(jpeg(), 0.0)
    with pytest.raises(InvalidStatus):
        visit(origin="https://elsewhere.example")


def test_webp_is_read_too(visit):
    assert len(visit().read(jpeg((40, 120), kind="WEBP"), 0.0)["faces"]) == 1


def test_a_name_that_was_rebound_to_this_machine_is_refused(served):
    where = urlsplit(served.url)
    with socket.create_connection((where.hostname, where.port)) as connection, pytest.raises(InvalidStatus):
        connect("ws://rebound.example/live", sock=connection, origin="http://rebound.example")
