"""What scores are worth: every number with its 95 % interval, and what the model knows where it is unsure."""

from collections.abc import Callable

import numpy as np

from fer_hf.evaluation import metrics

WITH_INTERVAL = (
    metrics.accuracy,
    metrics.macro_f1,
    metrics.ece,
    metrics.nll,
    metrics.brier,
    metrics.coverage_80,
)


def summarise(scores: np.ndarray, labels: np.ndarray, *more: Callable[[np.ndarray, np.ndarray], float]) -> dict:
    """All scores of these pictures, and `more`, with bootstrap 95 % intervals."""
    with_interval = (*WITH_INTERVAL, *more)
    return {
        "n": len(labels),
        **{score.__name__: score(scores, labels) for score in with_interval},
        "ece_floor": metrics.ece_floor(scores),
        "interval_95": {score.__name__: metrics.interval(score, scores, labels) for score in with_interval},
        "per_class": metrics.per_class(scores, labels),
        "confusion_matrix": metrics.confusion_matrix(scores, labels).tolist(),
        "reliability": metrics.reliability(scores, labels),
    }


def unsure_summary(scores: np.ndarray, labels: np.ndarray, threshold: float) -> dict:
    """How often the model is unsure, and its accuracy where it is and where it is not."""
    unsure = scores.max(1) < threshold
    in_best_two = (np.argsort(-scores, axis=1)[:, :2] == labels[:, None]).any(1)
    shares = {
        "accuracy_sure": metrics.accuracy(scores[~unsure], labels[~unsure]) if not unsure.all() else None,
        "accuracy_unsure": metrics.accuracy(scores[unsure], labels[unsure]) if unsure.any() else None,
        "one_of_two_unsure": float(in_best_two[unsure].mean()) if unsure.any() else None,
    }
    return {"below": threshold, "share": float(unsure.mean()), **shares}
