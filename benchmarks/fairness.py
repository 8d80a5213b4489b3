"""For which faces is it worse? What FER2013 can tell, on PublicTest, and what it cannot.

    python -m benchmarks.fairness --data D [--model M]

FER2013 has no demographic labels. What can be measured is the expression and the picture: brightness, sharpness and
tilt of the face, each in five groups of equal size. The groups differ in their expressions (a happy face is easier, and
less often dark), so the accuracy of each group is shown beside the one to be expected from its expressions alone. The
truth is the label; with two heads it is the FER+ majority, on the faces that have one.
"""

import math
from pathlib import Path

import cv2
import numpy as np
from datasets import Dataset
from PIL import Image
from tqdm import tqdm

from benchmarks import record
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import load_fer
from fer_hf.evaluation import metrics
from fer_hf.evaluation.plots import figure
from fer_hf.evaluation.score import own_truth
from fer_hf.evaluation.views import score_pictures
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.detection import Detector
from fer_hf.inference.runtime import weights_hash
from fer_hf.inference.unsure import turn_and_roll
from fer_hf.labels import COLOURS, LABELS

QUINTILES = ("lowest", "low", "middle", "high", "highest")
NOT_FOUND = "no face found"
CANNOT_BE_REPORTED = (
    "Age, gender, skin colour, ethnicity, disability: FER2013 has no such labels, and guessing them from the pictures"
    " would put another model's bias in their place. No claim is made that the model is equally right for all people.",
    "Brightness is that of the picture: light, camera and skin together. It is not a measure of skin colour.",
    "Culture and context: the labels are what a search engine and a few people called the pictures, not what was felt.",
    "Spectacles, masks, head coverings, make-up: not labelled.",
)


def brightness(face: np.ndarray) -> float:
    """Mean grey level (0 to 255) of a grey face (h, w)."""
    return float(face.mean())


def sharpness(face: np.ndarray) -> float:
    """Variance of the Laplacian of a grey face (h, w), which is low where it is blurred."""
    return float(cv2.Laplacian(face, cv2.CV_64F).var())


def tilt(face: Image.Image, detector: Detector) -> float:
    """Degrees between the line through the eyes and the horizontal, in either direction; NaN where no face is found."""
    found = detector.detect(face.convert("RGB"))
    return abs(turn_and_roll(found[0].landmarks)[1]) if found else math.nan


def quintiles(values: np.ndarray) -> dict[str, np.ndarray]:
    """Masks of five groups of equal size by value; NaN is in none of them."""
    known = ~np.isnan(values)
    group = np.full(len(values), -1)
    if known.any():
        edges = np.quantile(values[known], (0.2, 0.4, 0.6, 0.8))
        group[known] = np.searchsorted(edges, values[known], side="right")
    return {name: group == index for index, name in enumerate(QUINTILES)}


def summarise(scores: np.ndarray, labels: np.ndarray, mask: np.ndarray, recalls: np.ndarray) -> dict:
    """The results of one group; `recalls` (7,) are those of the expressions on all faces."""
    chosen, true = scores[mask], labels[mask]
    return {
        "n": int(mask.sum()),
        "accuracy": metrics.accuracy(chosen, true),
        "interval_95": metrics.interval(metrics.accuracy, chosen, true),
        "expected_from_expressions": float(recalls[true].mean()),
        "confidence": float(chosen.max(1).mean()),
        "ece": metrics.ece(chosen, true),
    }


def by_group(scores: np.ndarray, labels: np.ndarray, features: dict[str, np.ndarray]) -> dict:
    """The results by expression and by the quintiles of each feature, without empty groups."""
    hits = scores.argmax(1) == labels
    recalls = np.array([hits[labels == index].mean() if (labels == index).any() else 0.0 for index in range(7)])
    masks = {"expression": {name: labels == index for index, name in enumerate(LABELS)}}
    for name, values in features.items():
        masks[name] = quintiles(values)
        masks[name][NOT_FOUND] = np.isnan(values)
    results = {}
    for kind, groups in masks.items():
        results[kind] = {name: summarise(scores, labels, mask, recalls) for name, mask in groups.items() if mask.any()}
        for name in set(results[kind]).intersection(QUINTILES):
            values = features[kind][groups[name]]
            results[kind][name] |= {"from": float(values.min()), "to": float(values.max())}
    return results


def measure(analyzer: FaceAnalyzer, data: Dataset, labels: np.ndarray) -> dict:
    """All results of one split against these classes (N,)."""
    faces = list(pictures(data, "faces"))
    grey = [np.asarray(face.convert("L")) for face in faces]
    features = {
        "brightness": np.array([brightness(each) for each in grey]),
        "sharpness": np.array([sharpness(each) for each in grey]),
        "tilt": np.array([tilt(face, analyzer.detector) for face in tqdm(faces, desc="tilt", unit="face", delay=2)]),
    }
    scores = score_pictures(analyzer, faces)
    return {
        "n": len(labels),
        "accuracy": metrics.accuracy(scores, labels),
        "groups": by_group(scores, labels, features),
        "cannot_be_reported": list(CANNOT_BE_REPORTED),
    }


def draw(results: dict, path: Path) -> None:
    """Accuracy of each group with its interval; hollow: expected from its expressions alone."""
    ticks, place = [], 0
    with figure(path, 10, 4.5) as axes:
        axes.axhline(100 * results["accuracy"], color="grey", linestyle=":", label="all faces")
        for kind, groups in results["groups"].items():
            start = place
            for name, row in groups.items():
                low, high = row["interval_95"]
                error = [[100 * (row["accuracy"] - low)], [100 * (high - row["accuracy"])]]
                colour = COLOURS.get(name, "#333333")
                axes.errorbar(place, 100 * row["accuracy"], error, fmt="o", color=colour, capsize=3)
                if kind != "expression":
                    axes.plot(place + 0.22, 100 * row["expected_from_expressions"], "o", mfc="none", color="grey")
                ticks.append((place, name))
                place += 1
            axes.text((start + place - 1) / 2, 1.02, kind, transform=axes.get_xaxis_transform(), ha="center")
            place += 1
        axes.plot([], [], "o", mfc="none", color="grey", label="expected from the group's expressions")
        axes.set_xticks(*zip(*ticks, strict=True), rotation=60, ha="right", fontsize=8)
        axes.set_ylabel("accuracy, % (95 % interval)")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.07), ncols=2, fontsize=8, frameon=False)
        axes.grid(axis="y", alpha=0.3)


def main(argv: list[str]) -> None:
    arguments = record.parse(record.build_parser("benchmarks.fairness", __doc__), argv)
    analyzer = FaceAnalyzer.from_pretrained(arguments.model, device=arguments.device)
    data = load_fer(arguments.data)["validation"]
    truth = own_truth(data, arguments.model)
    known = np.flatnonzero(truth >= 0)
    results = measure(analyzer, data.select(known), truth[known])
    record.keep("benchmarks.fairness", {"split": "validation", "sha256": weights_hash(arguments.model), **results})
    draw(results, record.path_of("benchmarks.fairness", ".png"))
    print("\n".join(f"cannot be reported: {line}" for line in CANNOT_BE_REPORTED))


if __name__ == "__main__":
    record.run(main)
