"""Two heads on one backbone: a classifier of 14 outputs in training, a classifier and a label head once saved.

Outputs 0 to 6 are the votes head, trained on the FER+ votes; outputs 7 to 13 are the label head.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from torch import nn
from transformers import PreTrainedModel

from fer_hf.errors import FerError
from fer_hf.evaluation.calibration import Calibration, fit_calibration, neutral_logits, softmax, unsure_threshold
from fer_hf.evaluation.logit_adjustment import choose_tau, log_frequency, log_prior_of
from fer_hf.evaluation.metrics import ferplus_majority
from fer_hf.heads import LabelHead
from fer_hf.labels import ID2LABEL, LABEL2ID, LABELS
from fer_hf.training.report import score
from fer_hf.training.weights import fold_calibration

COUNT = len(LABELS)
VOTES_ROWS, LABEL_ROWS = slice(0, COUNT), slice(COUNT, 2 * COUNT)
OUTPUTS = [*LABELS, *(f"{name} (label)" for name in LABELS)]  # the names of all 14, in a checkpoint's config


def scored_columns(splits: DatasetDict, two_heads: bool) -> list[str]:
    """The columns of validation that are read when it is scored.

    Raises:
        FerError: two heads cannot be trained or scored: there are no FER+ votes, or no validation face has a majority.
    """
    if not two_heads:
        return ["image", "label"]
    for name in ("train", "validation"):
        if "votes" not in splits[name].column_names:
            raise FerError("two_heads_votes", name)
    if not (ferplus_majority(votes_of(splits["validation"])) >= 0).any():
        raise FerError("two_heads_majority", "validation")
    return ["image", "label", "votes"]


def votes_of(data: Dataset) -> np.ndarray:
    """The FER+ votes, (N, 10)."""
    return np.asarray(data["votes"][:], dtype=float)


class CalibratedHeads(NamedTuple):
    """Each head's calibration on validation, and its scores (N, 7) there."""

    tau: float  # see fer_hf/evaluation/logit_adjustment.py
    votes: Calibration
    label: Calibration
    votes_scores: np.ndarray
    label_scores: np.ndarray


def calibrate_heads(
    logits: np.ndarray, labels: np.ndarray, votes: np.ndarray, log_prior: np.ndarray, tau: float | None = None
) -> CalibratedHeads:
    """Fit one temperature per head against its own truth: the FER+ majority, FER2013's label.

    Args:
        logits: of both heads on validation, (N, 14).
        labels: FER2013's, class indices (N,).
        votes: FER+'s, (N, 10).
        log_prior: of the votes that the head was trained on, (7,).
        tau: the part of the prior that is taken out of the votes head; None: by the rule of `choose_tau`.
    """
    majority = ferplus_majority(votes)
    known = majority >= 0
    of_votes, of_label = logits[:, VOTES_ROWS], logits[:, LABEL_ROWS]
    if tau is None:
        tau = choose_tau(of_votes[known], majority[known], log_prior)
    adjusted = of_votes - tau * log_prior
    temperature = fit_calibration(adjusted[known], majority[known], 0).temperature
    biases = -tau * (log_prior - log_prior.mean()) / temperature
    votes_calibration, label_calibration = (
        Calibration(temperature, biases.tolist()),
        fit_calibration(of_label, labels, 0),
    )
    return CalibratedHeads(
        tau,
        votes_calibration,
        label_calibration,
        softmax(votes_calibration.apply(of_votes)),
        softmax(label_calibration.apply(of_label)),
    )


def split_heads(model: PreTrainedModel, heads: CalibratedHeads) -> LabelHead:
    """Make the calibrated votes head the model's classifier of seven, and return the calibrated label head."""
    both = model.classifier
    _set_classifier(model, both, LABEL_ROWS, heads.label)
    label = model.classifier
    _set_classifier(model, both, VOTES_ROWS, heads.votes)
    model.config.id2label, model.config.label2id = dict(ID2LABEL), dict(LABEL2ID)
    model.num_labels = COUNT
    model.config.unsure_below = unsure_threshold(heads.votes_scores)
    return LabelHead(label.weight.detach(), label.bias.detach(), unsure_threshold(heads.label_scores))


@torch.no_grad()
def _set_classifier(model: PreTrainedModel, both: nn.Linear, rows: slice, calibration: Calibration) -> None:
    model.classifier = nn.Linear(both.in_features, COUNT, device=both.weight.device)
    model.classifier.weight.copy_(both.weight[rows])
    model.classifier.bias.copy_(both.bias[rows])
    fold_calibration(model, calibration)


def finish_two_heads(
    model: PreTrainedModel, logits: np.ndarray, splits: DatasetDict, tau: float | None = None
) -> tuple[LabelHead, dict[str, Any]]:
    """Calibrate both heads by their logits (N, 14) on validation and split them; the label head, and what to report.

    The report is of the votes head, the model's classifier; that of the label head stands in it as `label_head`.
    """
    validation = splits["validation"]
    labels, log_prior = np.asarray(validation["label"][:]), log_prior_of(votes_of(splits["train"]))
    heads = calibrate_heads(logits, labels, votes_of(validation), log_prior, tau)
    label_head = split_heads(model, heads)
    model.config.log_prior = {
        "votes": ((1 - heads.tau) * log_prior / heads.votes.temperature).round(4).tolist(),
        "label": (log_frequency(splits["train"]["label"][:]) / heads.label.temperature).round(4).tolist(),
    }  # what is left of the training data's in the calibrated logits: `fer_hf.evaluation.zero_shot` takes it out
    model.config.neutral_logits = neutral_logits(heads.votes_scores, ferplus_majority(votes_of(validation)))
    of_label = score(heads.label_scores, validation) | heads.label._asdict()
    return label_head, score(heads.votes_scores, validation) | heads.votes._asdict() | {
        "tau": heads.tau,
        "label_head": of_label,
    }
