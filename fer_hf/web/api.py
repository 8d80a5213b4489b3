"""What programs may ask of the page: by `gradio_client`, with curl, or as a model's tools (MCP).

A picture comes as a file that was uploaded to this page, or within the request as a `data:` address. An address
elsewhere is refused: the page asks no other host for anything. The answer is plain values, never a picture.
"""

import asyncio
import base64
import binascii
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import gradio as gr
import httpx
from gradio.data_classes import GradioRootModel
from starlette.types import ASGIApp

from fer_hf.errors import FerError
from fer_hf.evaluation.model_metadata import own_part
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.unsure import REASONS
from fer_hf.labels import LABELS
from fer_hf.web.limits import MEGABYTES, in_turn_if_room, named_file, opened
from fer_hf.web.model_info import read_model_info
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads

LONGEST = MEGABYTES * 2**20 * 4 // 3 + 200  # letters of a `data:` address
DISPLACE = "displace"  # the endpoint of `_displace`
IDLE = 10.0  # seconds after which the queue is made to forget a photo
PROBLEM = "This picture could not be read"

_DISPLACING: set[asyncio.Task] = set()  # the event loop itself does not keep its tasks

KINDS = f"JPEG, PNG, WebP, HEIC, AVIF and more, at most {MEGABYTES} MB"
READ_PHOTO = (
    f"Find the faces in a photo ({KINDS}) and read the facial expression of each. Returns file, width, height and "
    "faces, largest first: box [x1, y1, x2, y2] in pixels of the upright photo; label, the best of seven expressions; "
    "confidence, its calibrated score; unsure, the two best labels where the confidence is too low to name one, or the "
    f"face too hard to read, else empty; unsure_because, why it is hard to read ({', '.join(REASONS)}); pose, how the "
    "head is turned: turn, the tip of the nose's distance from the middle of the eyes in eye distances, and roll, in "
    f"degrees; scores of {', '.join(LABELS)}, whose sum is 1. It reads expressions, not feelings."
)
READ_FACE = (
    f"Read the facial expression in a picture ({KINDS}) that already is one face, framed closely from chin to "
    "forehead; no face is looked for. Returns label, confidence, unsure, unsure_because and scores, as read_photo does "
    "for each face."
)
ABOUT_MODEL = (
    "What the model behind read_photo and read_face is, how well it was measured to read, and what it must not be used "
    "for. Ask it before you tell anyone how far an answer can be trusted."
)
USE = (
    "It reads expressions, not feelings. In the EU, inferring emotions at work and in education is unlawful (AI Act, "
    "Art. 5(1)(f)), and people must be told where it is used on them (Art. 50(3)). Decide nothing about anyone with it."
)


class FileSent(GradioRootModel):
    """A picture as a program sends it."""

    root: Any

    def model_dump(self, **options: Any) -> None:
        """Nothing: this is what Gradio remembers of a session's last request, possibly for hours."""


class File(gr.Textbox):
    """The argument of an endpoint: an upload's address, a file as gradio_client sends it, or a `data:` address.

    Gradio's own components remember what was sent, and download a file that is an address elsewhere.
    """

    data_model = FileSent

    def preprocess(self, payload: FileSent | None) -> Any:
        return payload and payload.root

    async def async_move_resource_to_block_cache(self, url_or_file_path: str | Path | None) -> str | None:
        if "://" in str(url_or_file_path):
            raise gr.Error(str(FerError("no_addresses")), title=PROBLEM, print_exception=False)
        return await super().async_move_resource_to_block_cache(url_or_file_path)

    def api_info(self) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, {"type": "object"}]}

    def example_payload(self) -> dict[str, Any]:
        """The API panel makes `handle_file('photo.jpg')` of it."""
        return {"path": "photo.jpg", "url": "photo.jpg", "meta": {"_type": "gradio.FileData"}}


def add_endpoints(service: Service) -> None:
    """`/read_photo`, `/read_face` and `/about_model`.

    MCP shows a model the functions' names and what their docstrings say of the arguments.
    """

    async def read_photo(photo: str, request: gr.Request) -> dict:
        """
        Args:
            photo: address of a picture that was uploaded to this page, or the picture as a data: address with base64
        """
        return await _for_gradio(service, "read_photo", photo, request)

    async def read_face(face: str, request: gr.Request) -> dict:
        """
        Args:
            face: address of a picture that was uploaded to this page, or the picture as a data: address with base64
        """
        return await _for_gradio(service, "read_face", face, request)

    async def about_model(request: gr.Request) -> dict:
        return _for_caller(about(service.analyzer), request)

    _add(read_photo, READ_PHOTO, File(label="photo", visible=False))
    _add(read_face, READ_FACE, File(label="face", visible=False))
    _add(about_model, ABOUT_MODEL)
    gr.Button(visible=False).click(_wait, api_name=DISPLACE, api_visibility="undocumented")


def _add(function: Callable, description: str, *inputs: File) -> None:
    gr.Button(visible=False).click(
        function,
        inputs,
        gr.JSON(visible=False),
        api_name=function.__name__,
        api_description=description,
        postprocess=False,
        show_progress="hidden",
        concurrency_limit=None,
        # What gradio_client sends goes through the queue all the same. Without this, MCP would too, by a client inside
        # the server whose session never ends.
        queue=False,
    )


