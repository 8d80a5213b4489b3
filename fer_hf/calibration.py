"""Confidence that means something: fitted on validation, folded into the classifier's weights.

One temperature and one bias a class (bias-corrected temperature scaling; Alexandari et al., 2020). The biases undo what
training against FER+ votes does to the classes' shares: they say "neutral" more often than FER2013's labels do.
"""

from typing import NamedTuple

import numpy as np
import torch
from scipy.optimize import minimize
from torch import nn
from transformers import PreTrainedModel

from fer_hf.labels import LABELS
from fer_hf.metrics import nll


class Calibration(NamedTuple):
    """Calibrated logits are logits / temperature + biases."""

    temperature: float
    biases: list[float]  # in the order of LABELS, summing to 0

    def apply(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated logits (N, 7)."""
        return logits.astype(np.float64) / self.temperature + np.asarray(self.biases)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities (N, 7) of logits (N, 7)."""
    logits = logits.astype(np.float64)
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def fit_calibration(logits: np.ndarray, labels: np.ndarray) -> Calibration:
    """The temperature and biases that minimise the negative log-likelihood of labels (N,) under logits (N, 7)."""

    def unpacked(values: np.ndarray) -> Calibration:
        return Calibration(float(np.exp(values[0])), (values[1:] - values[1:].mean()).tolist())

    found = minimize(lambda values: nll(softmax(unpacked(values).apply(logits)), labels), np.zeros(1 + len(LABELS)))
    return unpacked(found.x)


@torch.no_grad()
def fold_calibration(model: PreTrainedModel, calibration: Calibration) -> None:
    """Calibrate the classifier's weights for good, so that plain `pipeline` scores are calibrated."""
    classifier = model.classifier
    if not isinstance(classifier, nn.Linear):
        raise TypeError(f"expected a linear classifier, got {type(classifier).__name__}")
    classifier.weight.div_(calibration.temperature)
    classifier.bias.div_(calibration.temperature).add_(torch.tensor(calibration.biases).to(classifier.bias))
