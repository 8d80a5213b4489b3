"""What people send: limits on a photo, how it is opened, and who is read when."""

import asyncio
import base64
import io
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import BinaryIO, TypeVar

from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.image_io import open_photo
from fer_hf.io import printable
from fer_hf.web.temp_files import Uploads

MEGABYTES = 20  # the largest photo that the page and the endpoint take
UPLOAD_MEGABYTES = 100  # the largest file that is taken at all: a video, a zip of photos
MAX_PIXELS = 50_000_000  # of a photo: what phones take; opening one needs up to eight bytes per pixel
BIG_PIXELS = 16_000_000
READERS = 2  # threads that read: a heavy photo leaves room for another; more would only share the cores
WAITING = 32  # requests under way; the next visitor or program is asked to come back

Answer = TypeVar("Answer")

# One pool for photos, frames, videos and programs, and always the same threads: each new one that reads would cost
# memory of its own, in PyTorch, OpenCV and malloc.
_READING = ThreadPoolExecutor(READERS, "reading")
_PLACES = BoundedSemaphore(WAITING)
_OPENING = Lock()


def in_turn(work: Callable[..., Answer], *arguments: object) -> Answer:
    """Do what needs the model in one of the reading threads, as soon as one is free."""
    return _READING.submit(work, *arguments).result()


async def in_turn_async(work: Callable[..., Answer], *arguments: object) -> Answer:
    """The same, for callers that wait without holding a thread."""
    return await asyncio.wrap_future(_READING.submit(work, *arguments))


async def in_turn_if_room(work: Callable[..., Answer], *arguments: object) -> Answer:
    """The same, for requests whose number has no limit.

    Raises:
        FerError: too many are waiting already.
    """
    if not _PLACES.acquire(blocking=False):
        raise FerError("busy", waiting=WAITING)
    try:
        return await in_turn_async(work, *arguments)
    finally:
        _PLACES.release()


def sent_file(sent: dict) -> io.BytesIO:
    """The file that the browser sent as {"name", "data": a `data:` address}, or {"name", "size"} of one too large.

    Raises:
        FerError: it is too large, or what came is not a file.
    """
    if not isinstance(sent, dict):
        raise FerError("photo_incomplete")
    name, data = printable(str(sent.get("name") or "photo")[:200]), sent.get("data")
    if "size" in sent or (isinstance(data, str) and len(data) > MEGABYTES * 2**20 * 4 / 3 + 200):
        raise FerError("file_too_large", name, megabytes=MEGABYTES)
    try:
        return named_file(base64.b64decode(data.partition(",")[2], validate=True), name)
    except (AttributeError, ValueError) as error:
        raise FerError("photo_incomplete") from error


def sent_uploads(sent: dict, uploads: Uploads, job: str) -> dict[Path, str]:
    """The names of the files that the browser has uploaded for a job and sent as {"paths", "names"}, by their paths.

    Raises:
        FerError: they are not there.
    """
    try:
        pairs = list(zip(sent["paths"], sent["names"], strict=True))
    except (TypeError, KeyError, ValueError) as error:
        raise FerError("uploads_incomplete") from error
    files = {uploads.receive(job, path): printable(str(name)[:200]) for path, name in pairs}
    if None in files or not files:
        raise FerError("uploads_incomplete")
    return files


def named_file(data: bytes, name: str) -> io.BytesIO:
    """Bytes as a file with a name for messages."""
    file = io.BytesIO(data)
    file.name = name
    return file


@contextmanager
def opened(file: BinaryIO | Path) -> Iterator[Image.Image]:
    """Open a photo. One is opened at a time, and a big one stays alone until it has been read: this bounds memory."""
    with ExitStack() as alone:
        alone.enter_context(_OPENING)
        photo = open_photo(file, MAX_PIXELS)
        if photo.width * photo.height <= BIG_PIXELS:
            alone.close()
        yield photo
