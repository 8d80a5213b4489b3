"""The Video tab: a video goes in; the faces' timeline, a copy with the faces marked and a table come out.

What has to lie on the disk lies there for as long as it is needed: the video until it has been read, the marked copy
until the browser has fetched it.
"""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import gradio as gr

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.timeline import Sample
from fer_hf.inference.video import MAX_SIDE, VideoProgress, analyze_video
from fer_hf.labels import LABELS
from fer_hf.web.components.markup import message_html, percent
from fer_hf.web.components.timeline_markup import video_html
from fer_hf.web.components.work_markup import sender_html, wait_html, working_html
from fer_hf.web.i18n import Text
from fer_hf.web.jobs import Line, Stopped, Wait
from fer_hf.web.limits import UPLOAD_MEGABYTES, sent_uploads
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads
from fer_hf.web.theme import script

SECONDS = 120  # that are read; a longer video is read so far
EVERY = 0.2  # seconds between two readings
LINE = Line(seats=1)  # a video keeps a core busy for as long as it lasts
CROWD = 8  # people in the line; others wait until their request is taken at all


def build(service: Service, text: Text) -> None:
    """The place to send a video from, and the place where its timeline comes."""
    analyzer, uploads = service.analyzer, service.uploads
    source = gr.HTML(html_template=_source(text), js_on_load=script("sender"), apply_default_css=False)
    answer = gr.HTML(
        message_html(text["video_nothing_yet"]),
        js_on_load=script("work") + script("video"),
        apply_default_css=False,
        elem_id="video-reading",
    )

    def read(event: gr.EventData, request: gr.Request) -> Iterator[str]:
        yield from _read(analyzer, uploads, request.session_hash, event._data, text)

    def stop(request: gr.Request) -> None:
        LINE.leave(request.session_hash)

    def fetched(event: gr.EventData, request: gr.Request) -> None:
        uploads.drop(request.session_hash, [Path(str(event._data))])

    source.upload(
        read,
        None,
        answer,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="multiple",  # another video replaces the one that is being read
        concurrency_id="video",
        concurrency_limit=CROWD,
    )
    answer.stop(stop, None, None, api_visibility="private", queue=False)
    answer.download(fetched, None, None, api_visibility="private", queue=False)


def _read(analyzer: FaceAnalyzer, uploads: Uploads, session: str, sent: dict, text: Text) -> Iterator[str]:
    """What is shown, one after the other."""
    try:
        path, name = next(iter(sent_uploads(sent, uploads, session, text).items()))
        yield from _read_upload(analyzer, uploads, session, path, name, text)
    except Stopped:
        yield message_html(text["work_stopped"])
    except FerError as error:
        yield message_html(error.message(text["code"]), text["video_problem"], "problem")


def _read_upload(
    analyzer: FaceAnalyzer, uploads: Uploads, session: str, path: Path, name: str, text: Text
) -> Iterator[str]:
    target = Path(tempfile.mkdtemp(dir=uploads.folder)) / "faces.mp4"
    uploads.add(session, target)
    steps = analyze_video(analyzer, path, target, EVERY, SECONDS, _caption(analyzer, text))
    try:
        for step in LINE.work(session, steps):
            uploads.keep([path])
            yield _shown(step, name, target, text, analyzer.unsure_below)
    except FerError as error:
        raise FerError(error.code, name, **error.params) from error
    finally:
        uploads.drop(session, [path] if target.exists() else [path, target])


def _shown(step: Wait | VideoProgress, name: str, target: Path, text: Text, unsure_below: float) -> str:
    if isinstance(step, Wait):
        return wait_html(step, text)
    if step.result is None:
        return working_html(text["video_reading"].format(name=name), step.fraction, step.left, text)
    return video_html(step.result, name, str(target), text, unsure_below)


def _caption(analyzer: FaceAnalyzer, text: Text) -> Callable[[Sample], str]:
    """What stands at a face in the marked video, in the page's language."""

    def caption(sample: Sample) -> str:
        unsure = analyzer.unsure(dict(zip(LABELS, sample.scores, strict=True)))
        if unsure:
            first, second = (text[label] for label in unsure)
            return f"{sample.face} {text['either'].format(first=first, second=second)}"
        return f"{sample.face} {text[sample.label]} {percent(max(sample.scores))}"

    return caption


def _source(text: Text) -> str:
    limits = text["video_limits"].format(
        megabytes=UPLOAD_MEGABYTES, minutes=SECONDS // 60, times=round(1 / EVERY), side=MAX_SIDE
    )
    return sender_html(
        text,
        choose=text["video_choose"],
        limits=limits,
        accept="video/mp4,video/webm,video/quicktime,.mp4,.webm,.mov,.m4v",
        large=text["video_too_large"].format(name="{name}", megabytes=UPLOAD_MEGABYTES),
        megabytes=UPLOAD_MEGABYTES,
        many=text["video_too_many"],
    )
