"""The expression models that people install today, as ONNX files: faces in, seven scores each out.

Part of `python -m benchmarks.baselines`.
"""

import math
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import onnx
import onnxruntime
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.labels import LABELS

BATCH = 64


@dataclass(frozen=True)
class Peer:
    """One model: its file in the peers' folder, and the pictures and labels that it was trained with."""

    name: str
    file: str
    size: int  # pixels a side
    grey: bool  # one channel in -1..1; else RGB in 0..255
    labels: tuple[str, ...] = LABELS


PEERS = (
    Peer("fer (mini_XCEPTION.102)", "fer_mini_xception/fer_mini_xception.onnx", 64, True),
    Peer("fer (tflite, quantised)", "fer_mini_xception/fer_quantized.onnx", 64, True),
    Peer("face_classification big_XCEPTION.54", "oarriaga_xception/big_xception_54.onnx", 64, True),
    Peer("face_classification mini_XCEPTION.119", "oarriaga_xception/mini_xception_119.onnx", 48, True),
    Peer(
        "face-api.js",
        "face_api_js/face_expression.onnx",
        112,
        False,
        ("neutral", "happy", "sad", "angry", "fear", "disgust", "surprise"),
    ),
)


class PeerReader:
    """Reads faces with one peer."""

    def __init__(self, peer: Peer, folder: Path, threads: int) -> None:
        self.peer, self.path = peer, folder / peer.file
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        # Its threads otherwise spin on after a pass, and slow whatever is timed next.
        options.add_session_config_entry("session.force_spinning_stop", "1")
        try:
            self._session = onnxruntime.InferenceSession(self.path, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common parent
            raise FerError(f"{peer.file}: no ONNX model in the folder of --peers that can be read") from error
        self._input = self._session.get_inputs()[0]
        self._batch = 1 if self._input.shape[0] == 1 else BATCH
        self._order = [peer.labels.index(name) for name in LABELS]

    def scores(self, faces: list[Image.Image]) -> np.ndarray:
        """Probabilities (n, 7) in the order of LABELS for n pictures of one face each."""
        parts = [self._forward(faces[start : start + self._batch]) for start in range(0, len(faces), self._batch)]
        scores = np.concatenate(parts)[:, self._order].astype(np.float64)
        return scores / scores.sum(1, keepdims=True)  # the quantised one's sums are only about 1

    def _forward(self, faces: list[Image.Image]) -> np.ndarray:
        return self._session.run(None, {self._input.name: model_input(faces, self.peer)})[0]

    def bytes(self) -> int:
        """Size on disk."""
        return self.path.stat().st_size

    def parameters(self) -> int:
        """About how many numbers were learnt: all constants but shapes; folded norms are not in it."""
        constants = onnx.load(self.path).graph.initializer
        return sum(math.prod(each.dims) for each in constants if each.data_type != onnx.TensorProto.INT64)


def model_input(faces: list[Image.Image], peer: Peer) -> np.ndarray:
    """Faces as the peer takes them, float32 (n, size, size, 1 or 3)."""
    size = (peer.size, peer.size)
    grey = np.stack([cv2.resize(np.asarray(face.convert("L")), size) for face in faces]).astype(np.float32)
    return grey[..., None] / 127.5 - 1 if peer.grey else np.repeat(grey[..., None], 3, axis=3)
