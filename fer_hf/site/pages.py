"""The HTML of the static page, in one language: the same components and texts as the page with a server."""

import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.components import live, photo
from fer_hf.web.components.about import about_html
from fer_hf.web.components.base import expressions, render
from fer_hf.web.components.data_url import jpeg_url
from fer_hf.web.i18n import LANGUAGES, TEXTS, Text, on_device
from fer_hf.web.limits import MAX_PIXELS, MEGABYTES
from fer_hf.web.model_info import read_model_info
from fer_hf.web.tabs.photo import DRAWN_PIXELS, EXAMPLE_PIXELS, EXAMPLES, first_answer

OF_OTHER_TABS = ("about_", "live_", "video_", "batch_")  # beginnings of the names of their texts
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
    text = on_device(text)
    text = text | {"privacy": text["privacy"].format(megabytes=megabytes)}
    return _templates.get_template("index.html.jinja").render(
        text=text,
        policy="; ".join(f"{name} {sources}" for name, sources in POLICY.items()),
        base="./" if text["code"] == LANGUAGES[0] else "../",
        parts={"photo": photo_part(analyzer, text), "live": live.live_html(text), "about": about_part(analyzer, text)},
        masthead=masthead_part(text),
        props={
            "masthead": masthead_props(text),
            "photo": photo.script_settings(text),
            "live": {"settings": live.script_settings(text, analyzer.neutral_logits is not None)},
            "device": device_props(text),
        },
    )


def masthead_part(text: Text) -> str:
    """The heading, with links to the other languages."""
    paths = {language: "/" if language == LANGUAGES[0] else f"/{language}/" for language in LANGUAGES}
    return render("masthead/masthead.html", text=text, texts=TEXTS, paths=paths)


def photo_part(analyzer: FaceAnalyzer, text: Text) -> str:
    """The Photo tab, which opens with an example and its answer."""
    examples = {name: jpeg_url(make(), EXAMPLE_PIXELS) for name, make in EXAMPLES.items()}
    first = photo.photo_html(*first_answer(analyzer), (), text, server=False)
    return photo.picker_html(text, examples, first)


def about_part(analyzer: FaceAnalyzer, text: Text) -> str:
    """The About tab, without what is said of a server."""
    known = read_model_info(analyzer)
    return about_html(known, analyzer.unsure_below, text, analyzer.unsure_limits, on_device=True)


def masthead_props(text: Text) -> dict[str, Any]:
    return {"language": text["code"], "title": text["title"], "warning": text["languages_warning"]}


def device_props(text: Text) -> dict[str, Any]:
    """What the script needs that reads in the place of a server: words, colours, sizes."""
    return {
        "text": {
            key: value for key, value in text.items() if not key.startswith(("about_", "live_", "video_", "batch_"))
        },
        "expressions": expressions(text),
        "largest": {
            "megabytes": MEGABYTES,
            "photo": photo.PHOTO_PIXELS,
            "crop": photo.CROP_PIXELS,
            "drawn": DRAWN_PIXELS,
            "read": MAX_PIXELS,
        },
        "crowd": photo.CROWD,
    }


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
