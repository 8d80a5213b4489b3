"""A reading as HTML: the photo with numbered boxes, and for each face its picture, label, seven bars and heat map.

The faces are tabs in the sense of ARIA: one is shown, and the arrow keys go through them (web/reading.js). Pictures and
downloads stand in the HTML as data, so that showing one writes no file. All text is escaped.
"""

import base64
import io
from collections import Counter
from html import escape

from PIL import Image

from fer_hf.inference.annotate import ink_on
from fer_hf.inference.detection import crop_face
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.labels import COLOURS
from fer_hf.web.i18n import Text, shown

PHOTO_PIXELS = 1280  # longest side of the photo as shown
CROP_PIXELS = 224  # of a face as shown, and as sent back for its heat map: twice what the model looks at
CROWD = 12  # faces from which boxes and numbers are drawn finer


def data_uri(image: Image.Image, longest: int, quality: int = 85) -> str:
    """A picture as a JPEG in a `data:` address, made smaller so that its longest side is at most `longest` pixels."""
    scale = min(1, longest / max(image.size))
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return data_address(file.getvalue(), "image/jpeg")


def data_address(data: bytes, kind: str) -> str:
    """Bytes of a media type as a `data:` address."""
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def reading_html(photo: Image.Image, reading: PhotoResult, text: Text, downloads: str = "") -> str:
    """The whole answer to one photo; `downloads` is put below the photo."""
    numbered = list(enumerate(reading.faces, start=1))
    boxes = "".join(_box(number, face, reading, text) for number, face in numbered)
    return (
        f'<div class="reading {"crowd" if len(numbered) > CROWD else "few"}">'
        f'<figure class="photo"><div class="frame"><img src="{data_uri(photo, PHOTO_PIXELS)}"'
        f' width="{reading.width}" height="{reading.height}" alt="{escape(text["photo_alt"])}">{boxes}</div>'
        f'{downloads}</figure><section class="faces" aria-label="{escape(text["photo_faces"])}">'
        f"{_summary(reading, text)}{_choices(photo, reading, text)}"
        f"{''.join(_panel(number, face, len(numbered), text) for number, face in numbered)}</section></div>"
    )


def message_html(words: str, title: str = "", kind: str = "hint") -> str:
    """A line in place of a reading: kind "hint" waits quietly, kind "problem" is announced."""
    role = ' role="alert"' if kind == "problem" else ""
    head = f"<strong>{escape(title)}</strong>" if title else ""
    return f'<div class="message {kind}"{role}>{head}<p>{escape(words)}</p></div>'


def bars_html(scores: dict[str, float], best: str, text: Text) -> str:
    """A list of the scores, each with its bar."""
    return f'<ul class="bars">{"".join(_bar(label, score, best, text) for label, score in scores.items())}</ul>'


def percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def tint(label: str) -> str:
    """The colour of an expression and of the letters on it, as CSS variables."""
    return f"--tint:{COLOURS[label]};--ink:{ink_on(COLOURS[label])}"


def _bar(label: str, score: float, best: str, text: Text) -> str:
    top = ' class="best"' if label == best else ""
    return (
        f'<li{top} style="--tint:{COLOURS[label]};--share:{score:.4f}"><span>{escape(text[label])}</span>'
        f'<span class="bar" aria-hidden="true"></span><span class="share">{percent(score)}</span></li>'
    )


def _kind(face: Face) -> str:
    return " unsure" if face.unsure else ""


def _box(number: int, face: Face, reading: PhotoResult, text: Text) -> str:
    """A box over the photo, in per cent of it. Pointers only: the tabs beside it say the same to everyone else."""
    x1, y1, x2, y2 = face.box
    place = (
        f"left:{100 * x1 / reading.width:.2f}%;top:{100 * y1 / reading.height:.2f}%;"
        f"width:{100 * (x2 - x1) / reading.width:.2f}%;height:{100 * (y2 - y1) / reading.height:.2f}%"
    )
    at_top = " top" if y1 < 0.06 * reading.height else ""  # no room for the number above the box
    at_right = " right" if x1 > 0.7 * reading.width else ""  # nor for the words to the right of it
    return (
        f'<span class="box{_kind(face)}{at_top}{at_right}" data-face="{number}" style="{place};{tint(face.label)}"'
        f' aria-hidden="true"><b>{number}<i> {escape(shown(face, text))} {percent(face.confidence)}</i></b></span>'
    )


