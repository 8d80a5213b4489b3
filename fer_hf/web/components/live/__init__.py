"""The camera's video with boxes over it, the chosen face's bars and timeline, and the session's summary."""

from fer_hf.inference.stream import RECORD
from fer_hf.inference.tracking import SMOOTHING
from fer_hf.inference.unsure import REASONS
from fer_hf.labels import LABELS
from fer_hf.web.components.base import Component, expressions, render
from fer_hf.web.device import OnDevice
from fer_hf.web.i18n import Text, on_device
from fer_hf.web.websocket import SECONDS, SESSIONS

SIDE = 640  # pixels; the longer side of the pictures that are sent


class Live(Component):
    """The Live tab.

    `gr.Image(streaming=True)` sends every frame through Gradio's queue and shows pictures that come back, each of which
    it writes to the disk. Here the video stays in the browser, boxes are drawn over it, and a WebSocket carries small
    frames of which only the newest waits (fer_hf/web/websocket.py).

    Args:
        baseline: whether a resting face can be taken as a personal baseline.
        device: that frames can be read in the browser, if they can.
    """

    def __init__(self, text: Text, baseline: bool = False, device: OnDevice | None = None) -> None:
        super().__init__(live_html(text, device), elem_id="live", settings=script_settings(text, baseline, device))


def live_html(text: Text, device: OnDevice | None) -> str:
    """The places that the scripts fill in."""
    how = {"how": _how(text), "how_on_device": _how(on_device(text))}
    return render("live/live.html", text=text, labels=LABELS, rate=round(1 / RECORD), device=device, **how)


def script_settings(text: Text, baseline: bool, device: OnDevice | None) -> dict:
    """What the scripts need: the expressions, the texts that they fill in, and whether to offer a baseline."""
    own = {key.removeprefix("live_"): words for key, words in text.items() if key.startswith("live_")}
    camera = {key.removeprefix("camera_"): words for key, words in text.items() if key.startswith("camera_")}
    shared = {key: text[key] for key in ("unsure", "with_reasons", *REASONS)}
    settings = {"side": SIDE, "expressions": expressions(text), "text": own | camera | shared, "baseline": baseline}
    if device:
        settings["device"] = {key: words for key, words in text.items() if key.startswith("device_")}
    if device and device.choice:
        settings["text_by_place"] = _text_by_place(text)
    return settings


def _text_by_place(text: Text) -> dict[str, Text]:
    """Those of the scripts' texts that are other ones where a session is read on the device."""
    other = [key.removeprefix("device_live_") for key in text if key.startswith("device_live_")]
    return {
        "device": {key: text[f"device_live_{key}"] for key in other},
        "server": {key: text[f"live_{key}"] for key in other},
    }


def _how(text: Text) -> str:
    numbers = {"milliseconds": round(1000 * SMOOTHING), "minutes": round(SECONDS / 60), "sessions": SESSIONS}
    return text["live_how"].format(**numbers)
