"""Calibration: one temperature and one bias per class, fitted on validation.

This is bias-corrected temperature scaling (Alexandari et al., 2020). The biases undo what training on FER+ votes does
to the frequency of each class: the votes say "neutral" more often than FER2013's labels do.
"""

from typing import NamedTuple

import numpy as np
from scipy import special
from scipy.optimize import minimize

from fer_hf.evaluation.metrics import nll
from fer_hf.labels import LABELS

UNSURE_SHARE = 0.2  # of the validation faces: the share on which the model is to say that it is unsure


class Calibration(NamedTuple):
    """Calibrated logits are logits / temperature + biases."""

    temperature: float
    biases: list[float]  # in the order of LABELS, summing to 0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated logits (N, 7)."""
        return logits.astype(np.float64) / self.temperature + np.asarray(self.biases)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (N, 7) of logits (N, 7)."""
    return special.softmax(logits.astype(np.float64), axis=1)


def fit_calibration(logits: np.ndarray, labels: np.ndarray, biases: float = 1.0) -> Calibration:
    """The temperature and biases that minimise the negative log-likelihood of the labels.

    Args:
        logits: the model's, (N, 7).
        labels: class indices (N,).
        biases: multiplies the fitted biases: 1 fits FER2013's labels best, 0 keeps what the FER+ votes taught. The
            temperature is then fitted again.
    """

    def loss(calibration: Calibration) -> float:
        return nll(softmax(calibration.apply(logits)), labels)

    def unpack(values: np.ndarray) -> Calibration:
        return Calibration(float(np.exp(values[0])), (values[1:] - values[1:].mean()).tolist())

    fitted = unpack(minimize(lambda values: loss(unpack(values)), np.zeros(1 + len(LABELS))).x)
    used = [biases * bias for bias in fitted.biases]
    start = np.log([fitted.temperature])
    logarithm = minimize(lambda values: loss(Calibration(float(np.exp(values[0])), used)), start).x[0]
    return Calibration(float(np.exp(logarithm)), used)


def neutral_logits(scores: np.ndarray, truth: np.ndarray) -> list[float] | None:
    """Mean logits (7) of the validation faces that are neutral, centred, from their scores (N, 7); None without any.

    They are saved in the model's config; a resting face is compared with them (see fer_hf/inference/baseline.py).
    """
    neutral = scores[truth == LABELS.index("neutral")]
    if not len(neutral):
        return None
    means = np.log(np.clip(neutral, 1e-9, 1)).mean(0)
    return [round(float(mean), 4) for mean in means - means.mean()]


def unsure_threshold(scores: np.ndarray, share: float = UNSURE_SHARE) -> float:
    """The confidence below which the given share of the validation scores (N, 7) lies.

    It is saved in the model's config as `unsure_below`; `metrics.coverage_80` is the accuracy above it.
    """
    return round(float(np.quantile(scores.max(1), share)), 4)
