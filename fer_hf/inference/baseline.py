"""A personal baseline: some faces at rest look sad or angry to the model, and this takes that out.

For three seconds a visitor shows a resting face. The offset is the model's mean logits on validation's neutral faces
(`neutral_logits` in its config) minus the visitor's; added to the logits of what follows, it makes the resting face
read as neutral faces are. Scores that are adjusted so are not calibrated.
"""

import math

import numpy as np

from fer_hf.errors import FerError
from fer_hf.labels import LABELS

SECONDS = 3.0  # of resting face
LEAST = 8  # frames with one face
CAP = 2.0  # by which one logit is moved at most: a factor of seven in its odds


class RestingFace:
    """Collects what the model reads in a resting face for SECONDS, from the time `start` on."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.face: int | None = None  # the number of the face
        self._logits: list[np.ndarray] = []
        self._problem = "baseline_no_face"

    def share(self, time: float) -> float:
        """How much of the time is over, 0 to 1."""
        return min(1.0, (time - self.start) / SECONDS)

    def add(self, faces: list[int], scores: np.ndarray) -> None:
        """A frame: the numbers of the faces in it, and the scores (n, 7) of those that were scored."""
        if len(faces) > 1 or self.face not in (None, *faces):
            self._logits, self.face, self._problem = [], None, "baseline_several_faces"
        elif len(scores):
            self.face = faces[0]
            self._logits.append(centred_logits(scores[0]))

    def offset(self, neutral: np.ndarray) -> np.ndarray:
        """What is to be added to the logits (7,), given the mean logits of neutral faces (7,).

        Raises:
            FerError: one and the same face was not seen in enough frames.
        """
        if len(self._logits) < LEAST:
            raise FerError(self._problem)
        return np.clip(neutral - np.mean(self._logits, axis=0), -CAP, CAP)


def centred_logits(scores: np.ndarray) -> np.ndarray:
    """The logits (..., 7) behind probabilities (..., 7), with a mean of 0."""
    logits = np.log(np.clip(scores, 1e-9, 1))
    return logits - logits.mean(-1, keepdims=True)


def adjusted(scores: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """Probabilities (n, 7) with `offset` (7,) added to their logits."""
    powers = scores * np.exp(offset)
    return powers / powers.sum(-1, keepdims=True)


def read_neutral_logits(config: dict) -> np.ndarray | None:
    """`neutral_logits` (7,) of a model's config, in the order of LABELS; None where it has none.

    Raises:
        FerError: they are not seven numbers.
    """
    values = config.get("neutral_logits")
    if values is None:
        return None
    numbers = isinstance(values, list) and all(type(each) in (int, float) and math.isfinite(each) for each in values)
    if not numbers or len(values) != len(LABELS):
        raise FerError("model_neutral_logits", value=repr(values)[:100], count=len(LABELS))
    return np.array(values, dtype=float)
