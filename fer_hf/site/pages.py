"""The HTML of the static page, in one language: the same components and texts as the page with a server."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.components import live, masthead, photo
from fer_hf.web.components.about import about_html
from fer_hf.web.components.data_url import jpeg_url
from fer_hf.web.device import OnDevice
from fer_hf.web.i18n import LANGUAGES, Text, on_device
from fer_hf.web.model_info import read_model_info
from fer_hf.web.tabs.photo import EXAMPLE_PIXELS, EXAMPLES, first_answer

PARTS = ("masthead", "photo", "live", "about")  # components, in their order on the page
# No other host, no script but our files, no WebAssembly but theirs. Places and colours of boxes stand in the elements.
POLICY = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",
    "worker-src": "'self'",
    "connect-src": "'self' data:",
    "img-src": "'self' data: blob:",
    "media-src": "blob:",
    "style-src": "'self'",
    "style-src-attr": "'unsafe-inline'",
    "manifest-src": "'self'",
    "base-uri": "'self'",
    "form-action": "'none'",
}


def page_html(analyzer: FaceAnalyzer, text: Text, megabytes: int) -> str:
    """The whole page; numbers on About are those of the model that `analyzer` has.

    Args:
        megabytes: of what the first photo fetches.
    """
    text, device = on_device(text), OnDevice(megabytes, choice=False)
    text = text | {"privacy": text["privacy"].format(megabytes=megabytes)}
    paths = {language: "/" if language == LANGUAGES[0] else f"/{language}/" for language in LANGUAGES}
    return _templates.get_template("index.html.jinja").render(
        text=text,
        policy="; ".join(f"{name} {sources}" for name, sources in POLICY.items()),
        base="./" if text["code"] == LANGUAGES[0] else "../",
        parts={
            "photo": photo_part(analyzer, text, device),
            "live": live.live_html(text, device),
            "about": about_part(analyzer, text, device),
        },
        masthead=masthead.masthead_html(text, paths),
        props={
            "masthead": masthead.script_settings(text),
            "photo": photo.script_settings(text, device),
            "live": {"settings": live.script_settings(text, analyzer.neutral_logits is not None, device)},
        },
    )


def photo_part(analyzer: FaceAnalyzer, text: Text, device: OnDevice) -> str:
    """The Photo tab, which opens with an example and its answer."""
    examples = {name: jpeg_url(make(), EXAMPLE_PIXELS) for name, make in EXAMPLES.items()}
    first = photo.photo_html(*first_answer(analyzer), (), text, heat="")
    return photo.picker_html(text, examples, first, device)


def about_part(analyzer: FaceAnalyzer, text: Text, device: OnDevice) -> str:
    """The About tab, without what is said of a server."""
    known = read_model_info(analyzer)
    return about_html(known, analyzer.unsure_below, text, analyzer.unsure_limits, device)


def _json(value: Any) -> str:
    """JSON that cannot end the element that it stands in."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")


_templates = Environment(
    loader=FileSystemLoader(Path(__file__).parent),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.filters["as_json"] = _json
