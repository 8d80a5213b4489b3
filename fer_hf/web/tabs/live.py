"""The Live tab: the camera's video with boxes over it, the chosen face's bars and timeline, and the session's summary.

The page only holds the places; web/live.js fills them with what `fer_hf.web.websocket` answers.
"""

import json
from html import escape

import gradio as gr

from fer_hf.inference.tracking import SMOOTHING
from fer_hf.labels import EXPRESSIONS
from fer_hf.web.components.markup import ink_on
from fer_hf.web.i18n import Text
from fer_hf.web.theme import script
from fer_hf.web.websocket import SECONDS, SESSIONS

SIDE = 640  # pixels; the longer side of the pictures that are sent
SCRIPTS = ("live_link", "live_view", "live")


def build(text: Text) -> None:
    """The tab. Its frames reach the analyzer over the page's own route `/live`."""
    gr.HTML(
        html_template=_stage(text) + _faces(text) + _session(text) + "</div>",
        js_on_load="\n".join(map(script, SCRIPTS)),
        apply_default_css=False,
        elem_id="live",
    )


def _stage(text: Text) -> str:
    """The beginning of the tab: what the scripts need, the video, and the buttons."""
    buttons = "".join(_button(name, text) for name in ("start", "pause", "reset", "stop"))
    return (
        f'<div class="live mirrored empty" data-settings="{escape(json.dumps(_settings(text)))}">'
        f'<div class="live-main"><div class="live-stage"><video muted playsinline aria-label="{_said(text, "view")}">'
        f'</video><div class="live-boxes" aria-hidden="true"></div><p class="live-idle">{_said(text, "idle")}</p></div>'
        f'<div class="live-controls">{buttons}<label><input class="live-mirror" type="checkbox" checked>'
        f'{_said(text, "mirror")}</label><span class="live-rate"></span></div>'
        '<p class="live-status" role="status"></p><p class="live-news" aria-live="polite"></p></div>'
    )


def _faces(text: Text) -> str:
    """The list of faces, and the bars and timeline of the chosen one."""
    bars = "".join(
        f'<li data-label="{name}" style="--tint:{colour};--share:0"><span>{escape(text[name])}</span>'
        '<span class="bar" aria-hidden="true"></span><span class="share"></span></li>'
        for name, colour, _ in EXPRESSIONS
    )
    return (
        f'<section class="live-faces"><h2 class="live-count"></h2><ol class="live-list"></ol>'
        f'<div class="live-chosen"><h3 class="live-of"></h3><ul class="bars live-bars">{bars}</ul>'
        f'<canvas class="live-timeline" role="img"></canvas><p class="live-axis" aria-hidden="true">'
        f"<span>{_said(text, 'axis_start')}</span><span>{_said(text, 'axis_end')}</span></p></div></section>"
    )


def _session(text: Text) -> str:
    """The summary with its download, and how it all works."""
    heads = "".join(
        f'<th scope="col">{_said(text, f"head_{name}")}</th>' for name in ("face", "span", "most", "shares")
    )
    how = escape(
        text["live_how"].format(milliseconds=round(1000 * SMOOTHING), minutes=round(SECONDS / 60), sessions=SESSIONS)
    )
    return (
        f'<section class="live-session"><div><h2>{_said(text, "session")}</h2>{_button("csv", text)}</div>'
        f'<p class="live-totals"></p><table><thead><tr>{heads}</tr></thead><tbody class="live-rows"></tbody></table>'
        f'</section><details class="live-how"><summary>{_said(text, "how_title")}</summary><p>{how}</p></details>'
    )


def _settings(text: Text) -> dict:
    """What the scripts need: the expressions, and the texts that they fill in."""
    expressions = [
        {"name": name, "word": text[name], "colour": colour, "ink": ink_on(colour)} for name, colour, _ in EXPRESSIONS
    ]
    texts = {key.removeprefix("live_"): words for key, words in text.items() if key.startswith("live_")}
    return {"side": SIDE, "expressions": expressions, "text": texts}


def _button(name: str, text: Text) -> str:
    return f'<button type="button" data-do="{name}">{_said(text, name)}</button>'


def _said(text: Text, key: str) -> str:
    return escape(text[f"live_{key}"])
