"""Confidence that means something: one temperature, fitted on validation, folded into the classifier's weights."""

import numpy as np
import torch
from scipy.optimize import minimize_scalar
from torch import nn
from transformers import PreTrainedModel

from fer_hf.metrics import nll


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities (N, 7) of logits (N, 7)."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """The temperature that minimises the negative log-likelihood (Guo et al., 2017)."""
    found = minimize_scalar(lambda t: nll(softmax(logits, t), labels), bounds=(0.1, 10), method="bounded")
    return float(found.x)


@torch.no_grad()
def fold_temperature(model: PreTrainedModel, temperature: float) -> None:
    """Divide the logits by `temperature` for good, so that plain `pipeline` scores are calibrated."""
    classifier = model.classifier
    if not isinstance(classifier, nn.Linear):
        raise TypeError(f"expected a linear classifier, got {type(classifier).__name__}")
    classifier.weight.div_(temperature)
    classifier.bias.div_(temperature)
