"""The About tab: what this is, how well it was measured to read, what it cannot do, privacy, the law, and for programs.

Its numbers are read from the results files when the page starts; what was not measured of these weights is said so.
"""

from html import escape

import gradio as gr

from fer_hf.evaluation import model_metadata
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.components.numbers_markup import (
    calibration_svg,
    count,
    expressions_table,
    scores_table,
    share,
    table,
    troubles_table,
)
from fer_hf.web.i18n import Text
from fer_hf.web.limits import MEGABYTES
from fer_hf.web.model_info import Measured, measured
from fer_hf.web.temp_files import AGE, FREQUENCY
from fer_hf.web.theme import script

SECTIONS = ("what", "numbers", "limits", "law", "privacy", "programs", "licence")
MINUTES = (AGE + FREQUENCY) // 60  # after which an upload is gone at the latest
ADDRESS = '<span class="address">http://127.0.0.1:7860/</span>'  # web/about.js puts the page's own here
PYTHON = """\
from gradio_client import Client, handle_file

page = Client("{address}")
page.predict(handle_file("party.jpg"), api_name="/read_photo")
page.predict(handle_file("face.jpg"), api_name="/read_face")"""
CURL = """\
file=$(curl -s -F files=@party.jpg {address}gradio_api/upload)
curl -s -H "Content-Type: application/json" -d "{{\\"data\\": $file}}" {address}gradio_api/run/read_photo"""
MCP = """\
{{
  "mcpServers": {{
    "faces": {{ "url": "{address}gradio_api/mcp/" }},
    "upload": {{
      "command": "uvx",
      "args": ["--from", "gradio[mcp]", "gradio", "upload-mcp", "{address}", "FOLDER"]
    }}
  }}
}}"""


def build(analyzer: FaceAnalyzer, text: Text) -> None:
    """One page of text, no input."""
    html = about_html(measured(analyzer), analyzer.unsure_below, text)
    gr.HTML(html, js_on_load=script("about"), apply_default_css=False, elem_id="about")


def about_html(known: Measured, unsure_below: float, text: Text) -> str:
    """All sections; each has its title beside it, or above it on a phone."""
    contents = {
        "what": _what(known, unsure_below, text),
        "numbers": _numbers(known, text),
        "limits": _list(text, *_limits(known, text)),
        "law": _list(text, "about_law_banned", "about_law_tell", "about_law_judge"),
        "privacy": _privacy(text),
        "programs": _programs(text),
        "licence": _paragraphs(text, "about_licence_code", _licence(known)),
    }
    sections = "".join(
        f'<section aria-labelledby="about-{name}"><h2 id="about-{name}">{escape(text[f"about_{name}"])}</h2>'
        f"<div>{contents[name]}</div></section>"
        for name in SECTIONS
    )
    return f'<article class="about">{sections}</article>'


def _paragraphs(text: Text, *keys: str, **values: str) -> str:
    return "".join(f"<p>{escape(text[key].format(**values))}</p>" for key in keys)


def _list(text: Text, *keys: str, **values: str) -> str:
    return f"<ul>{''.join(f'<li>{escape(text[key].format(**values))}</li>' for key in keys)}</ul>"


def _what(known: Measured, unsure_below: float, text: Text) -> str:
    training = known.training or {}
    keys = ["about_what_1", "about_what_2", "about_model"]
    keys += ["about_model_base"] if training.get("base_model") and not training.get("drawn") else []
    keys += ["about_model_drawn"] if training.get("drawn") else []
    keys += ["about_model_unsure"] if unsure_below else []
    return _paragraphs(
        text,
        *keys,
        name=known.name,
        parameters=count(round(known.parameters / 1e6), text),
        size=str(known.size),
        base=str(training.get("base_model")),
        unsure=share(unsure_below, text, 0),
    )


def _numbers(known: Measured, text: Text) -> str:
    if known.results is None:
        return _paragraphs(text, "about_not_measured") + _troubles(known, text)
    part = known.results["whole"]
    split = "about_split_private" if known.results["private_test"] else "about_split_other"
    return (
        _paragraphs(text, split, split=known.results["split"], n=count(part["n"], text))
        + scores_table(known.results, text)
        + f'<p class="small">{escape(text["about_scores_more"])}</p>'
        + f"<h3>{escape(text['about_by_expression'])}</h3>"
        + expressions_table(part, text)
        + f"<h3>{escape(text['about_calibration'])}</h3>"
        + calibration_svg(part, text)
        + _troubles(known, text)
        + f'<p class="small">{escape(text["about_hash"])} <code>{known.sha256}</code></p>'
    )


def _troubles(known: Measured, text: Text) -> str:
    if known.corruptions is None:
        return _paragraphs(text, "about_troubles_not_measured")
    clean = share(known.corruptions["clean"]["accuracy"], text)
    faces = count(known.corruptions["faces"], text)
    return (
        f"<h3>{escape(text['about_troubles'])}</h3>"
        + _paragraphs(text, "about_troubles_more", accuracy=clean, n=faces)
        + troubles_table(known.corruptions, text)
    )


def _limits(known: Measured, text: Text) -> list[str]:
    """What it cannot do; some of it is so because of FER2013."""
    trained = ["about_limits_data"] if model_metadata.is_fer2013(known.training, known.results or {}) else []
    return ["about_limits_words", *trained, "about_limits_bias", "about_limits_hard", "about_limits_labels"]


def _licence(known: Measured) -> str:
    return (
        "about_licence_fer2013"
        if model_metadata.is_fer2013(known.training, known.results or {})
        else "about_licence_other"
    )


def _privacy(text: Text) -> str:
    keys = ("memory", "live", "disk", "answers", "others", "nothing")
    return _list(text, *(f"about_privacy_{key}" for key in keys), minutes=str(MINUTES))


def _programs(text: Text) -> str:
    """The endpoints as a table, then the same request three ways."""
    names = ("read_photo", "read_face", "about_model")
    rows = [
        [f"<code>/{name}</code>", *(escape(text[f"about_{name}_{what}"]) for what in ("in", "out"))] for name in names
    ]
    rows.append(["<code>GET /health</code>", "–", escape(text["about_health_out"])])
    head = [escape(text[f"about_{key}"]) for key in ("endpoint", "takes", "gives")]
    return (
        _paragraphs(text, "about_programs_1", megabytes=str(MEGABYTES))
        + table(text["about_endpoints"], head, rows, "words")
        + _code("gradio_client", PYTHON, text)
        + _code("curl", CURL, text)
        + _code("MCP", MCP, text)
        + _paragraphs(text, "about_mcp_more", "about_programs_2")
    )


def _code(title: str, code: str, text: Text) -> str:
    shown = escape(code, quote=False).format(address=ADDRESS)
    copy, done = escape(text["about_copy"]), escape(text["about_copied"])
    return (
        f'<h3>{title}</h3><div class="code"><pre tabindex="0" role="region" aria-label="{title}"><code>{shown}</code>'
        f'</pre><button type="button" data-done="{done}" aria-label="{copy}: {title}">{copy}</button></div>'
    )