async def _for_gradio(service: Service, name: str, sent: object, request: gr.Request) -> dict | str:
    """The answer to gradio_client, to a request in two parts, or to MCP.

    Raises:
        gr.Error: it is no picture, or too many wait; one plain line.
    """
    try:
        return _for_caller(await answer(service, name, sent, _session(request)), request)
    except FerError as error:
        raise gr.Error(str(error), title=PROBLEM, print_exception=False) from None
    finally:
        if _session(request) is not None and _is_data(sent):
            task = asyncio.create_task(_displace(request.request.app))
            _DISPLACING.add(task)
            task.add_done_callback(_DISPLACING.discard)


async def answer(service: Service, name: str, sent: object, session: str | None = None) -> dict:
    """Have a picture read, in turn, as the endpoint `name` does.

    Raises:
        FerError: it is no picture, or too many wait.
    """
    argument, read = READERS[name]

    def work() -> dict:
        file = _sent_data(argument, sent) if _is_data(sent) else _upload(service.uploads, argument, sent, session)
        return read(service.analyzer, file)

    return await in_turn_if_room(work)


async def _wait() -> None:
    """Long enough for every part of the queue to notice."""
    await asyncio.sleep(0.5)


async def _displace(app: ASGIApp) -> None:
    """Send another request through Gradio's queue, which refers to its last one, with the photo in it, until then."""
    await asyncio.sleep(IDLE)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
        await client.post(f"/gradio_api/call/{DISPLACE}", json={"data": []})


def _upload(uploads: Uploads, name: str, sent: object, session: str | None) -> io.BytesIO:
    """A file that Gradio has put among the uploads; its session takes it along when it ends."""
    address = sent.get("path") if isinstance(sent, dict) else sent
    if not isinstance(address, str) or not address:
        raise FerError("picture_not_sent", name, sent=_shown(sent))
    path = Path(unquote(address.rpartition("/file=")[2]).replace("\0", "")).resolve()
    if not path.is_relative_to(uploads.folder.resolve()):
        raise FerError("upload_expected", name, sent=_shown(address))
    if session is not None:
        uploads.add(session, path)
    shown = _file_name(sent, path)
    try:
        if path.stat().st_size > MEGABYTES * 2**20:
            raise FerError("file_too_large", shown, megabytes=MEGABYTES)
        return named_file(path.read_bytes(), shown)
    except OSError as error:  # another session with the same photo has just ended, or the upload waited too long
        raise FerError("upload_gone", name) from error


def _file_name(sent: object, path: Path) -> str:
    """What the sender calls the file, without folders, for the answer and for messages."""
    name = sent.get("orig_name") if isinstance(sent, dict) else None
    return Path(str(name)[-200:]).name if name else path.name


def _is_data(sent: object) -> bool:
    return isinstance(sent, str) and sent[:5].lower() == "data:"


def _sent_data(name: str, sent: str) -> io.BytesIO:
    if len(sent) > LONGEST:
        raise FerError("file_too_large", name, megabytes=MEGABYTES)
    head, comma, data = sent.partition(",")
    try:
        if not comma or not head.lower().endswith(";base64"):
            raise ValueError
        return named_file(base64.b64decode(data, validate=True), name)
    except (ValueError, binascii.Error) as error:
        raise FerError("data_address_expected", name) from error


def _read_photo(analyzer: FaceAnalyzer, file: io.BytesIO) -> dict:
    with opened(file) as photo:
        return analyzer.analyze(photo).to_dict(file.name)


def _read_face(analyzer: FaceAnalyzer, file: io.BytesIO) -> dict:
    with opened(file) as crop:
        (face,) = analyzer.analyze_crop(crop).to_dict(file.name)["faces"]
    return {
        "file": file.name,
        **{key: face[key] for key in ("label", "confidence", "unsure", "unsure_because", "scores")},
    }


READERS = {"read_photo": ("photo", _read_photo), "read_face": ("face", _read_face)}  # endpoint: argument, work
ENDPOINTS = (*READERS, "about_model")


def about(analyzer: FaceAnalyzer) -> dict:
    """What is known of the model, as plain values; None where nothing was measured."""
    known = read_model_info(analyzer)
    measured = known.results and own_part(known.results)
    return {
        "model": known.name,
        "sha256": known.sha256,
        "labels": list(LABELS),
        "unsure_below": analyzer.unsure_below,
        "unsure_limits": analyzer.unsure_limits._asdict(),
        "measured": measured
        and {
            "split": "FER2013's PrivateTest" if known.results["private_test"] else known.results["split"],
            "truth": "FER+ majority" if known.results.get("truth") == "ferplus" else "label",
            **{key: measured[key] for key in ("n", "accuracy", "macro_f1", "ece", "ece_floor", "coverage_80")},
            "accuracy_interval_95": measured["interval_95"]["accuracy"],
            "f1": {label: measured["per_class"][label]["f1"] for label in LABELS},
        },
        "use": USE,
    }


def _session(request: gr.Request) -> str | None:
    """Gradio's session; MCP has none and hands over the plain HTTP request."""
    return request.session_hash if isinstance(request, gr.Request) else None


def _for_caller(answer: dict, request: gr.Request) -> dict | str:
    """The answer as it is; for MCP as JSON, where Gradio would write it as Python does."""
    return answer if isinstance(request, gr.Request) else json.dumps(answer, ensure_ascii=False)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
