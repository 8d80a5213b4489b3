"""A reading as HTML: the photo with numbered boxes, and for each face its picture, label and seven bars.

Pictures stand in the HTML as data, so that showing one writes no file. All text is escaped.
"""

import base64
import io
from collections import Counter
from html import escape

from PIL import Image, ImageColor

from fer_hf.faces import crop_face
from fer_hf.labels import COLOURS
from fer_hf.predict import Face, Reading
from fer_hf.texts import Text

PHOTO_PIXELS = 1280  # longest side of the photo as shown
CROP_PIXELS = 96
OPEN_FACES = 3  # up to so many, every face shows its bars at once; else the first does


def data_uri(image: Image.Image, longest: int, quality: int = 85) -> str:
    """A picture as a JPEG in a `data:` address, made smaller so that its longest side is at most `longest` pixels."""
    scale = min(1, longest / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


def reading_html(photo: Image.Image, reading: Reading, text: Text) -> str:
    """The whole answer to one photo."""
    boxes = "".join(_box(number, face, reading, text) for number, face in enumerate(reading.faces, start=1))
    return (
        f'<div class="reading {_density(reading)}">'
        f'<figure class="photo"><div class="frame"><img src="{data_uri(photo, PHOTO_PIXELS)}"'
        f' width="{reading.width}" height="{reading.height}" alt="{escape(text["photo_alt"])}">{boxes}</div></figure>'
        f'<section class="faces">{_summary(reading, text)}{_list(photo, reading, text)}</section></div>'
    )


def message_html(words: str, title: str = "", kind: str = "hint") -> str:
    """A line in place of a reading: kind "hint" waits quietly, kind "problem" is announced."""
    role = ' role="alert"' if kind == "problem" else ""
    head = f"<strong>{escape(title)}</strong>" if title else ""
    return f'<div class="message {kind}"{role}>{head}<p>{escape(words)}</p></div>'


def ink_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour (WCAG relative luminance)."""
    channels = [value / 255 for value in ImageColor.getrgb(colour)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000" if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else "#fff"


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _density(reading: Reading) -> str:
    return "crowd" if len(reading.faces) > 12 else "few"


def _tint(label: str) -> str:
    return f"--tint:{COLOURS[label]};--ink:{ink_on(COLOURS[label])}"


def _box(number: int, face: Face, reading: Reading, text: Text) -> str:
    """A box over the photo, in per cent of it. Pointers only: the list beside it says the same to everyone else."""
    x1, y1, x2, y2 = face.box
    place = (
        f"left:{100 * x1 / reading.width:.2f}%;top:{100 * y1 / reading.height:.2f}%;"
        f"width:{100 * (x2 - x1) / reading.width:.2f}%;height:{100 * (y2 - y1) / reading.height:.2f}%"
    )
    name = escape(text[face.label])
    at_top = " top" if y1 < 0.06 * reading.height else ""  # no room for the number above the box
    return (
        f'<span class="box{at_top}" data-face="{number}" style="{place};{_tint(face.label)}" aria-hidden="true">'
        f"<b>{number}<i> {name} {percent(face.confidence)}</i></b></span>"
    )


def _summary(reading: Reading, text: Text) -> str:
    """How many faces, and how many of each expression; a screen reader says it when a photo has been read."""
    count = len(reading.faces)
    if not count:
        return (
            f'<div class="summary" role="status"><h2>{escape(text["photo_faces_none"])}</h2>'
            f"<p>{escape(text['photo_faces_none_more'])}</p></div>"
        )
    title = text["photo_faces_one"] if count == 1 else text["photo_faces_many"].format(count=count)
    kinds = Counter(face.label for face in reading.faces).most_common()
    chips = "".join(
        f'<span class="chip" style="{_tint(label)}">{number} {escape(text[label])}</span> ' for label, number in kinds
    )
    return f'<div class="summary" role="status"><h2>{escape(title)}</h2><p>{chips}</p></div>'


def _list(photo: Image.Image, reading: Reading, text: Text) -> str:
    faces = (
        _face(number, face, data_uri(crop_face(photo, face.detection), CROP_PIXELS), len(reading.faces), text)
        for number, face in enumerate(reading.faces, start=1)
    )
    return f"<ol>{''.join(faces)}</ol>" if reading.faces else ""


def _face(number: int, face: Face, crop: str, count: int, text: Text) -> str:
    """One face: a line that opens, by pointer or keyboard, to its seven bars."""
    opened = " open" if count <= OPEN_FACES or number == 1 else ""
    share = percent(face.confidence)
    name = escape(text["photo_face"].format(number=number, label=text[face.label], share=share))
    strip = "".join(
        f'<i style="--tint:{COLOURS[label]};--share:{score:.4f}"></i>'
        for label, score in face.scores.items()
        if score >= 0.01  # what is thinner than the gaps would only draw stripes
    )
    return (
        f'<li data-face="{number}"><details{opened}><summary aria-label="{name}" style="{_tint(face.label)}">'
        f'<b class="number">{number}</b><img src="{crop}" alt=""><span class="label">{escape(text[face.label])}</span>'
        f'<span class="share">{share}</span><span class="strip">{strip}</span></summary>'
        f'<ul class="bars">{"".join(_bar(label, score, face.label, text) for label, score in face.scores.items())}</ul>'
        "</details></li>"
    )


def _bar(label: str, score: float, best: str, text: Text) -> str:
    top = ' class="best"' if label == best else ""
    return (
        f'<li{top} style="--tint:{COLOURS[label]};--share:{score:.4f}"><span>{escape(text[label])}</span>'
        f'<span class="bar" aria-hidden="true"></span><span class="share">{percent(score)}</span></li>'
    )
