"""The page: its tabs, its one endpoint for programs, and what each does with a photo."""

import base64
import binascii
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from html import escape
from pathlib import Path
from threading import Lock

import gradio as gr
from PIL import Image

from fer_hf import examples
from fer_hf.errors import FerError
from fer_hf.markup import data_uri, message_html, reading_html
from fer_hf.photos import open_photo
from fer_hf.predict import Reader
from fer_hf.texts import TEXT
from fer_hf.uploads import AGE, FREQUENCY, Uploads

MEGABYTES = 20  # the largest photo that the page and the endpoint take
MAX_PIXELS = 50_000_000  # of a photo: what phones take; opening one needs up to eight bytes a pixel
BIG_PIXELS = 16_000_000
READERS = 2  # photos read at the same time: a heavy one leaves room for another
WAITING = 32  # photos in the queue; the next person is asked to come back
EXAMPLES = {"astronaut": examples.astronaut, "group": examples.group, "cat": examples.cat}
EXAMPLE_PIXELS = 960
WEB = Path(__file__).parent / "web"

# Always the same threads: each new one that reads would cost memory of its own, in PyTorch, OpenCV and malloc.
_READING = ThreadPoolExecutor(READERS, "reading")
_OPENING = Lock()


def build_page(reader: Reader, uploads: Uploads) -> gr.Blocks:
    """The page with all its tabs, ready to launch."""
    with gr.Blocks(title=TEXT["title"], analytics_enabled=False, delete_cache=(FREQUENCY, AGE)) as page:
        gr.HTML(_masthead(), apply_default_css=False)
        with gr.Tab(TEXT["photo_tab"]):
            _photo_tab(reader)
        with gr.Tab(TEXT["webcam_tab"]):
            _webcam_tab(reader)
        _endpoint(reader, uploads)

        def forget(request: gr.Request) -> None:
            uploads.forget(request.session_hash)
            page.state_holder.session_data.pop(request.session_hash, None)  # it holds the last answer

        page.unload(forget)
    return page.queue(max_size=WAITING, default_concurrency_limit=READERS)


def _masthead() -> str:
    return (
        f'<header class="masthead"><h1>{escape(TEXT["title"])}</h1><p class="lead">{escape(TEXT["lead"])}</p>'
        f'<p class="notice"><strong>{escape(TEXT["notice"])}</strong> {escape(TEXT["privacy"])}</p></header>'
    )


def _photo_tab(reader: Reader) -> None:
    picker = gr.HTML(html_template=_picker(), js_on_load=_script("picker"), apply_default_css=False, elem_id="picker")
    _show_reading(reader, picker, TEXT["nothing_yet"], "reading")


def _webcam_tab(reader: Reader) -> None:
    camera = gr.HTML(html_template=_camera(), js_on_load=_script("camera"), apply_default_css=False, elem_id="camera")
    _show_reading(reader, camera, TEXT["webcam_nothing_yet"], "webcam-reading")


def _show_reading(reader: Reader, source: gr.HTML, hint: str, elem_id: str) -> None:
    """Read each photo that `source` sends and show the answer below it."""
    answer = gr.HTML(message_html(hint), js_on_load=_script("reading"), apply_default_css=False, elem_id=elem_id)

    def read(event: gr.EventData) -> str:
        try:
            return _READING.submit(_answer, reader, _sent_file(event._data)).result()
        except FerError as error:
            return message_html(str(error), TEXT["problem"], "problem")

    source.upload(read, None, answer, api_visibility="private", concurrency_id="read", concurrency_limit=READERS)


def _sent_file(sent: dict) -> io.BytesIO:
    """The file that the browser sent as {"name", "data": a `data:` address}, or {"name", "size"} of one too large.

    Raises:
        FerError: it is too large, or what came is no file.
    """
    name, data = str(sent.get("name") or TEXT["photo"])[:200], sent.get("data")
    if "size" in sent or (isinstance(data, str) and len(data) > MEGABYTES * 2**20 * 4 / 3 + 200):
        raise FerError(TEXT["too_large"].format(name=name, megabytes=MEGABYTES))
    try:
        return _named(base64.b64decode(data.partition(",")[2], validate=True), name)
    except (AttributeError, binascii.Error) as error:
        raise FerError(TEXT["not_received"]) from error


