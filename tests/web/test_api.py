"""What programs may ask, over real HTTP: with gradio_client, as curl would, and by MCP."""

import asyncio
import base64
import http.client
import io
import json
import re
import shutil
import socket
import subprocess
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from mcp import ClientSession
from mcp.client.streamable_http import streamablehttp_client

from fer_hf import __version__
from fer_hf.io import sha256_of
from fer_hf.labels import LABELS
from fer_hf.web import api, examples, limits
from fer_hf.web.components.about import PROGRAMS
from tests.support.served import served_page

TOOLS = {"read_photo": "photo", "read_face": "face", "about_model": None}
NO_PICTURES = {  # what is sent in place of a picture, and what is said of it
    "nothing": (None, "expected a picture, got None"),
    "a number": (7, "expected a picture, got 7"),
    "words": ("astronaut", "expected a file that was uploaded"),
    "a file of the server": ("/etc/hostname", "expected a file that was uploaded"),
    "the same as an upload": ({"path": "/etc/hostname"}, "expected a file that was uploaded"),
    "another host": ("http://127.0.0.1:9/face.jpg", "expected a file that was uploaded"),
    "no base64": ("data:image/png;base64,?", "expected data:image/jpeg;base64"),
    "no comma": ("data:image/png;base64", "expected data:image/jpeg;base64"),
    "no picture": ("data:;base64,cGxhaW4=", "photo: not a picture in a known format"),
    "too much": (f"data:;base64,{'A' * api.LONGEST}", "is larger than 20 MB"),
    "an escape": ("{folder}/../../etc/hostname", "expected a file that was uploaded"),
    "a null byte": ("{folder}/\0", "no such upload"),
}


@pytest.fixture(scope="module")
def page(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


def data_uri(picture):
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=92)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def post(page, path, body, kind="application/json"):
    """The answer's status and JSON, or its text where it is none."""
    request = urllib.request.Request(f"{page.url}gradio_api/{path}", body, {"Content-Type": kind})
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def run(page, name, *arguments):
    return post(page, f"run/{name}", json.dumps({"data": arguments}).encode())


def upload(page, picture, name="face.jpg"):
    """As `curl -F files=@face.jpg` does; the addresses in the answer."""
    file = io.BytesIO()
    picture.save(file, "JPEG")
    head = f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    status, paths = post(
        page, "upload", head.encode() + file.getvalue() + b"\r\n--x--\r\n", "multipart/form-data; boundary=x"
    )
    assert status == 200
    return paths


def ask(page, work):
    """What `work(session)` gives in an MCP session."""

    async def talk():
        async with (
            streamablehttp_client(f"{page.url}gradio_api/mcp/") as (receive, send, _),
            ClientSession(receive, send, read_timeout_seconds=timedelta(seconds=120)) as session,
        ):
            await session.initialize()
            return await work(session)

    return asyncio.run(talk())


def test_gradio_client_reads_a_face_from_a_file(page, tmp_path):
    examples.astronaut().crop((180, 40, 290, 190)).save(tmp_path / "my face.png")
    client = Client(page.url, verbose=False)
    answer = client.predict(handle_file(tmp_path / "my face.png"), api_name="/read_face")
    client.close()
    assert answer["file"] == "my face.png"
    assert tuple(answer["scores"]) == LABELS
    assert answer["confidence"] == max(answer["scores"].values()) == answer["scores"][answer["label"]]
    assert answer["unsure"] == answer["unsure_because"] == []


@pytest.mark.parametrize("kind", ["as data", "as an upload", "by its address"])
def test_one_request_as_curl_sends_it_reads_a_photo(page, kind):
    if kind == "as data":
        photo = data_uri(examples.group())
    else:
        (photo,) = upload(page, examples.group())
    if kind == "by its address":  # as `gradio upload-mcp` gives it
        photo = f"{page.url}gradio_api/file={photo}"
    status, answer = run(page, "read_photo", photo)
    assert status == 200
    assert len(answer["data"][0]["faces"]) == 6


@pytest.mark.parametrize(("sent", "words"), NO_PICTURES.values(), ids=NO_PICTURES)
def test_what_is_no_picture_is_one_plain_line(page, sent, words):
    if isinstance(sent, str):
        sent = sent.replace("{folder}", str(page.uploads.folder))
    status, answer = run(page, "read_photo", sent)
    assert status == (413 if "larger than" in words else 422)
    message = json.loads(answer)["error"]
    assert message.startswith("photo: ") and words in message
    assert len(message.splitlines()) == 1 and "Traceback" not in answer and len(message) < 250


