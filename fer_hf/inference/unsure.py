"""Why an answer is unsure although its score is high: the face is turned away, too small or too blurred.

A measure is a reason beyond its limit. The limits stand in the model's config (`unsure_limits`), fitted to the weights
by `python -m benchmarks.unsure`; what has no limit is no reason.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

from fer_hf.errors import FerError

REASONS = ("turned_away", "too_small", "too_blurred")
SIDE = 48  # pixels; larger faces are reduced to it before their sharpness is measured
FARTHEST = 2.0  # eye distances; in a profile both eyes are in one place


class Pose(NamedTuple):
    """How a head is turned, by the detector's landmarks."""

    turn: float  # eye distances from the middle of the eyes to the tip of the nose, along the line through the eyes
    roll: float  # degrees by which that line is turned clockwise


class Measures(NamedTuple):
    """What may be a reason; NaN where it is not known."""

    turn: float = math.nan  # as in Pose
    roll: float = math.nan
    size: float = math.nan  # pixels per side of the face as it was cut out, before any resizing
    sharpness: float = math.nan  # variance of the Laplacian over the variance of the grey levels

    @property
    def pose(self) -> Pose | None:
        """None where there are no landmarks."""
        return None if math.isnan(self.turn) else Pose(round(self.turn, 3), round(self.roll, 1))


class Limits(NamedTuple):
    """From where on a measure is a reason: more `turn` or `roll` to either side, less `size` or `sharpness`."""

    turn: float | None = None
    roll: float | None = None
    size: float | None = None
    sharpness: float | None = None


UNMEASURED, UNLIMITED = Measures(), Limits()


def measure(crop: Image.Image, landmarks: np.ndarray) -> Measures:
    """The measures of a face that was cut out; its landmarks (5, 2) may lie in any picture of the same scale."""
    return Measures(*turn_and_roll(landmarks), float(min(crop.size)), sharpness(crop))


def turn_and_roll(landmarks: np.ndarray) -> tuple[float, float]:
    """As in Pose, from the landmarks (5, 2) of `Detection`."""
    left, right, nose = np.asarray(landmarks, dtype=float)[:3]
    line = right - left
    turn = (nose - (left + right) / 2) @ line / max(line @ line, 1e-9)
    return float(np.clip(turn, -FARTHEST, FARTHEST)), math.degrees(math.atan2(line[1], line[0]))


def sharpness(crop: Image.Image) -> float:
    """As in Measures; neither contrast nor light changes it."""
    size = tuple(min(length, SIDE) for length in crop.size)
    grey = np.asarray(crop.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0).convert("L"), np.float32)
    return float(cv2.Laplacian(grey, cv2.CV_32F).var() / max(grey.var(), 1.0))


def reasons(measures: Measures, limits: Limits) -> tuple[str, ...]:
    """Those of REASONS for which a measure is beyond its limit."""

    def beyond(name: str, sign: int) -> bool:
        limit = getattr(limits, name)
        return limit is not None and sign * abs(getattr(measures, name)) > sign * limit

    found = (beyond("turn", 1) or beyond("roll", 1), beyond("size", -1), beyond("sharpness", -1))
    return tuple(reason for reason, told in zip(REASONS, found, strict=True) if told)


def read_limits(config: dict) -> Limits:
    """The limits in a model's config; none where it has none.

    Raises:
        FerError: they are not numbers by the names of Limits.
    """
    values = config.get("unsure_limits") or {}
    if (
        not isinstance(values, dict)
        or not set(values) <= set(Limits._fields)
        or not all(map(_is_limit, values.values()))
    ):
        raise FerError("model_limits", value=repr(values)[:100], names=", ".join(Limits._fields))
    return Limits(**values)


def by_name(because: Sequence[str], pose: Pose | None) -> dict:
    """The reasons and the pose as plain values."""
    return {"unsure_because": list(because), "pose": pose and pose._asdict()}


def _is_limit(value: object) -> bool:
    return value is None or (isinstance(value, int | float) and math.isfinite(value) and value >= 0)
