"""Reading the faces in photos: a photo in, boxes and seven scores a face out.

python -m fer_hf predict PHOTO... [--model M] [--detector D] [--crop] [--json F] [--csv F]
"""

import argparse
import os
import re
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from tqdm import tqdm
from transformers import AutoImageProcessor, AutoModelForImageClassification
from transformers.image_processing_utils import BaseImageProcessor
from transformers.modeling_utils import PreTrainedModel
from transformers.utils import cached_file, logging

from fer_hf.environment import default_model
from fer_hf.errors import FerError, first_line
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.detection import CenterFaceDetector, Detection, Detector, YuNetDetector, crop_face
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.results import CSV_COLUMNS, Face, PhotoResult, csv_rows, unsure_labels
from fer_hf.io import printable, sha256_of, write_json, write_text
from fer_hf.labels import LABEL_OF_NAME, LABELS

MODEL_FILES = ("config.json", "model.safetensors", "preprocessor_config.json")
BATCH = 64  # faces in one forward pass: bounds the memory that a photo of a crowd needs


class FaceAnalyzer:
    """A detector and a classifier of seven expressions. Safe to use from several threads."""

    def __init__(self, model: PreTrainedModel, processor: BaseImageProcessor, detector: Detector) -> None:
        self.model = model.eval()
        self.processor = processor
        self.detector = detector
        self.unsure_below = _unsure_below(model.config.to_dict())
        self._order = _order_of_labels(model.config.id2label)

    @classmethod
    def from_pretrained(cls, model: str | None = None, detector: Detector | None = None) -> "FaceAnalyzer":
        """Load a model folder or a Hub id; without one, the model that ships. The default detector is CenterFace.

        Raises:
            FerError: the model is missing, incomplete, or its labels are not the seven expressions.
        """
        model = model or default_model()
        _check_model_name(model)
        try:
            classifier, loading = AutoModelForImageClassification.from_pretrained(
                model, use_safetensors=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
            )
            processor = AutoImageProcessor.from_pretrained(model, backend="pil", trust_remote_code=False)
        except Exception as error:  # what a broken config or weight file raises has no common parent
            raise FerError("model_unreadable", model, details=first_line(error)) from error
        if loading["missing_keys"]:  # transformers only warns, and reads faces with random numbers
            raise FerError("model_weights_lack", model, name=min(loading["missing_keys"]))
        try:
            return cls(classifier, processor, detector or CenterFaceDetector())
        except FerError as error:
            raise FerError(error.code, model, **error.params) from None

    def analyze(self, photo: Image.Image) -> PhotoResult:
        """Find all faces in an upright RGB photo and read them in one batch."""
        detections = self.detector.detect(photo)
        scores = self.scores([crop_face(photo, detection) for detection in detections])
        faces = (self.face(*pair, photo.size) for pair in zip(detections, scores, strict=True))
        return PhotoResult(photo.width, photo.height, tuple(faces))

    def face(self, detection: Detection, scores: np.ndarray, size: tuple[int, int]) -> Face:
        """A face in a photo of `size` (width, height) whose scores (7,) are known."""
        by_label = _by_label(scores)
        label = max(by_label, key=by_label.get)
        box = _box_inside(detection.box, size)
        return Face(box, by_label[label], label, by_label, detection, self.unsure(by_label))

    def unsure(self, scores: dict[str, float]) -> tuple[str, ...]:
        """The two best labels where the best is below the model's threshold, else nothing.

        The threshold stands in the config as `unsure_below` (see `evaluation.calibration`); a model without one is
        never unsure.
        """
        return unsure_labels([scores[name] for name in LABELS], self.unsure_below)

    def scores_of_crop(self, crop: Image.Image) -> dict[str, float]:
        """Read a picture that already is one face, framed closely."""
        return _by_label(self.scores([crop])[0])

    def scores(self, crops: list[Image.Image]) -> np.ndarray:
        """Probabilities (n, 7) in the order of LABELS for n pictures of one face each."""
        parts = [self._forward(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)]
        return np.concatenate(parts) if parts else np.empty((0, len(LABELS)), np.float32)

    @torch.inference_mode()
    def _forward(self, crops: list[Image.Image]) -> np.ndarray:
        pixels = self.processor([crop.convert("RGB") for crop in crops], return_tensors="pt")
        return self.model(**pixels).logits.float().softmax(-1)[:, self._order].numpy()


def weights_hash(model: str) -> str:
    """sha256 of the model's weight file, of a folder or a Hub id."""
    return sha256_of(Path(cached_file(model, "model.safetensors")))


def _check_model_name(model: str) -> None:
    """Refuse what can be neither a whole model folder nor a Hub id, before the Hub is asked."""
    folder = Path(model)
    if folder.is_dir():
        missing = [name for name in MODEL_FILES if not (folder / name).is_file()]
        if missing:
            raise FerError("model_folder_lacks", model, files=", ".join(missing))
    elif not re.fullmatch(r"\w[\w.-]*(/\w[\w.-]*)?", model):
        raise FerError("model_missing", model)