@pytest.mark.parametrize("key", ["path", "url"])
def test_an_address_in_place_of_an_upload_is_never_fetched(page, key):
    """Gradio itself would download it."""
    before = page.files()
    file = {"path": "away.jpg", "url": None, "meta": {"_type": "gradio.FileData"}} | {key: "http://192.0.2.1/away.jpg"}
    status, answer = run(page, "read_photo", file)
    assert (status, "expected a file that was uploaded" in answer or key == "url") == (422, True)
    status, answer = post(page, "call/read_photo", json.dumps({"data": [file]}).encode())
    with urllib.request.urlopen(f"{page.url}gradio_api/call/read_photo/{answer['event_id']}", timeout=120) as events:
        said = events.read().decode()
    assert "event: error" in said
    assert key == "url" or "this page fetches nothing" in said
    assert page.files() == before


NO_DATA = ["", "{", "[]", "{}", '{"data": []}', '{"data": null}', '{"data": [1, 2]}']


@pytest.mark.parametrize("kind", ["run/{}", "run/{}/", "api/{}", "call/{}", "call/{}/"])
@pytest.mark.parametrize("body", NO_DATA)
def test_a_request_without_data_is_told_what_is_expected(page, kind, body, capfd):
    status, answer = post(page, kind.format("read_photo"), body.encode())
    assert "Traceback" not in capfd.readouterr().err
    assert (status, json.loads(answer)["error"]) == (422, 'expected {"data": [photo]}, an upload or a data: address')


@pytest.mark.parametrize("body", [*NO_DATA, '{"foto": "data:"}', '{"photo": "data:", "face": "data:"}'])
def test_a_request_by_name_without_its_argument_is_told_what_is_expected(page, body, capfd):
    status, answer = post(page, "call/v2/read_photo", body.encode())
    assert "Traceback" not in capfd.readouterr().err
    assert (status, json.loads(answer)["error"]) == (422, 'expected {"photo": an upload or a data: address}')


@pytest.mark.parametrize("kind", ["run", "api", "call", "call/v2"])
def test_an_unknown_endpoint_is_not_found(page, kind, capfd):
    status, answer = post(page, f"{kind}/read_foto", b'{"data": []}')
    assert "Traceback" not in capfd.readouterr().err
    expected = "no such endpoint; expected one of read_photo, read_face, about_model"
    assert (status, json.loads(answer)["error"]) == (404, expected)


@pytest.mark.parametrize(("kind", "key"), [("call", "data"), ("call/v2", "face")])
def test_a_request_in_two_parts_reads_a_face(page, kind, key):
    (path,) = upload(page, examples.astronaut().crop((180, 40, 290, 190)))
    face = {"path": path, "meta": {"_type": "gradio.FileData"}}
    body = {key: [face] if key == "data" else face}
    status, answer = post(page, f"{kind}/read_face", json.dumps(body).encode())
    assert status == 200
    with urllib.request.urlopen(f"{page.url}gradio_api/{kind}/read_face/{answer['event_id']}", timeout=120) as events:
        event, data = events.read().decode().strip().splitlines()[-2:]
    assert event == "event: complete"
    (found,) = json.loads(data.removeprefix("data: "))
    assert tuple(found["scores"]) == LABELS