def _answer(reader: Reader, file: io.BytesIO) -> str:
    with _opened(file) as photo:
        return reading_html(photo, reader.read(photo))


def _json(reader: Reader, file: io.BytesIO) -> dict:
    with _opened(file) as photo:
        return reader.read(photo).to_json(file.name)


@contextmanager
def _opened(file: io.BytesIO) -> Iterator[Image.Image]:
    """Open a photo. One is opened at a time, and a big one is alone until it is done with: that bounds the memory."""
    with ExitStack() as alone:
        alone.enter_context(_OPENING)
        photo = open_photo(file, MAX_PIXELS)
        if photo.width * photo.height <= BIG_PIXELS:
            alone.close()
        yield photo


def _named(data: bytes, name: str) -> io.BytesIO:
    """Bytes as a file with a name for messages."""
    file = io.BytesIO(data)
    file.name = name
    return file


def _endpoint(reader: Reader, uploads: Uploads) -> None:
    """`/read_photo` for programs: a photo in, the JSON of `python -m fer_hf predict --json` out."""

    def read_photo(photo: dict | None, request: gr.Request) -> dict:
        try:
            return _read_upload(reader, uploads, photo, request.session_hash)
        except FerError as error:
            raise gr.Error(str(error), title=TEXT["problem"], print_exception=False) from None

    file = gr.File(label="photo", visible=False)
    file.upload(
        read_photo,
        file,
        gr.JSON(label="reading", visible=False),
        preprocess=False,  # gr.File's leaves an empty file behind; that the path is an upload has been checked before
        api_name="read_photo",
        api_description=TEXT["api"],
        concurrency_id="read",
        concurrency_limit=READERS,
    )


def _read_upload(reader: Reader, uploads: Uploads, sent: dict | None, session: str) -> dict:
    """Read a file that Gradio has put among the uploads, and note whose it is."""
    if sent is None:
        raise FerError(TEXT["no_file"])
    path = Path(sent["path"])
    name = Path(sent.get("orig_name") or path).name
    uploads.add(session, path)
    try:
        data = path.read_bytes()
    except OSError as error:  # another session with the same photo has just ended, or the upload waited too long
        raise FerError(TEXT["not_received"]) from error
    return _READING.submit(_json, reader, _named(data, name)).result()


def _picker() -> str:
    """The place to choose, drop or paste a photo. An example's button holds the whole example."""
    more = TEXT["choose_more"].format(megabytes=MEGABYTES)
    return (
        f'<div class="picker" data-bytes="{MEGABYTES * 2**20}"><div>'
        f'<label><input type="file" accept="image/*,.heic,.heif,.avif"><span class="choose">{escape(TEXT["choose"])}'
        f"</span></label><p>{escape(more)}</p></div>"
        f'<div class="examples"><span>{escape(TEXT["examples"])}</span>{"".join(map(_example, EXAMPLES))}</div></div>'
        f'<p class="credit">{escape(TEXT["credit"])}</p>'
    )


def _example(name: str) -> str:
    caption = escape(TEXT[f"example_{name}"])
    picture = data_uri(EXAMPLES[name](), EXAMPLE_PIXELS)
    return f'<button type="button" class="example" title="{caption}"><img src="{picture}" alt="{caption}"></button>'


def _camera() -> str:
    messages = " ".join(
        f'data-{key}="{escape(TEXT[f"camera_{key}"])}"' for key in ("idle", "denied", "absent", "photo")
    )
    buttons = "".join(
        f'<button type="button" data-do="{name}"{hidden}>{escape(TEXT[f"camera_{name}"])}</button>'
        for name, hidden in (("start", ""), ("take", " hidden"), ("stop", " hidden"))
    )
    view, mirror, idle = (escape(TEXT[f"camera_{key}"]) for key in ("view", "mirror", "idle"))
    return (
        f'<div class="camera" {messages}><video class="mirrored" muted playsinline aria-label="{view}"></video>'
        f'<div class="row">{buttons}<label><input type="checkbox" checked>{mirror}</label></div>'
        f'<p class="status" role="status">{idle}</p></div>'
    )


def _script(name: str) -> str:
    return (WEB / f"{name}.js").read_text(encoding="utf-8")
