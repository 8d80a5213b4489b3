"""The answer to many photos: their faces sorted by expression, and what could not be read and why."""

import json
from itertools import groupby

from PIL import Image

from fer_hf.inference.batch import BatchResult
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.web.components.base import expressions, render
from fer_hf.web.components.data_url import data_url, jpeg_url
from fer_hf.web.components.job import FileJob
from fer_hf.web.i18n import Text

SHOWN = 60  # faces of one expression; a page of thousands of pictures would help nobody
NAMES = 500  # of photos without a face, and of failures
PREVIEW = 400  # pixels of the longer side of a photo in which a face is shown


class Batch(FileJob):
    """The tab of many photos.

    `gr.Gallery` writes every picture to the disk, and knows neither groups nor a face's place in its photo; `gr.File`
    would keep the tables on the disk too.
    """


def preview(photo: Image.Image) -> str:
    """A small copy of a photo, for the browser."""
    return jpeg_url(photo, PREVIEW, quality=75)


def batch_answer(result: BatchResult, previews: list[str], text: Text) -> dict:
    """The answer for script.js; `previews` are those of the photos that were read, in their order."""
    groups = {
        label: list(found) for label, found in groupby(result.by_emotion(), key=lambda found: found.face.counted_as)
    }
    stem = text["batch_save_name"]
    html = render(
        "batch/answer.html",
        text=text,
        result=result,
        groups=groups,
        thumbnail=lambda found: data_url(found.thumbnail, "image/jpeg"),
        without=[file for file, photo in result.photos if not photo.faces],
        stem=stem,
        shown_faces=SHOWN,
        names=NAMES,
    )
    values = json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n"
    return {
        "html": html,
        "files": {f"{stem}.csv": result.csv(), f"{stem}.json": values},
        "photos": {
            file: {"picture": picture, "faces": [_face(face, photo) for face in photo.faces]}
            for (file, photo), picture in zip(result.photos, previews, strict=True)
            if photo.faces
        },
        "expressions": expressions(text),
    }


def _face(face: Face, photo: PhotoResult) -> dict:
    """Its scores, and its box in parts of the photo: left, top, width and height."""
    x1, y1, x2, y2 = face.box
    box = [x1 / photo.width, y1 / photo.height, (x2 - x1) / photo.width, (y2 - y1) / photo.height]
    return {"scores": list(face.scores.values()), "box": box}
