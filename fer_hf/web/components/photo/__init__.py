"""The Photo tab's component: a photo is chosen, dropped, pasted or taken, and its faces come below.

Each face has a numbered box over the photo, a small picture to choose it by, its seven scores and its heat map. The
faces are tabs in the sense of ARIA: one is shown, and the arrow keys move through them.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

from PIL import Image

from fer_hf.inference.results import PhotoResult
from fer_hf.labels import UNSURE
from fer_hf.web.components.base import Component, expressions, render
from fer_hf.web.components.data_url import jpeg_url
from fer_hf.web.device import OnDevice
from fer_hf.web.i18n import Text, on_device
from fer_hf.web.limits import MAX_PIXELS, MEGABYTES

PHOTO_PIXELS = 1280  # longest side of the photo as shown
CROP_PIXELS = 224  # of a face as shown, and as sent back for its heat map: twice the size that the model takes
DRAWN_PIXELS = 2048  # longest side of the annotated picture
CROWD = 12  # faces from which boxes and numbers are drawn finer
WORDS = (
    "photo_reading",
    "photo_too_many",
    "photo_looking",
    "photo_look",
    "photo_unlook",
    "photo_camera_name",
    "no_answer",
)
CAMERA = ("photo_camera_on", "camera_asking", "camera_denied", "camera_absent", "camera_gone")

OF_OTHER_TABS = ("about_", "live_", "video_", "batch_")  # beginnings of the names of their texts

Server = Callable[[dict], object]


class Download(NamedTuple):
    """A file to save."""

    kind: str  # picture, csv, json
    name: str
    data: str  # a `data:` address


class Photo(Component):
    """Gradio's `Image` writes every picture to its cache on the disk, and `AnnotatedImage` three for two boxes; neither
    shows what the browser cannot (HEIC), nor lets a box be chosen. Here a photo is sent as data and read in memory, its
    answer goes to the visitor who asked and is remembered nowhere.

    Args:
        text: the page's words.
        examples: names of example photos, and each as a `data:` address.
        first: the answer to an example, which is shown until the visitor's first.
        analyze: answers {"name", "data": a `data:` address, "whole": not to look for faces} by HTML.
        explain: answers {"name", "data": a face cut out, "label"} by its heat map, {"picture", "where"} or {"problem"}.
        device: that photos can be read in the browser, if they can.
    """

    def __init__(
        self,
        text: Text,
        examples: dict[str, str],
        first: str,
        analyze: Server,
        explain: Server,
        device: OnDevice | None = None,
    ) -> None:
        html = picker_html(text, examples, first, device)
        super().__init__(html, server_functions=[analyze, explain], **script_settings(text, device))


def picker_html(text: Text, examples: dict[str, str], first: str, device: OnDevice | None) -> str:
    """Where a photo is chosen, above the place of its answer; the values are as `Photo` takes them."""
    limits = {"megabytes": MEGABYTES, "pixels": MAX_PIXELS // 10**6}
    return render("photo/picker.html", text=text, examples=examples, first=first, device=device, **limits)


def script_settings(text: Text, device: OnDevice | None) -> dict:
    """What the script needs: the largest file in bytes, the texts that it fills in, and what it needs to read."""
    return {
        "largest": MEGABYTES * 2**20,
        "words": {key.removeprefix("photo_"): text[key] for key in WORDS + CAMERA},
        "device": device and _reading_settings(on_device(text), "sends" if device.choice else ""),
    }


def _reading_settings(text: Text, heat: str) -> dict:
    """What the script needs to answer in the place of the server: words, colours, sizes."""
    largest = {"megabytes": MEGABYTES, "photo": PHOTO_PIXELS, "crop": CROP_PIXELS, "drawn": DRAWN_PIXELS}
    return {
        "text": {key: words for key, words in text.items() if not key.startswith(OF_OTHER_TABS)},
        "expressions": expressions(text),
        "largest": largest | {"read": MAX_PIXELS},
        "crowd": CROWD,
        "heat": heat,
    }


def photo_html(
    result: PhotoResult, crops: Sequence[Image.Image], downloads: Sequence[Download], text: Text, heat: str = "shows"
) -> str:
    """The whole answer to one photo.

    Args:
        crops: the faces, as the model sees them.
        downloads: the files to save.
        heat: whether the server "shows" heat maps; or "sends", to say that a face is sent to it for that; or neither.
    """
    counts = Counter(face.counted_as for face in result.faces)
    return render(
        "photo/answer.html",
        text=text,
        result=result,
        counts=sorted(counts.items(), key=lambda pair: (pair[0] == UNSURE, -pair[1])),
        picture=jpeg_url(result.photo, PHOTO_PIXELS),
        crops=[jpeg_url(crop, CROP_PIXELS) for crop in crops],
        downloads=downloads,
        crowd=CROWD,
        heat=heat,
    )
