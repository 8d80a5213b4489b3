"""The page as a server: its endpoint, its errors, what it keeps, and how it refuses to start."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError

from fer_hf.labels import LABELS
from fer_hf.web import examples
from fer_hf.web.i18n import TEXTS
from fer_hf.web.temp_files import AGE, FREQUENCY
from tests.support.served import served_page

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def page(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


@pytest.fixture
def client(page):
    client = Client(page.url, verbose=False)
    yield client
    client.close()


@pytest.fixture(scope="module")
def group_photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "group photo (1).jpg"
    examples.group().save(path, quality=92)
    return path


def wait_until(condition, seconds=30):
    """Whether `condition()` comes true before the time is up."""
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def read(client, path):
    return client.predict(handle_file(path), api_name="/read_photo")


def test_a_group_photo_is_read(client, group_photo):
    reading = read(client, group_photo)
    assert (reading["file"], reading["width"], reading["height"]) == ("group photo (1).jpg", 1020, 680)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (face["box"] for face in reading["faces"])]
    assert len(areas) == 6 and areas == sorted(areas, reverse=True)
    for face in reading["faces"]:
        assert tuple(face["scores"]) == LABELS
        assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-4)
        assert face["confidence"] == max(face["scores"].values()) == face["scores"][face["label"]]


@pytest.mark.parametrize("kind", ["heic", "avif"])
def test_phone_formats_are_read(client, tmp_path, kind):
    path = tmp_path / f"photo.{kind}"
    examples.astronaut().save(path, quality=90)
    assert len(read(client, path)["faces"]) == 1


def test_a_photo_without_a_face_is_an_empty_answer(client, tmp_path):
    examples.cat().save(tmp_path / "cat.png")
    assert read(client, tmp_path / "cat.png")["faces"] == []


@pytest.mark.parametrize(
    ("name", "data", "words"), [("words.jpg", b"no picture", "not a picture"), ("empty.png", b"", "the file is empty")]
)
def test_a_bad_file_is_one_plain_line_that_names_it(client, tmp_path, name, data, words):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(AppError) as caught:
        read(client, tmp_path / name)
    message = str(caught.value)
    assert message.startswith(f"{name}: ") and words in message
    assert "\n" not in message and str(ROOT) not in message and "fer-hf-" not in message


def test_nothing_instead_of_a_photo_is_said(client):
    with pytest.raises(AppError, match="photo: expected a picture"):
        client.predict(None, api_name="/read_photo")


def test_a_path_that_is_no_upload_is_refused(page):
    """Asked without gradio_client, which would upload the file first."""
    file = {"path": str(ROOT / "pyproject.toml"), "meta": {"_type": "gradio.FileData"}}
    url = f"{page.url}gradio_api/call/read_photo"
    request = urllib.request.Request(url, json.dumps({"data": [file]}).encode(), {"Content-Type": "application/json"})
    event = json.load(urllib.request.urlopen(request))["event_id"]
    answer = urllib.request.urlopen(f"{url}/{event}").read().decode()
    assert answer.startswith("event: error")
    assert "not a picture" not in answer  # it was not even opened


def test_only_the_endpoints_for_programs_are_offered_and_they_are_described(page):
    info = json.load(urllib.request.urlopen(f"{page.url}gradio_api/info"))
    assert list(info["named_endpoints"]) == ["/read_photo", "/read_face", "/about_model"]
    assert info["unnamed_endpoints"] == {}
    assert all(len(each["description"]) > 100 for each in info["named_endpoints"].values())


def test_nothing_is_recorded(page):
    config = json.load(urllib.request.urlopen(f"{page.url}config"))
    assert config["run_history"] is False
    assert config["analytics_enabled"] is False


def test_gradio_sweeps_its_own_files_too(page):
    assert page.page.delete_cache == (FREQUENCY, AGE)


@pytest.mark.parametrize(("language", "words"), [("en", "after four minutes"), ("de", "nach vier Minuten")])
def test_the_promise_is_what_the_sweep_keeps(language, words):
    assert AGE + FREQUENCY == 4 * 60
    assert words in TEXTS[language]["privacy"]


def test_uploads_go_with_their_session(page, group_photo):
    first, second = Client(page.url, verbose=False), Client(page.url, verbose=False)
    read(first, group_photo)
    read(second, group_photo)
    assert len(page.files()) == 1  # Gradio names it by its content
    first.close()
    time.sleep(2)  # until the page has noticed
    assert len(page.files()) == 1
    assert len(read(second, group_photo)["faces"]) == 6
    second.close()
    assert wait_until(lambda: page.files() == [])


def test_a_broken_upload_is_swept(page):
    """Gradio leaves the received half on disk and forgets it."""
    where = urlsplit(page.url)
    with socket.create_connection((where.hostname, where.port)) as connection:
        head = f"POST /gradio_api/upload HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: 999999\r\n"
        part = '--x\r\nContent-Disposition: form-data; name="files"; filename="half.jpg"\r\n\r\n'
        connection.sendall(f"{head}Content-Type: multipart/form-data; boundary=x\r\n\r\n{part}".encode() + b"p" * 9999)
        assert wait_until(page.files)
    page.uploads.sweep(age=-1)
    assert page.files() == []
    assert page.uploads.folder.is_dir()


def test_an_upload_over_the_limit_is_refused(page):
    where = urlsplit(page.url)
    connection = http.client.HTTPConnection(where.netloc)
    part = b'--x\r\nContent-Disposition: form-data; name="files"; filename="big.jpg"\r\n\r\n'
    body = part + bytes(101 * 2**20) + b"\r\n--x--\r\n"
    connection.request("POST", "/gradio_api/upload", body, {"Content-Type": "multipart/form-data; boundary=x"})
    assert connection.getresponse().status == 413
    connection.close()
    assert page.files() == []


def start(**environment):
    """What `python app.py` says and how it ends, where it cannot start."""
    command, environment = [sys.executable, "app.py"], os.environ | environment
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, [line for line in done.stderr.splitlines() if line.startswith("error: ")]


def test_a_missing_model_is_one_line_and_exit_code_1(tmp_path):
    code, errors = start(FER_MODEL=str(tmp_path / "nowhere"))
    assert code == 1
    assert errors == [f"error: {tmp_path / 'nowhere'}: no such model folder, and not a Hub id (user/name)"]


def test_a_taken_port_is_one_line_and_exit_code_1_and_no_folder_is_left(tiny_model, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, errors = start(GRADIO_SERVER_PORT=str(port), FER_MODEL=str(tiny_model), GRADIO_TEMP_DIR=str(tmp_path))
    assert code == 1
    assert errors == [f"error: 127.0.0.1:{port}: the page cannot be served there; is the port taken?"]
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("port", ["many", "0", "99999", "²"])
def test_a_port_that_is_none_is_one_line_and_exit_code_1(port):
    code, errors = start(GRADIO_SERVER_PORT=port)
    assert code == 1
    assert errors == [f"error: GRADIO_SERVER_PORT: expected a port number from 1 to 65535, got {port!r}"]


def left_in(folder):
    """All files; Gradio leaves an empty folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_the_program_serves_and_leaves_nothing_when_it_is_stopped(tiny_model, tmp_path, group_photo, stop):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    where = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path), "FER_MODEL": str(tiny_model)}
    program = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=os.environ | where, stderr=subprocess.PIPE)
    try:
        assert wait_until(lambda: answers(port) or program.poll() is not None, seconds=300)
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        assert len(read(client, group_photo)["faces"]) == 6
        assert any(path.is_file() for path in tmp_path.rglob("*"))
    finally:
        program.send_signal(stop)
        _, log = program.communicate(timeout=60)
    assert program.returncode == 0
    assert b"POST /gradio_api/queue/join 200" in log and b"group" not in log
    assert left_in(tmp_path) == []


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
