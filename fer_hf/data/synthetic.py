"""Synthetic faces: drawings of the seven expressions, for smoke runs, tests, examples and the release gate."""

import math
import random

from datasets import ClassLabel, Dataset, DatasetDict, Features, Image
from PIL import Image as Picture
from PIL import ImageDraw

from fer_hf.data.schema import VOTES
from fer_hf.labels import FERPLUS_COLUMNS, FERPLUS_INDEX, LABELS

# Curve of the mouth, opening of the mouth, slant of the brows, opening of the eyes (1 is at rest); 0 is at rest.
STROKES = {
    "angry": (-0.5, 0.0, 0.8, 0.7),
    "disgust": (-0.8, 0.2, 0.5, 0.4),
    "fear": (-0.3, 0.5, -0.7, 1.4),
    "happy": (1.0, 0.2, 0.0, 0.9),
    "sad": (-0.9, 0.0, -0.8, 0.7),
    "surprise": (0.0, 1.0, -0.1, 1.6),
    "neutral": (0.0, 0.0, 0.0, 1.0),
}


def draw_face(label: str, seed: int = 0, size: int = 48) -> Picture.Image:
    """A grey drawing, `size` pixels square, of a face with the expression `label`.

    `seed` varies its position, proportions and brightness.
    """
    curve, opening, slant, eye = STROKES[label]
    rng = random.Random(f"{label} {seed}")
    unit = 4 * size  # drawn large and reduced, for smooth lines
    skin, back = rng.randint(130, 220), rng.randint(20, 110)
    picture = Picture.new("L", (unit, unit), back)
    pen = ImageDraw.Draw(picture)
    x, y = unit * (0.5 + rng.uniform(-0.05, 0.05)), unit * (0.5 + rng.uniform(-0.05, 0.05))
    wide, high, line = unit * rng.uniform(0.36, 0.42), unit * rng.uniform(0.44, 0.5), max(2, unit // 32)
    pen.ellipse((x - wide, y - high, x + wide, y + high), fill=skin)
    for side in (-1, 1):
        eye_x, eye_y, radius = x + side * wide * 0.42, y - high * 0.2, unit * 0.05
        pen.ellipse((eye_x - radius, eye_y - radius * eye, eye_x + radius, eye_y + radius * eye), fill=25)
        brow, tilt = eye_y - unit * 0.11, side * slant * unit * 0.05
        pen.line((eye_x - unit * 0.08, brow + tilt, eye_x + unit * 0.08, brow - tilt), fill=40, width=line)
    mouth_y, half = y + high * 0.45, wide * 0.5
    if opening:
        pen.ellipse(
            (x - half * 0.7, mouth_y - unit * 0.1 * opening, x + half * 0.7, mouth_y + unit * 0.1 * opening), fill=30
        )
    points = [(x + half * t / 8, mouth_y + curve * unit * 0.08 * math.cos(t / 8 * math.pi / 2)) for t in range(-8, 9)]
    pen.line(points, fill=30, width=line, joint="curve")
    return picture.resize((size, size), Picture.Resampling.BOX)


def synthetic_splits(pictures: int, votes: bool = False) -> DatasetDict:
    """A dataset of synthetic faces with the columns of `fer_hf.data.load`, `pictures` per split.

    With `votes`, ten FER+ votes per face, all for its label.
    """
    return DatasetDict({split: synthetic_split(split, pictures, votes) for split in ("train", "validation", "test")})


def synthetic_split(split: str, pictures: int, votes: bool = False) -> Dataset:
    first = {"train": 0, "validation": 1_000_000, "test": 2_000_000}[split]
    names = [LABELS[i % len(LABELS)] for i in range(pictures)]
    features = Features({"image": Image(), "label": ClassLabel(names=list(LABELS))})
    rows = {"image": [draw_face(name, first + i) for i, name in enumerate(names)], "label": names}
    if votes:
        features["votes"] = VOTES
        rows["votes"] = [
            [10.0 * (FERPLUS_INDEX[LABELS.index(name)] == column) for column in range(len(FERPLUS_COLUMNS))]
            for name in names
        ]
    return Dataset.from_dict(rows, features=features)
