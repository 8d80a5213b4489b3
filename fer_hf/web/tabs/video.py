"""The Video tab: a video goes in; the faces' timeline, a copy with the faces marked and a table come out.

What has to lie on the disk lies there for as long as it is needed: the video until it has been read, the marked copy
until the browser has fetched it.
"""

import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.timeline import Sample
from fer_hf.inference.video import MAX_SIDE, VideoProgress, analyze_video
from fer_hf.io import percent
from fer_hf.web.components.job import progress
from fer_hf.web.components.video import Video, video_answer
from fer_hf.web.i18n import Text
from fer_hf.web.limits import UPLOAD_MEGABYTES
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads

SECONDS = 120  # that are read; a longer video is read so far
EVERY = 0.2  # seconds between two readings
KINDS = "video/mp4,video/webm,video/quicktime,.mp4,.webm,.mov,.m4v"


def build(service: Service, text: Text) -> None:
    """The tab."""
    limits = {"megabytes": UPLOAD_MEGABYTES, "minutes": SECONDS // 60, "times": round(1 / EVERY), "side": MAX_SIDE}
    Video(
        "video",
        text,
        service.videos,
        service.uploads,
        read=lambda job, files: read(service.analyzer_for_many, service.uploads, job, files, text),
        limits=text["video_limits"].format(**limits),
        accept=KINDS,
    )


def read(
    analyzer: FaceAnalyzer, uploads: Uploads, job: str, files: dict[Path, str], text: Text
) -> Generator[dict, None, None]:
    """How far the reading of a job's only file is, and at last the answer."""
    if len(files) != 1:
        uploads.drop(job, list(files))
        raise FerError("video_one_file", "video", count=len(files))
    ((path, name),) = files.items()
    target = Path(tempfile.mkdtemp(dir=uploads.folder)) / "faces.mp4"
    uploads.add(job, target)
    try:
        for step in analyze_video(analyzer, path, target, EVERY, SECONDS, _caption(text)):
            yield _shown(step, name, target, text)
    except FerError as error:
        raise FerError(error.code, name, **error.params) from error
    finally:
        uploads.drop(job, [path])


def _shown(step: VideoProgress, name: str, target: Path, text: Text) -> dict:
    if step.result is None:
        return progress(text["video_reading"].format(name=name), step.fraction, step.left, text)
    return video_answer(step.result, name, str(target), text)


def _caption(text: Text) -> Callable[[Sample], str]:
    """What stands at a face in the marked video, in the page's language."""

    def caption(sample: Sample) -> str:
        if sample.unsure:
            first, second = (text[label] for label in sample.unsure)
            return f"{sample.face} {text['either'].format(first=first, second=second)}"
        return f"{sample.face} {text[sample.label]} {percent(max(sample.scores))}"

    return caption