def _order_of_labels(id2label: dict[int, str]) -> list[int]:
    """Index in the model's output for each of LABELS."""
    found = [LABEL_OF_NAME.get(str(id2label[index]).strip().lower()) for index in sorted(id2label)]
    if len(found) != len(LABELS) or set(found) != set(LABELS):
        names = ", ".join(str(id2label[index]) for index in sorted(id2label)[:10])
        more = ", ..." if len(id2label) > 10 else ""
        raise FerError("model_other_labels", found=names + more, expected=", ".join(LABELS))
    return [found.index(name) for name in LABELS]


def _unsure_below(config: dict) -> float:
    threshold = config.get("unsure_below", 0.0)
    if not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        raise FerError("model_threshold", value=repr(threshold))
    return float(threshold)


def _by_label(scores: np.ndarray) -> dict[str, float]:
    return dict(zip(LABELS, scores.tolist(), strict=True))


def _box_inside(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[int, int, int, int]:
    """Whole pixels inside the photo, at least one pixel wide and high."""
    width, height = size
    x1, y1 = min(max(round(box[0]), 0), width - 1), min(max(round(box[1]), 0), height - 1)
    return x1, y1, min(max(round(box[2]), x1 + 1), width), min(max(round(box[3]), y1 + 1), height)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("photos", nargs="+", metavar="PHOTO", help="picture files")
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--detector", metavar="D", help="YuNet by ONNX file or Hub id (default: CenterFace)")
    parser.add_argument("--crop", action="store_true", help="each picture already is one face: do not look for faces")
    parser.add_argument("--json", metavar="F", help="write all readings to this file")
    parser.add_argument("--csv", metavar="F", help="write a row a face to this file")


def run(arguments: argparse.Namespace) -> None:
    for path in (arguments.json, arguments.csv):
        if path:
            _check_writable(Path(path))
    logging.disable_progress_bar()
    analyzer = FaceAnalyzer.from_pretrained(
        arguments.model, YuNetDetector(arguments.detector) if arguments.detector else None
    )
    readings, failed = {}, 0
    for file in tqdm(arguments.photos, unit="photo", disable=len(arguments.photos) < 4):
        try:
            readings[file] = _read_file(analyzer, file, arguments.crop)
        except FerError as error:
            failed += 1
            tqdm.write(f"error: {error}", file=sys.stderr)
    _report(readings, arguments.json, arguments.csv)
    if failed:
        raise FerError("photos_failed", failed=failed, photos=len(arguments.photos))


def _read_file(analyzer: FaceAnalyzer, file: str, is_crop: bool) -> PhotoResult:
    photo = open_photo(file)
    if not is_crop:
        return analyzer.analyze(photo)
    whole = Detection((0.0, 0.0, float(photo.width), float(photo.height)), 1.0, np.full((5, 2), np.nan, np.float32))
    return PhotoResult(*photo.size, (analyzer.face(whole, analyzer.scores([photo])[0], photo.size),))


def _check_writable(path: Path) -> None:
    """Refuse an output that cannot be written before any work is done."""
    if path.is_dir():
        raise FerError("output_is_folder", path)
    folder = next(parent for parent in path.absolute().parents if parent.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise FerError("output_folder", path, folder=folder)


def _report(readings: dict[str, PhotoResult], json_file: str | None, csv_file: str | None) -> None:
    if json_file:
        write_json(json_file, [reading.to_dict(_printable(file)) for file, reading in readings.items()])
    if csv_file:
        rows = [row for file, reading in readings.items() for row in csv_rows(_printable(file), reading)]
        write_text(csv_file, csv_text(CSV_COLUMNS, rows))
    if not json_file and not csv_file:
        print(_table(readings), end="")


def _printable(file: str) -> str:
    """A file name as text that can be encoded and does not command a terminal."""
    return printable(os.fsencode(file).decode("utf-8", "replace"))


def _table(readings: dict[str, PhotoResult]) -> str:
    lines = []
    for file, reading in readings.items():
        lines.append(f"{_printable(file)}  {reading.width} x {reading.height}")
        for number, face in enumerate(reading.faces, start=1):
            best = sorted(face.scores.items(), key=lambda pair: -pair[1])[:3]
            scores = "  ".join(f"{name} {100 * score:3.0f} %" for name, score in best)
            unsure = f"unsure: {' or '.join(face.unsure)}  " if face.unsure else ""
            lines.append(f"  {number:>3}  {unsure}{scores}  at {face.box}")
        if not reading.faces:
            lines.append("  no face found")
    return "".join(f"{line}\n" for line in lines)
