"""The page: its heading, its tabs and its endpoints, once in each language."""

from collections.abc import Callable, Mapping
from types import ModuleType

import gradio as gr

from fer_hf.web.api import add_endpoints
from fer_hf.web.components.masthead import Masthead
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS, Text
from fer_hf.web.limits import WAITING
from fer_hf.web.service import Service
from fer_hf.web.tabs import about, batch, live, photo, video
from fer_hf.web.temp_files import AGE, FREQUENCY

TABS = {"photo": photo, "live": live, "video": video, "batch": batch, "about": about}


def build_page(service: Service, tabs: Mapping[str, ModuleType] = TABS) -> gr.Blocks:
    """The page, ready to launch: English at /, another language at /de and the like.

    Args:
        tabs: modules whose `build(service, text)` lays out a tab, by the tab's name in the address: /#live.
    """
    page = gr.Blocks(title=TEXT["title"], analytics_enabled=False, delete_cache=(FREQUENCY, AGE))
    with page:
        _lay_out(service, TEXT, tabs)
        add_endpoints(service)
        page.unload(_forget_uploads(service))
    for language in LANGUAGES[1:]:
        with page.route(TEXTS[language]["language"], _path(language), show_in_navbar=False):
            _lay_out(service, TEXTS[language], tabs)
    # How much is read at once is decided in limits.py.
    return page.queue(max_size=WAITING, default_concurrency_limit=None)


def _lay_out(service: Service, text: Text, tabs: Mapping[str, ModuleType]) -> None:
    """The heading and the tabs, in one language."""
    Masthead(text)
    with gr.Tabs(overflow_behavior="wrap"):  # in a menu some would have no address
        for name, tab in tabs.items():
            with gr.Tab(text[f"{name}_tab"], id=name):
                tab.build(service, text)


def _forget_uploads(service: Service) -> Callable[[gr.Request], None]:
    """What is done when the session of a program or a visitor ends."""

    def forget(request: gr.Request) -> None:
        service.uploads.forget(request.session_hash)

    return forget


def _path(language: str) -> str:
    return "/" if language == LANGUAGES[0] else f"/{language}"
