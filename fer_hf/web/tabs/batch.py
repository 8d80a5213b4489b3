"""The tab of many photos: photos and zip archives go in; a gallery of all faces, counts, CSV and JSON come out.

The files lie on the disk until they have been read; nothing else of them does.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.batch import BatchProgress, analyze_files
from fer_hf.web.components.batch import Batch, batch_answer, preview
from fer_hf.web.components.job import progress
from fer_hf.web.i18n import Text
from fer_hf.web.limits import MAX_PIXELS, UPLOAD_MEGABYTES, opened
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads

PHOTOS = 200
SECONDS = 600  # what has not been read by then is listed as a failure
KINDS = "image/*,.heic,.heif,.avif,.zip,application/zip"


def build(service: Service, text: Text) -> None:
    """The tab."""
    limits = {"photos": PHOTOS, "megabytes": UPLOAD_MEGABYTES, "pixels": MAX_PIXELS // 10**6, "minutes": SECONDS // 60}
    Batch(
        "batch",
        text,
        service.batches,
        service.uploads,
        read=lambda job, files: read(service.analyzer_for_many, service.uploads, job, files, text),
        limits=text["batch_limits"].format(**limits),
        accept=KINDS,
        files=PHOTOS,
    )


def read(
    analyzer: FaceAnalyzer, uploads: Uploads, job: str, files: dict[Path, str], text: Text
) -> Generator[dict, None, None]:
    """How far the reading of a job's files is, and at last the answer."""
    previews: list[str] = []

    @contextmanager
    def opening(file: BinaryIO | Path) -> Iterator[Image.Image]:
        """Open a photo, and when it has been read keep a small copy for the gallery."""
        with opened(file) as photo:
            yield photo
            previews.append(preview(photo))

    try:
        if sum(path.stat().st_size for path in files) > UPLOAD_MEGABYTES * 2**20:
            raise FerError("uploads_too_large", megabytes=UPLOAD_MEGABYTES)
        yield progress(text["batch_unpacking"], None, None, text)
        for step in analyze_files(analyzer, files, opening, PHOTOS, SECONDS):
            yield _shown(step, previews, text)
    finally:
        uploads.drop(job, files)


def _shown(step: BatchProgress, previews: list[str], text: Text) -> dict:
    if step.result is None:
        words = text["batch_reading"].format(done=min(step.done + 1, step.total), total=step.total)
        return progress(words, step.done / step.total, step.left, text)
    return batch_answer(step.result, previews, text)
