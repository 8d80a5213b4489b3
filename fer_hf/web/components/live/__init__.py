"""The camera's video with boxes over it, the chosen face's bars and timeline, and the session's summary."""

from fer_hf.inference.stream import RECORD
from fer_hf.inference.tracking import SMOOTHING
from fer_hf.inference.unsure import REASONS
from fer_hf.labels import LABELS
from fer_hf.web.components.base import Component, expressions, render
from fer_hf.web.i18n import Text
from fer_hf.web.websocket import SECONDS, SESSIONS

SIDE = 640  # pixels; the longer side of the pictures that are sent


class Live(Component):
    """The Live tab.

    `gr.Image(streaming=True)` sends every frame through Gradio's queue and shows pictures that come back, each of which
    it writes to the disk. Here the video stays in the browser, boxes are drawn over it, and a WebSocket carries small
    frames of which only the newest waits (fer_hf/web/websocket.py).

    Args:
        baseline: whether a resting face can be taken as a personal baseline.
    """

    def __init__(self, text: Text, baseline: bool = False) -> None:
        super().__init__(live_html(text), elem_id="live", settings=script_settings(text, baseline))


def live_html(text: Text) -> str:
    """The places that the scripts fill in."""
    return render("live/live.html", text=text, labels=LABELS, how=_how(text), rate=round(1 / RECORD))


def script_settings(text: Text, baseline: bool) -> dict:
    """What the scripts need: the expressions, the texts that they fill in, and whether to offer a baseline."""
    own = {key.removeprefix("live_"): words for key, words in text.items() if key.startswith("live_")}
    camera = {key.removeprefix("camera_"): words for key, words in text.items() if key.startswith("camera_")}
    shared = {key: text[key] for key in ("unsure", "with_reasons", *REASONS)}
    return {"side": SIDE, "expressions": expressions(text), "text": own | camera | shared, "baseline": baseline}


def _how(text: Text) -> str:
    numbers = {"milliseconds": round(1000 * SMOOTHING), "minutes": round(SECONDS / 60), "sessions": SESSIONS}
    return text["live_how"].format(**numbers)
