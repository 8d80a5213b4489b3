"""From where on should an answer be called unsure? Limits of turn, roll, size and sharpness, fitted on PublicTest.

    python -m benchmarks.unsure --data D [--model M] [--faces 500]

A limit lies where relative accuracy has fallen by a fifth: all bins from the worst one up to the limit have fallen, and
where the worst has not, there is no limit. Faces made small, tilted or blurred are compared with themselves. A face
cannot be turned away afterwards: faces are binned by the landmarks that the detector finds in the enlarged picture, and
compared with what their expressions alone let expect. The truth is the FER+ majority, or the label where the data have
no votes. The limits are written to the `config.json` of the model.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
from datasets import Dataset
from PIL import Image
from tqdm import tqdm

from benchmarks import record
from benchmarks.corruptions import SEED, Corruption, blur, corrupted, small, tilt
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import load_fer
from fer_hf.evaluation.metrics import ferplus_majority
from fer_hf.evaluation.views import score_pictures
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.detection import Detector
from fer_hf.inference.runtime import weights_hash
from fer_hf.inference.unsure import sharpness, turn_and_roll
from fer_hf.io import write_json

FALLEN = 0.8  # relative accuracy
LEAST = 100  # faces in a bin
# From the worst on; the last of each only bounds the bin before it.
SIZES = (6, 8, 10, 12, 14, 16, 20, 24, 32)  # pixels
ROLLS = (90, 75, 60, 45, 30, 20, 10)  # degrees
BLURS = (4.0, 3.0, 2.0, 1.0)  # pixels of 48

Apply = Callable[[Image.Image, float, np.random.Generator], Image.Image]  # as in benchmarks.corruptions


def limit_of(bins: Sequence[dict]) -> float | None:
    """The edge up to which all bins, given from the worst on, have fallen; None where the worst has not."""
    limit = None
    for each in bins:
        if each["relative_accuracy"] > FALLEN:
            break
        limit = each["edge"]
    return limit


def bins_of(values: np.ndarray, hits: np.ndarray, expected: np.ndarray) -> list[dict]:
    """Bins of LEAST faces and a few more, from the lowest value on.

    Args:
        values: the measure (N,).
        hits: whether each face is read right (N,).
        expected: how often it would be, were the measure of no matter (N,).
    """
    order = np.argsort(values, kind="stable")
    parts = np.array_split(order, len(order) // LEAST) if len(order) >= LEAST else []
    return [_bin(float(values[part].max()), hits[part], expected[part]) for part in parts]


def _bin(edge: float, hits: np.ndarray, expected: np.ndarray) -> dict:
    relative = hits.mean() / max(expected.mean(), 1e-9)
    return {"edge": round(edge, 4), "n": len(hits), "relative_accuracy": round(float(relative), 4)}


class Faces(NamedTuple):
    """Some faces, what they show, and whether the model reads that."""

    analyzer: FaceAnalyzer
    pictures: list[Image.Image]
    truth: np.ndarray  # classes (N,)
    hits: np.ndarray  # (N,), of the pictures as they are

    def first(self, count: int) -> "Faces":
        """The first so many."""
        return Faces(self.analyzer, self.pictures[:count], self.truth[:count], self.hits[:count])

    def corrupted(self, apply: Apply, strength: float) -> list[Image.Image]:
        """The pictures, corrupted with that strength."""
        corruption = Corruption(apply, (strength,) * 3, "")
        return [corrupted(picture, number, corruption, strength) for number, picture in enumerate(self.pictures)]


def read(analyzer: FaceAnalyzer, pictures: list[Image.Image], truth: np.ndarray, what: str) -> np.ndarray:
    """Which of the pictures (N,) are read right."""
    return score_pictures(analyzer, pictures, what=what).argmax(1) == truth


def degraded(faces: Faces, apply: Apply, strengths: Sequence[float]) -> list[dict]:
    """A bin for each strength but the last; its edge lies halfway to the next."""
    found = []
    for strength, milder in pairwise(strengths):
        pictures = faces.corrupted(apply, strength)
        hits = read(faces.analyzer, pictures, faces.truth, f"{apply.__name__} {strength:g}")
        found.append({"at": strength, **_bin((strength + milder) / 2, hits, faces.hits)})
    return found


def by_sharpness(faces: Faces) -> list[dict]:
    """Bins by the sharpness of faces, as they are and blurred."""
    versions, hits = [faces.pictures], [faces.hits]
    for strength in BLURS:
        versions.append(faces.corrupted(blur, strength))
        hits.append(read(faces.analyzer, versions[-1], faces.truth, f"blur {strength:g}"))
    values = np.array([sharpness(picture) for version in versions for picture in version])
    return bins_of(values, np.concatenate(hits), np.tile(faces.hits, len(versions)))


def by_turn(faces: Faces, detector: Detector) -> list[dict]:
    """Bins by how far faces are turned, those that are turned most first; without faces that the detector misses."""
    detections = [detector.detect(face.convert("RGB")) for face in tqdm(faces.pictures, desc="turn", unit="face")]
    found = np.array([bool(each) for each in detections])
    turns = np.array([abs(turn_and_roll(each[0].landmarks)[0]) for each in detections if each])
    recalls = np.array([faces.hits[faces.truth == k].mean() if (faces.truth == k).any() else 0.0 for k in range(7)])
    bins = bins_of(-turns, faces.hits[found], recalls[faces.truth[found]])
    return [each | {"edge": -each["edge"]} for each in bins]


def measure(everything: Faces, count: int) -> dict[str, list[dict]]:
    """The bins of each measure, from the worst on; `count` faces are degraded."""
    some = everything.first(count)
    return {
        "turn": by_turn(everything, everything.analyzer.detector),
        "roll": degraded(some, tilt, ROLLS),
        "size": degraded(some, small, SIZES),
        "sharpness": by_sharpness(some),
    }


def with_truth(data: Dataset, limit: int) -> tuple[list[Image.Image], np.ndarray]:
    """At most `limit` random faces, 0 for all, and the class (N,) of each."""
    truth = np.asarray(data["label"])
    if "votes" in data.column_names:
        truth = ferplus_majority(np.asarray(data["votes"], dtype=float))
    rows = np.random.default_rng(SEED).permutation(np.flatnonzero(truth >= 0))[: limit or None]
    return list(pictures(data.select(rows), "faces")), truth[rows]


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("benchmarks.unsure", __doc__)
    parser.add_argument("--faces", type=int, default=500, help="that are degraded (default: %(default)s)")
    parser.add_argument(
        "--limit", type=int, default=0, help="faces in all, 0: all that there are (default: %(default)s)"
    )
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    analyzer = FaceAnalyzer.from_pretrained(arguments.model, device=arguments.device)
    faces, truth = with_truth(load_fer(arguments.data)["validation"], arguments.limit)
    hits = read(analyzer, faces, truth, "as they are")
    bins = measure(Faces(analyzer, faces, truth, hits), arguments.faces)
    limits = {name: limit_of(each) for name, each in bins.items()}
    about = {
        "split": "validation",
        "faces": len(faces),
        "degraded": min(arguments.faces, len(faces)),
        "seed": SEED,
        "sha256": weights_hash(arguments.model),
    }
    record.keep("benchmarks.unsure", about | {"limits": limits, "bins": bins})
    if (config := Path(arguments.model) / "config.json").is_file():
        write_json(config, json.loads(config.read_text(encoding="utf-8")) | {"unsure_limits": limits})
    for name, limit in limits.items():
        print(f"{name:<10} {'no limit' if limit is None else limit}")


if __name__ == "__main__":
    record.run(main)
