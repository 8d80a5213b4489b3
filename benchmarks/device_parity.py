"""Whether the browser's modules read what Python reads: the modules are run in Node. Part of `benchmarks.device`."""

import base64
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.record import ROOT
from fer_hf.errors import FerError
from fer_hf.hub.onnx import INT8
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.site.device_files import DETECTOR, build_device
from fer_hf.web.device import FOLDER, device_config

RUNTIME = FOLDER / "node_modules" / "onnxruntime-web" / "dist"
# Edges of a box in sides of the face, share of faces with the same label, and a score, at most or at least.
LIMITS = {"box": 0.02, "labels": 0.98, "score": 0.03}


def export(model: str, folder: Path) -> FaceAnalyzer:
    """Write the files that the browser reads with; return what reads with the same weights in Python."""
    build_device(model, folder)
    return FaceAnalyzer.from_pretrained(folder, backend="onnx")


def install_runtime() -> None:
    """Fetch onnxruntime-web as package-lock.json pins it, unless it is there.

    Raises:
        FerError: there is no npm, or it fails.
    """
    if not (npm := shutil.which("npm")):
        raise FerError("npm_missing")
    if not RUNTIME.is_dir():
        subprocess.run([npm, "ci"], cwd=FOLDER, check=True, capture_output=True)


class InNode:
    """The browser's modules, run in Node with the files of `export`."""

    def __init__(self, folder: Path, config: dict, threads: int = 1) -> None:
        self._request = {
            "runtime": (RUNTIME / "ort.node.min.mjs").as_uri(),
            "detector": str(folder / DETECTOR),
            "classifier": str(folder / INT8),
            "config": config,
            "threads": threads,
        }

    def read(self, pictures: list[Image.Image]) -> list[dict]:
        """What is in each picture, as `PhotoResult.to_dict` without a file's name."""
        return self._ask(pictures=[_encoded(picture) for picture in pictures])["results"]

    def follow(self, frames: list[tuple[Image.Image, float]], baseline_at: int | None = None) -> dict:
        """A live session of these frames and their times: {"frames", "summary", "csv"} as of `LiveSession`.

        `baseline_at`: from which frame on a resting face is taken.
        """
        rows = [_encoded(frame) | {"time": time} for frame, time in frames]
        return self._ask(frames=[row | {"baseline": i == baseline_at} for i, row in enumerate(rows)])

    def _ask(self, pictures: Sequence[dict] = (), frames: Sequence[dict] = ()) -> dict:
        request = json.dumps({**self._request, "pictures": pictures, "frames": frames})
        words = ["node", ROOT / "benchmarks" / "device_parity.mjs"]
        return json.loads(subprocess.run(words, input=request, check=True, stdout=subprocess.PIPE, text=True).stdout)


def _encoded(picture: Image.Image) -> dict:
    return {"width": picture.width, "height": picture.height, "rgb": base64.b64encode(picture.tobytes()).decode()}


def compare(expected: list[dict], got: list[dict]) -> dict:
    """How far the answers to the same pictures are apart; faces are compared where both have found the same number."""
    both = [(one, other) for one, other in zip(expected, got, strict=True) if len(one["faces"]) == len(other["faces"])]
    faces = [pair for one, other in both for pair in zip(one["faces"], other["faces"], strict=True)]
    same = ("label", "unsure", "unsure_because")
    return {
        "pictures": len(expected),
        "same_number_of_faces": len(both),
        "faces": len(faces),
        **{f"same_{name}": sum(one[name] == other[name] for one, other in faces) for name in same},
        "largest_box_difference": round(max(_box_difference(*pair) for pair in faces), 4),
        "scores_within_limit": sum(_score_difference(*pair) <= LIMITS["score"] for pair in faces),
        "largest_score_difference": round(max(_score_difference(*pair) for pair in faces), 4),
    }


def _box_difference(one: dict, other: dict) -> float:
    """The farthest of the four edges, in sides of the face."""
    x1, y1, x2, y2 = one["box"]
    return max(abs(a - b) for a, b in zip(one["box"], other["box"], strict=True)) / max(x2 - x1, y2 - y1)


def _score_difference(one: dict, other: dict) -> float:
    return max(abs(score - other["scores"][label]) for label, score in one["scores"].items())


def compare_pictures(folder: Path, analyzer: FaceAnalyzer, pictures: list[Image.Image]) -> dict:
    """How far Python and the browser's modules are apart on these pictures."""
    expected = [analyzer.analyze(picture).to_dict("") for picture in pictures]
    result = compare(expected, InNode(folder, device_config(analyzer)).read(pictures))
    met = (
        result["same_number_of_faces"] == result["pictures"]
        and result["same_label"] >= LIMITS["labels"] * result["faces"]
        and result["largest_box_difference"] <= LIMITS["box"]
        and result["largest_score_difference"] <= LIMITS["score"]
    )
    return {**result, "largest_score_difference_from_noise": round(noise(analyzer, pictures), 4), "met": met}


def noise(analyzer: FaceAnalyzer, pictures: list[Image.Image]) -> float:
    """By how much Python's own scores change with the pixels by 1e-4 of their spread, far less than a grey level.

    The int8 file rounds its activations to a step that depends on the largest of them, so that what is lost in rounding
    anywhere, such as in another order of addition, may come out as this much.
    """
    random = np.random.default_rng(0)
    largest = 0.0
    for picture in pictures:
        pixels = analyzer.pixels([crop_face(picture, face) for face in analyzer.detector.detect(picture)])
        if len(pixels):
            shaken = pixels + 1e-4 * random.standard_normal(pixels.shape, np.float32)
            change = analyzer.classify(list(shaken)) - analyzer.classify(list(pixels))
            largest = max(largest, float(np.abs(change).max()))
    return largest
