"""How much of the classes' frequency is taken out of the votes head.

The FER+ votes name some expressions far more often than others, and a model that is trained on them learns this prior
with the faces. Logit adjustment (Menon et al., 2021) subtracts a part, tau, of the prior's logarithm from the logits:
rare expressions are read more often, at the price of some accuracy on the votes.

The rule by which tau is chosen was written before any tau was tried: the highest mean of accuracy and six-class F1
against the FER+ majority on validation; where a larger tau differs from the best by no more than chance (the bootstrap
95 % interval of the difference on the same faces holds 0), the largest such tau.
"""

from collections.abc import Sequence

import numpy as np

from fer_hf.evaluation.metrics import accuracy, interval, six_class_f1
from fer_hf.labels import FERPLUS_INDEX, LABELS

TAUS = (0.0, 0.25, 0.5, 0.75, 1.0)


def votes_score(scores: np.ndarray, majority: np.ndarray) -> float:
    """Mean of accuracy and six-class F1: scores (N, 7) or logits, majority (N,)."""
    return (accuracy(scores, majority) + six_class_f1(scores, majority)) / 2


def choose_tau(logits: np.ndarray, majority: np.ndarray, log_prior: np.ndarray, resamples: int = 1000) -> float:
    """The tau of TAUS that the rule above chooses.

    Args:
        logits: of the votes head, (N, 7).
        majority: class indices (N,) of the FER+ majority.
        log_prior: logarithm of the classes' frequency in the votes that the head was trained on, (7,).
        resamples: of the bootstrap.
    """
    adjusted = {tau: logits - tau * log_prior for tau in TAUS}
    best = max(TAUS, key=lambda tau: votes_score(adjusted[tau], majority))

    def lead(pair: np.ndarray, majority: np.ndarray) -> float:
        return votes_score(pair[:, 0], majority) - votes_score(pair[:, 1], majority)

    larger = [tau for tau in TAUS if tau > best]
    pairs = {tau: np.stack([adjusted[best], adjusted[tau]], axis=1) for tau in larger}
    as_good = [tau for tau in larger if not interval(lead, pairs[tau], majority, resamples)[0] > 0]
    return max([best, *as_good])


def log_prior_of(votes: np.ndarray) -> np.ndarray:
    """Logarithm (7,) of each class's share of the FER+ votes (N, 10) for the seven; each class is given one more."""
    counts = votes[:, list(FERPLUS_INDEX)].sum(0) + 1
    return np.log(counts / counts.sum())


def log_frequency(labels: Sequence[int]) -> np.ndarray:
    """Logarithm (7,) of each class's share of the labels; each class is given one more."""
    counts = np.bincount(labels, minlength=len(LABELS)) + 1
    return np.log(counts / counts.sum())