def _summary(reading: PhotoResult, text: Text) -> str:
    """How many faces, and how many of each expression; a screen reader says it when a photo has been read."""
    count = len(reading.faces)
    if not count:
        title, more = escape(text["photo_faces_none"]), escape(text["photo_faces_none_more"])
        return f'<div class="summary" role="status"><h2>{title}</h2><p>{more}</p></div>'
    title = text["photo_faces_one"] if count == 1 else text["photo_faces_many"].format(count=count)
    sure = Counter(face.label for face in reading.faces if not face.unsure)
    chips = [
        f'<span class="chip" style="{tint(label)}">{number} {escape(text[label])}</span>'
        for label, number in sure.most_common()
    ]
    if unsure := count - sure.total():
        chips.append(f'<span class="chip unsure">{escape(text["photo_unsure_count"].format(count=unsure))}</span>')
    keys = f'<p class="keys">{escape(text["photo_faces_keys"])}</p>' if count > 1 else ""
    return f'<div class="summary" role="status"><h2>{escape(title)}</h2><p>{" ".join(chips)}</p></div>{keys}'


def _choices(photo: Image.Image, reading: PhotoResult, text: Text) -> str:
    """A small picture of each face to choose it by; the script shows the same picture in the chosen one's panel."""
    choices = (
        _choice(number, face, data_uri(crop_face(photo, face.detection), CROP_PIXELS), text)
        for number, face in enumerate(reading.faces, start=1)
    )
    name, hidden = escape(text["photo_faces"]), " hidden" if len(reading.faces) < 2 else ""
    return f'<div class="chooser" role="tablist" aria-label="{name}"{hidden}>{"".join(choices)}</div>'


def _choice(number: int, face: Face, crop: str, text: Text) -> str:
    end = "?" if face.unsure else ""
    label = "<br>".join(f"{escape(text[label])}{end}" for label in face.unsure or (face.label,))
    return (
        f'<button type="button" role="tab" class="choice{_kind(face)}" id="face-{number}" data-face="{number}"'
        f' aria-controls="panel-{number}" aria-selected="{"true" if number == 1 else "false"}"'
        f' tabindex="{0 if number == 1 else -1}" style="{tint(face.label)}"><img src="{crop}" alt="">'
        f'<b><span class="unseen">{escape(text["photo_face"])} </span>{number}</b> <span class="label">{label}</span> '
        f'<span class="share">{percent(face.confidence)}</span></button>'
    )


def _panel(number: int, face: Face, count: int, text: Text) -> str:
    """All about one face."""
    role = f' role="tabpanel" aria-labelledby="face-{number}"' if count > 1 else ""
    alt = escape(text["photo_crop_alt"].format(number=number))
    return (
        f'<div class="face{_kind(face)}" id="panel-{number}" data-face="{number}" data-label="{face.label}"'
        f' style="{tint(face.label)}"{role}{"" if number == 1 else " hidden"}>'
        f'<div class="head"><img class="crop" alt="{alt}"><div>{_verdict(number, face, text)}</div></div>'
        f"{bars_html(face.scores, face.label, text)}{_look(number, face, text)}</div>"
    )


def _verdict(number: int, face: Face, text: Text) -> str:
    if face.unsure:
        shares = " · ".join(f"{escape(text[label])} {percent(face.scores[label])}" for label in face.unsure)
        title = escape(text["photo_unsure"].format(label=shown(face, text)))
        more = f"{shares}<br>{escape(text['photo_unsure_more'])}"
    else:
        title = escape(text[face.label])
        more = f"<strong>{percent(face.confidence)}</strong> {escape(text['photo_sure'])}"
    return f'<h3><b class="number">{number}</b> {title}</h3><p>{more}</p>'


def _look(number: int, face: Face, text: Text) -> str:
    """The button for the heat map, and the place where it comes with its legend."""
    label = text[face.label]
    alt = escape(text["photo_look_alt"].format(number=number, label=label))
    little, much = escape(text["photo_look_little"]), escape(text["photo_look_much"])
    return (
        '<div class="look"><button type="button" class="button quiet" aria-pressed="false">'
        f'{escape(text["photo_look"])}</button><figure class="heat" hidden><img alt="{alt}"><figcaption>'
        f'<span class="scale"><span>{little}</span><i></i><span>{much}</span></span>'
        f"<p>{escape(text['photo_look_more'].format(label=label))}</p>"
        '<p class="where"></p></figcaption></figure><p class="said" role="status"></p></div>'
    )
