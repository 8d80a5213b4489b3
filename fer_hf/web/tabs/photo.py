"""The Photo tab: choose, drop, paste or take a photo, or try an example; its faces and their scores come below."""

import io
import json
from html import escape
from pathlib import PurePath

import gradio as gr
import numpy as np
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.annotate import draw_faces, made_smaller
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.results import CSV_COLUMNS, PhotoResult, csv_rows
from fer_hf.inference.saliency import explain, overlay
from fer_hf.labels import LABELS
from fer_hf.web import examples
from fer_hf.web.components.markup import CROP_PIXELS, data_address, data_uri, message_html, percent, reading_html
from fer_hf.web.i18n import Text, shown
from fer_hf.web.limits import MEGABYTES, READERS, in_turn, opened, sent_file
from fer_hf.web.theme import script

EXAMPLES = {"astronaut": examples.astronaut, "group": examples.group, "cat": examples.cat}
EXAMPLE_PIXELS = 960
DRAWN_PIXELS = 2048  # longest side of the annotated picture
THIRDS = ("upper", "middle", "lower")


def build(analyzer: FaceAnalyzer, text: Text) -> None:
    """The place to send a photo from, and the place where the answer comes."""

    def read(event: gr.EventData) -> str:
        try:
            return in_turn(_answer, analyzer, sent_file(event._data, text), text)
        except FerError as error:
            return message_html(str(error), text["problem"], "problem")

    def look(sent: dict) -> dict:
        """Where the model looked in {"name", "data": a face cut out, "label"}: {"picture", "where"} or {"problem"}."""
        try:
            return in_turn(_heat, analyzer, sent_file(sent, text), sent.get("label"), text)
        except FerError as error:
            return {"problem": str(error)}

    source = gr.HTML(html_template=_source(text), js_on_load=script("picker"), apply_default_css=False)
    answer = gr.HTML(
        message_html(text["photo_nothing_yet"]),
        js_on_load=script("reading"),
        apply_default_css=False,
        elem_id="reading",
        server_functions=[look],
        looking=text["photo_looking"],
        failed=text["no_answer"],
    )
    source.upload(read, None, answer, api_visibility="private", concurrency_id="read", concurrency_limit=READERS)


def _answer(analyzer: FaceAnalyzer, file: io.BytesIO, text: Text) -> str:
    with opened(file) as photo:
        reading = analyzer.analyze(photo)
        return reading_html(photo, reading, text, _downloads(photo, reading, file.name, text) if reading.faces else "")


def _heat(analyzer: FaceAnalyzer, file: io.BytesIO, label: str, text: Text) -> dict[str, str]:
    if label not in LABELS:
        raise FerError(text["photo_not_received"])
    with opened(file) as photo:
        crop = photo.resize((CROP_PIXELS, CROP_PIXELS), Image.Resampling.BICUBIC)
    heat = explain(analyzer, [crop], [label])[0]
    return {"picture": data_uri(overlay(crop, heat), CROP_PIXELS), "where": _where(heat, text)}


def _where(heat: np.ndarray, text: Text) -> str:
    """In which third of the face most of the heat (S, S) lies."""
    if not heat.any():
        return text["photo_look_flat"]
    shares = np.array([part.sum() for part in np.array_split(heat, 3)]) / heat.sum()
    return text[f"photo_look_{THIRDS[shares.argmax()]}"].format(
        share=percent(shares.max()).replace(" ", "\N{NO-BREAK SPACE}")
    )


def _downloads(photo: Image.Image, reading: PhotoResult, file: str, text: Text) -> str:
    """The annotated picture, CSV and JSON as buttons that hold what they save."""
    stem = text["photo_save_name"].format(name=PurePath(file).stem)
    table = csv_text(CSV_COLUMNS, csv_rows(file, reading)).encode()
    values = json.dumps([reading.to_dict(file)], indent=2, ensure_ascii=False).encode()
    drawn = draw_faces(*made_smaller(photo, reading, DRAWN_PIXELS), lambda face: shown(face, text))
    held = {
        "picture": (f"{stem}.jpg", data_uri(drawn, DRAWN_PIXELS)),
        "csv": (f"{stem}.csv", data_address(table, "text/csv")),
        "json": (f"{stem}.json", data_address(values, "application/json")),
    }
    buttons = "".join(
        f'<button type="button" class="button quiet" data-save="{escape(name)}" data-file="{data}">'
        f"{escape(text[f'photo_save_{kind}'])}</button>"
        for kind, (name, data) in held.items()
    )
    return f'<figcaption class="downloads"><span>{escape(text["photo_save"])}</span>{buttons}</figcaption>'


def _source(text: Text) -> str:
    """The button, the camera and the examples. An example's button holds the whole example."""
    choose, camera = escape(text["photo_choose"]), escape(text["photo_camera_open"])
    more = escape(text["photo_choose_more"].format(megabytes=MEGABYTES))
    pictures = "".join(_example(name, text) for name in EXAMPLES)
    return (
        f'<div class="picker" data-bytes="{MEGABYTES * 2**20}"><div class="ways"><label>'
        f'<input type="file" accept="image/*,.heic,.heif,.avif"><span class="button">{choose}</span>'
        f'</label><button type="button" class="button quiet" data-do="open">{camera}</button>'
        f'<p>{more}</p></div><div class="examples"><span>{escape(text["photo_examples"])}</span>{pictures}'
        f'</div>{_camera(text)}<p class="failed" role="alert" data-words="{escape(text["no_answer"])}"></p></div>'
        f'<p class="credit">{escape(text["photo_credit"])}</p>'
    )


def _example(name: str, text: Text) -> str:
    caption = escape(text[f"photo_example_{name}"])
    picture = data_uri(EXAMPLES[name](), EXAMPLE_PIXELS)
    return f'<button type="button" class="example" title="{caption}"><img src="{picture}" alt="{caption}"></button>'


def _camera(text: Text) -> str:
    """The webcam, closed until it is asked for, and what is said when it cannot be opened."""
    words = {key: escape(text[f"photo_camera_{key}"]) for key in ("take", "stop", "mirror", "view", "name")}
    said = " ".join(f'data-{key}="{escape(text[f"photo_camera_{key}"])}"' for key in ("on", "denied", "absent"))
    return (
        f'<div class="camera" data-name="{words["name"]}" {said}>'
        f'<video class="mirrored" muted playsinline aria-label="{words["view"]}"></video><div class="row">'
        f'<button type="button" class="button" data-do="take">{words["take"]}</button>'
        f'<button type="button" class="button quiet" data-do="stop">{words["stop"]}</button>'
        f'<label><input type="checkbox" checked>{words["mirror"]}</label></div>'
        '<p class="status" role="status"></p></div>'
    )
