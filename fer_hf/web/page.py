"""The page: its heading, its tabs and its endpoints, once in each language."""

from collections.abc import Callable

import gradio as gr

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.api import add_endpoints
from fer_hf.web.components.masthead import Masthead
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS, Text
from fer_hf.web.limits import READERS
from fer_hf.web.tabs import about, live, many, photo, video
from fer_hf.web.temp_files import AGE, FREQUENCY, Uploads, fetch_nothing

WAITING = 32  # requests in the queue; the next person is asked to come back


def build_page(analyzer: FaceAnalyzer, uploads: Uploads) -> gr.Blocks:
    """The page with all its tabs, ready to launch: English at /, another language at /de and the like."""
    fetch_nothing()
    page = gr.Blocks(title=TEXT["title"], analytics_enabled=False, delete_cache=(FREQUENCY, AGE))
    with page:
        _tabs(analyzer, TEXT, uploads)
        add_endpoints(analyzer, uploads)
        page.unload(_forgetting(page, uploads))
    for language in LANGUAGES[1:]:
        with page.route(TEXTS[language]["language"], _path(language), show_in_navbar=False):
            _tabs(analyzer, TEXTS[language], uploads)
    return page.queue(max_size=WAITING, default_concurrency_limit=READERS)


def _tabs(analyzer: FaceAnalyzer, text: Text, uploads: Uploads) -> None:
    Masthead(text)
    with gr.Tab(text["photo_tab"]):
        photo.build(analyzer, text)
    with gr.Tab(text["live_tab"]):
        live.build(text)
    with gr.Tab(text["video_tab"]):
        video.build(analyzer, text, uploads)
    with gr.Tab(text["many_tab"]):
        many.build(analyzer, text, uploads)
    with gr.Tab(text["about_tab"]):
        about.build(analyzer, text)


def _forgetting(page: gr.Blocks, uploads: Uploads) -> Callable[[gr.Request], None]:
    """What is done when a visitor leaves, whatever the language."""

    def forget(request: gr.Request) -> None:
        uploads.forget(request.session_hash)
        page.state_holder.session_data.pop(request.session_hash, None)  # it holds the last answer

    return forget


def _path(language: str) -> str:
    return "/" if language == LANGUAGES[0] else f"/{language}"
