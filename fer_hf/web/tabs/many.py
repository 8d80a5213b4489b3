"""The Many photos tab: photos and zip archives go in; a gallery of all faces, counts, CSV and JSON come out.

The files lie on the disk until they have been read; nothing else of them does.
"""

from collections.abc import Iterator

import gradio as gr

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.batch import BatchProgress, analyze_files
from fer_hf.web.components.gallery import gallery_html
from fer_hf.web.components.markup import message_html
from fer_hf.web.components.work_markup import sender_html, wait_html, working_html
from fer_hf.web.i18n import Text
from fer_hf.web.jobs import Line, Stopped, Wait
from fer_hf.web.limits import MAX_PIXELS, UPLOAD_MEGABYTES, opened, sent_uploads
from fer_hf.web.service import Service
from fer_hf.web.temp_files import Uploads
from fer_hf.web.theme import script

PHOTOS = 200
SECONDS = 600  # what has not been read by then is listed as a failure
LINE = Line(seats=1)
CROWD = 8  # people in the line; others wait until their request is taken at all


def build(service: Service, text: Text) -> None:
    """The place to send photos from, and the place where the gallery comes."""
    analyzer, uploads = service.analyzer, service.uploads
    source = gr.HTML(html_template=_source(text), js_on_load=script("sender"), apply_default_css=False)
    answer = gr.HTML(
        message_html(text["many_nothing_yet"]),
        js_on_load=script("work"),
        apply_default_css=False,
        elem_id="many-reading",
    )

    def read(event: gr.EventData, request: gr.Request) -> Iterator[str]:
        yield from _read(analyzer, uploads, request.session_hash, event._data, text)

    def stop(request: gr.Request) -> None:
        LINE.leave(request.session_hash)

    source.upload(
        read,
        None,
        answer,
        api_visibility="private",
        show_progress="hidden",
        trigger_mode="multiple",  # other photos replace those that are being read
        concurrency_id="many",
        concurrency_limit=CROWD,
    )
    answer.stop(stop, None, None, api_visibility="private", queue=False)


def _read(analyzer: FaceAnalyzer, uploads: Uploads, session: str, sent: dict, text: Text) -> Iterator[str]:
    """What is shown, one after the other."""
    files = {}
    try:
        files = sent_uploads(sent, uploads, session, text)
        if sum(path.stat().st_size for path in files) > UPLOAD_MEGABYTES * 2**20:
            raise FerError(text["many_too_large"].format(megabytes=UPLOAD_MEGABYTES))
        yield working_html(text["many_unpacking"], None, None, text)
        for step in LINE.work(session, analyze_files(analyzer, files, opened, PHOTOS, SECONDS)):
            uploads.keep(files)
            yield _shown(step, text)
    except Stopped:
        yield message_html(text["work_stopped"])
    except FerError as error:
        yield message_html(error.message(text["code"]), text["many_problem"], "problem")
    finally:
        uploads.drop(session, files)


def _shown(step: Wait | BatchProgress, text: Text) -> str:
    if isinstance(step, Wait):
        return wait_html(step, text)
    if step.result is None:
        words = text["many_reading"].format(done=min(step.done + 1, step.total), total=step.total)
        return working_html(words, step.done / step.total, step.left, text)
    return gallery_html(step.result, text)


def _source(text: Text) -> str:
    minutes, pixels = SECONDS // 60, MAX_PIXELS // 10**6
    return sender_html(
        text,
        choose=text["many_choose"],
        limits=text["many_limits"].format(photos=PHOTOS, megabytes=UPLOAD_MEGABYTES, pixels=pixels, minutes=minutes),
        accept="image/*,.heic,.heif,.avif,.zip,application/zip",
        large=text["many_too_large"].format(megabytes=UPLOAD_MEGABYTES),
        megabytes=UPLOAD_MEGABYTES,
        files=PHOTOS,
        many=text["many_too_many"].format(photos=PHOTOS),
    )