def test_the_panels_example_sends_a_file(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    examples.group().save("photo.jpg")
    with urllib.request.urlopen(f"{page.url}gradio_api/info", timeout=60) as answer:
        snippets = json.load(answer)["named_endpoints"]["/read_photo"]["code_snippets"]
    scope = {}
    exec(snippets["python"], scope)
    scope["client"].close()
    assert len(scope["result"]["faces"]) == 6
    assert "gradio_api/upload -F 'files=@" in snippets["bash"]
    assert "photo: handle_file(" in snippets["javascript"]


def test_too_many_at_once_are_asked_to_come_back(page, monkeypatch):
    monkeypatch.setattr(limits, "_PLACES", threading.Semaphore(0))
    status, answer = run(page, "read_photo", data_uri(examples.cat()))
    assert (status, "come back in a moment" in answer) == (503, True)


def test_a_program_that_hangs_up_leaves_the_page_as_it_was(page):
    body = json.dumps({"data": [data_uri(examples.group())]}).encode()
    where = urlsplit(page.url)
    for part in (len(body), len(body) // 2):  # all of it, and half
        with socket.create_connection((where.hostname, where.port)) as connection:
            head = (
                f"POST /gradio_api/run/read_photo HTTP/1.1\r\nHost: {where.netloc}\r\nContent-Length: {len(body)}\r\n"
            )
            connection.sendall(f"{head}Content-Type: application/json\r\n\r\n".encode() + body[:part])
    status, answer = run(page, "read_photo", data_uri(examples.group()))
    assert (status, len(answer["data"][0]["faces"])) == (200, 6)


def test_a_model_is_told_what_the_tools_do_and_what_they_want(page):
    tools = {tool.name: tool for tool in ask(page, lambda session: session.list_tools()).tools}
    assert set(tools) == set(TOOLS)
    for name, argument in TOOLS.items():
        schema = tools[name].inputSchema
        assert len(tools[name].description) > 100
        assert schema.get("required", []) == ([argument] if argument else [])
        for each in schema["properties"].values():
            assert {"type": "string"} in each["anyOf"] and each["description"]


def test_a_model_reads_a_photo_and_a_face_and_nothing_stays(page):
    async def work(session):
        photo = await session.call_tool("read_photo", {"photo": data_uri(examples.group())})
        return photo, await session.call_tool("read_face", {"face": data_uri(examples.cat())})

    before = page.files()
    photo, face = ask(page, work)
    assert not photo.isError and not face.isError
    assert len(json.loads(photo.content[0].text)["faces"]) == 6
    assert tuple(json.loads(face.content[0].text)["scores"]) == LABELS
    assert page.files() == before


def test_a_models_mistake_is_one_plain_line(page):
    answer = ask(page, lambda session: session.call_tool("read_photo", {"photo": "face.jpg"}))
    assert answer.isError
    assert "expected a file that was uploaded to this page" in answer.content[0].text
    assert "Traceback" not in answer.content[0].text


def test_the_model_says_what_it_is_and_what_was_not_measured(page, tiny_model):
    status, answer = run(page, "about_model")
    about = answer["data"][0]
    assert status == 200
    assert about["model"] == tiny_model.name and str(tiny_model) not in json.dumps(about)
    assert about["sha256"] == sha256_of(tiny_model / "model.safetensors")
    assert about["measured"] is None
    assert "not feelings" in about["use"]


def test_gradio_client_is_refused_plainly_too(page):
    client = Client(page.url, verbose=False)
    with pytest.raises(AppError, match="face: expected a file that was uploaded"):
        client.predict("face.jpg", api_name="/read_face")
    client.close()


def test_each_request_is_one_line_in_the_log_which_names_nobody(page, caplog):
    caplog.set_level("INFO", "fer_hf.web")
    (path,) = upload(page, examples.cat(), "my-secret.jpg")
    assert run(page, "read_photo", path)[0] == 200
    assert run(page, "read_photo", "my-secret.jpg")[0] == 422
    lines = [record.getMessage() for record in caplog.records]
    answers = [re.sub(r"\d+ ms", "N ms", line) for line in lines if "/run/" in line]
    assert answers == [f"POST /gradio_api/run/read_photo {status} N ms" for status in (200, 422)]
    assert not any("secret" in line for line in lines)


@pytest.fixture
def own_files(tmp_path, monkeypatch):
    """What the examples on the page and in README read."""
    examples.group().save(tmp_path / "party.jpg")
    examples.astronaut().crop((180, 40, 290, 190)).save(tmp_path / "face.jpg")
    monkeypatch.chdir(tmp_path)


def test_the_example_for_gradio_client_works(page, own_files):
    lines = (
        PROGRAMS["gradio_client"]
        .replace("{address}", page.url)
        .replace("page.predict(", "answers.append(page.predict(")
    )
    scope = {"answers": []}
    exec("\n".join(f"{line})" if line.startswith("answers") else line for line in lines.splitlines()), scope)
    scope["page"].close()
    photo, face = scope["answers"]
    assert (photo["file"], len(photo["faces"]), face["file"]) == ("party.jpg", 6, "face.jpg")


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_example_for_curl_works(page, own_files):
    command = PROGRAMS["curl"].replace("{address}", page.url)
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, timeout=120)
    (answer,) = json.loads(done.stdout)["data"]
    assert (answer["file"], len(answer["faces"])) == ("party.jpg", 6)


def test_health_says_that_the_page_runs_and_with_what(page, tiny_model):
    with urllib.request.urlopen(f"{page.url}health", timeout=60) as answer:
        health = json.load(answer)
    assert health == {
        "status": "ok",
        "model": tiny_model.name,
        "sha256": sha256_of(tiny_model / "model.safetensors"),
        "version": __version__,
    }


def test_a_request_that_is_too_large_is_refused_before_it_is_sent(page):
    connection = http.client.HTTPConnection(urlsplit(page.url).netloc, timeout=60)
    connection.putrequest("POST", "/gradio_api/run/read_photo")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", str(2**30))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()
