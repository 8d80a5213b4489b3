"""The expression models that people install today, as ONNX files; benchmarks/README.md says where they come from.

Part of `python -m benchmarks.baselines`.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
from PIL import Image

from benchmarks.timing import onnx_session
from fer_hf.errors import FerError
from fer_hf.labels import LABELS

BATCH = 64


@dataclass(frozen=True)
class Baseline:
    """One model: its file in the folder of baselines, and the kind of pictures and labels that it was trained with."""

    name: str
    file: str
    size: int  # pixels, width and height
    grey: bool  # one channel from -1 to 1; otherwise RGB from 0 to 255
    labels: tuple[str, ...] = LABELS


BASELINES = (
    Baseline("fer (mini_XCEPTION.102)", "fer_mini_xception/fer_mini_xception.onnx", 64, True),
    Baseline("fer (tflite, quantised)", "fer_mini_xception/fer_quantized.onnx", 64, True),
    Baseline("face_classification big_XCEPTION.54", "oarriaga_xception/big_xception_54.onnx", 64, True),
    Baseline("face_classification mini_XCEPTION.119", "oarriaga_xception/mini_xception_119.onnx", 48, True),
    Baseline(
        "face-api.js",
        "face_api_js/face_expression.onnx",
        112,
        False,
        ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"),
    ),
)


class OnnxBaseline:
    """A baseline that is ready to score faces.

    Raises:
        FerError: its file is missing or not an ONNX model.
    """

    def __init__(self, baseline: Baseline, folder: Path, threads: int) -> None:
        self.baseline, self.path = baseline, folder / baseline.file
        try:
            self._session = onnx_session(self.path, threads)
        except Exception as error:  # onnxruntime's errors have no common parent
            raise FerError("baseline_unreadable", baseline.file) from error
        self._input = self._session.get_inputs()[0]
        self._batch = 1 if self._input.shape[0] == 1 else BATCH
        self._order = [baseline.labels.index(name) for name in LABELS]

    def scores(self, faces: list[Image.Image]) -> np.ndarray:
        """Probabilities (n, 7) in the order of LABELS for n pictures of one face each."""
        parts = [self._forward(faces[start : start + self._batch]) for start in range(0, len(faces), self._batch)]
        scores = np.concatenate(parts)[:, self._order].astype(np.float64)
        return scores / scores.sum(1, keepdims=True)  # the sums of the quantised model are only about 1

    def _forward(self, faces: list[Image.Image]) -> np.ndarray:
        return self._session.run(None, {self._input.name: model_input(faces, self.baseline)})[0]

    def bytes(self) -> int:
        """Size on disk in bytes."""
        return self.path.stat().st_size

    def parameters(self) -> int:
        """The approximate number of parameters: all constants but shapes, without folded normalisation layers."""
        constants = onnx.load(self.path).graph.initializer
        return sum(math.prod(each.dims) for each in constants if each.data_type != onnx.TensorProto.INT64)


def model_input(faces: list[Image.Image], baseline: Baseline) -> np.ndarray:
    """Faces as the baseline takes them, float32 (n, size, size, 1 or 3)."""
    size = (baseline.size, baseline.size)
    grey = np.stack([cv2.resize(np.asarray(face.convert("L")), size) for face in faces]).astype(np.float32)
    return grey[..., None] / 127.5 - 1 if baseline.grey else np.repeat(grey[..., None], 3, axis=3)
