"""What programs may ask of the page: one endpoint, by `gradio_client`, curl or any HTTP client."""

import io
from pathlib import Path

import gradio as gr

from fer_hf.errors import FerError
from fer_hf.intake import MEGABYTES, READERS, in_turn, named_file, opened
from fer_hf.predict import Reader
from fer_hf.uploads import Uploads

NO_FILE = "photo: expected a picture file, got nothing"
NOT_RECEIVED = "photo: the file did not arrive whole; send it again"
PROBLEM = "This photo could not be read"
READ_PHOTO = (
    f"Find and read the faces in a photo (JPEG, PNG, WebP, HEIC, AVIF and more, at most {MEGABYTES} MB). Returns file, "
    "width, height and faces, largest first: box [x1, y1, x2, y2] in pixels of the upright photo, label, confidence "
    "and the seven scores (angry, disgust, fear, happy, sad, surprise, neutral; their sum is 1)."
)


def add_endpoints(reader: Reader, uploads: Uploads) -> None:
    """`/read_photo`: a photo in, the JSON of `python -m fer_hf predict --json` out."""

    def read_photo(photo: dict | None, request: gr.Request) -> dict:
        try:
            return _read_upload(reader, uploads, photo, request.session_hash)
        except FerError as error:
            raise gr.Error(str(error), title=PROBLEM, print_exception=False) from None

    file = gr.File(label="photo", visible=False)
    file.upload(
        read_photo,
        file,
        gr.JSON(label="reading", visible=False),
        preprocess=False,  # gr.File's leaves an empty file behind; that the path is an upload has been checked before
        api_name="read_photo",
        api_description=READ_PHOTO,
        concurrency_id="read",
        concurrency_limit=READERS,
    )


def _read_upload(reader: Reader, uploads: Uploads, sent: dict | None, session: str) -> dict:
    """Read a file that Gradio has put among the uploads, and note whose it is."""
    if sent is None:
        raise FerError(NO_FILE)
    path = Path(sent["path"])
    name = Path(sent.get("orig_name") or path).name
    uploads.add(session, path)
    try:
        data = path.read_bytes()
    except OSError as error:  # another session with the same photo has just ended, or the upload waited too long
        raise FerError(NOT_RECEIVED) from error
    return in_turn(_json, reader, named_file(data, name))


def _json(reader: Reader, file: io.BytesIO) -> dict:
    with opened(file) as photo:
        return reader.read(photo).to_json(file.name)
