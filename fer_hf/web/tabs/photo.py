"""The Photo tab: choose, drop, paste or take a photo, or try an example; its faces and their scores come below."""

import json
from functools import cache
from pathlib import PurePath

import numpy as np
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference import saliency
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.annotate import draw_faces, shrink
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.results import CSV_COLUMNS, PhotoResult, csv_rows
from fer_hf.io import percent
from fer_hf.labels import LABELS
from fer_hf.web import examples
from fer_hf.web.components.base import message_html
from fer_hf.web.components.data_url import data_url, jpeg_url
from fer_hf.web.components.photo import CROP_PIXELS, DRAWN_PIXELS, Download, Photo, photo_html
from fer_hf.web.i18n import Text, shown
from fer_hf.web.limits import in_turn_if_room, opened, sent_file
from fer_hf.web.service import Service

EXAMPLES = {
    "drawn": examples.drawn,
    "astronaut": examples.astronaut,
    "group": examples.group,
    "cat": examples.cat,
}
FIRST = "drawn"  # is answered before anybody has sent a photo
EXAMPLE_PIXELS = 960
THIRDS = ("upper", "middle", "lower")


def build(service: Service, text: Text) -> None:
    """The tab."""

    async def analyze(sent: dict) -> str:
        """The answer's HTML."""
        try:
            return await in_turn_if_room(_answer, service.analyzer, sent, text)
        except FerError as error:
            return message_html(error.message(text["code"]), text["problem"], problem=True)

    async def explain(sent: dict) -> dict[str, str]:
        """The heat map of a face."""
        try:
            return await in_turn_if_room(_heat, service.analyzer, sent, text)
        except FerError as error:
            return {"problem": error.message(text["code"])}

    pictures = {name: jpeg_url(make(), EXAMPLE_PIXELS) for name, make in EXAMPLES.items()}
    first = photo_html(*first_answer(service.analyzer), (), text)
    Photo(text, pictures, first, analyze, explain, service.on_device)


@cache
def first_answer(analyzer: FaceAnalyzer) -> tuple[PhotoResult, list[Image.Image]]:
    """What an example shows, and its faces; read once per process."""
    photo = EXAMPLES[FIRST]()
    result = analyzer.analyze(photo)
    return result, [crop_face(photo, face.detection) for face in result.faces]


def _answer(analyzer: FaceAnalyzer, sent: dict, text: Text) -> str:
    file = sent_file(sent)
    with opened(file) as photo:
        if sent.get("whole") is True:
            result, crops = analyzer.analyze_crop(photo), [photo]
        else:
            result = analyzer.analyze(photo)
            crops = [crop_face(photo, face.detection) for face in result.faces]
        return photo_html(result, crops, _downloads(result, file.name, text), text)


def _heat(analyzer: FaceAnalyzer, sent: dict, text: Text) -> dict[str, str]:
    """Where the model looked for an expression in a face."""
    file, label = sent_file(sent), sent.get("label")
    if label not in LABELS:
        raise FerError("photo_incomplete")
    with opened(file) as photo:
        crop = photo.resize((CROP_PIXELS, CROP_PIXELS), Image.Resampling.BICUBIC)
    heat = saliency.explain(analyzer, [crop], [label])[0]
    return {"picture": jpeg_url(saliency.overlay(crop, heat), CROP_PIXELS), "where": _where(heat, text)}


def _where(heat: np.ndarray, text: Text) -> str:
    """In which third of the face most of the heat (S, S) lies."""
    if not heat.any():
        return text["photo_look_flat"]
    shares = np.array([part.sum() for part in np.array_split(heat, 3)]) / heat.sum()
    return text[f"photo_look_{THIRDS[shares.argmax()]}"].format(
        share=percent(shares.max()).replace(" ", "\N{NO-BREAK SPACE}")
    )


def _downloads(result: PhotoResult, file: str, text: Text) -> list[Download]:
    """The annotated picture, CSV and JSON."""
    stem = text["photo_save_name"].format(name=PurePath(file).stem)
    table = csv_text(CSV_COLUMNS, csv_rows(file, result)).encode()
    values = json.dumps([result.to_dict(file)], indent=2, ensure_ascii=False).encode()
    drawn = draw_faces(*shrink(result.photo, result, DRAWN_PIXELS), lambda face: shown(face, text))
    return [
        Download("picture", f"{stem}.jpg", jpeg_url(drawn, DRAWN_PIXELS)),
        Download("csv", f"{stem}.csv", data_url(table, "text/csv")),
        Download("json", f"{stem}.json", data_url(values, "application/json")),
    ]
