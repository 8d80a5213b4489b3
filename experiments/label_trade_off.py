"""FER2013's labels against the FER+ majority: what each share of the calibration's class biases gives, on PublicTest.

    python -m experiments.label_trade_off --data D [--model M]

A model that learned from FER+ votes too says "neutral" more often than FER2013's labels do. Calibration can undo that
(biases of share 1: the best likelihood of FER2013's labels) or keep it (share 0); the two scores compete. The rule that
chooses among the shares was written after two looks at PrivateTest and before the third: the highest accuracy among
those that agree with the FER+ majority on at least FERPLUS_FLOOR of the faces; where none does, the share that agrees
most.

The figures are cross-validated: each fifth of the faces is scored by a calibration fitted on the others.
"""

import argparse
from pathlib import Path

import numpy as np
from datasets import Dataset

from benchmarks import record
from fer_hf.data.load import load_fer
from fer_hf.errors import FerError
from fer_hf.evaluation import metrics
from fer_hf.evaluation.calibration import fit_calibration, softmax
from fer_hf.evaluation.model_metadata import read_training
from fer_hf.evaluation.plots import figure
from fer_hf.evaluation.score import score_pictures
from fer_hf.inference.analyzer import FaceAnalyzer, weights_hash

SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
FERPLUS_FLOOR = 0.80
FOLDS = 5
SEED = 0


def cross_validated(logits: np.ndarray, labels: np.ndarray, share: float) -> np.ndarray:
    """Probabilities (N, 7): each fold's from a calibration that was fitted on the other folds."""
    fold = np.random.default_rng(SEED).permutation(len(labels)) % FOLDS
    scores = np.empty(logits.shape)
    for each in range(FOLDS):
        calibration = fit_calibration(logits[fold != each], labels[fold != each], share)
        scores[fold == each] = softmax(calibration.apply(logits[fold == each]))
    return scores


def score(scores: np.ndarray, labels: np.ndarray, majority: np.ndarray) -> dict:
    """The scores that compete, and what calibration is for, with bootstrap 95 % intervals."""
    known = majority >= 0
    asked = {name: (getattr(metrics, name), scores, labels) for name in ("accuracy", "macro_f1", "ece", "nll")}
    asked["ferplus"] = (metrics.accuracy, scores[known], majority[known])
    figures = {name: metric(*of) for name, (metric, *of) in asked.items()}
    return figures | {"interval_95": {name: metrics.interval(*each) for name, each in asked.items()}}


def in_words(row: dict) -> str:
    """The figures of a row, without their intervals."""
    return "  ".join(f"{name} {value:.4g}" for name, value in row.items() if isinstance(value, int | float))


def chosen(rows: list[dict]) -> dict:
    """The row that the rule takes."""
    good = [row for row in rows if row["ferplus"] >= FERPLUS_FLOOR]
    return max(good, key=lambda row: row["accuracy"]) if good else max(rows, key=lambda row: row["ferplus"])


def with_majority(source: str) -> tuple[Dataset, np.ndarray, np.ndarray]:
    """PublicTest of a FER2013 source, its labels (N,) and its FER+ majorities (N,).

    Raises:
        FerError: the source has no FER+ votes.
    """
    data = load_fer(source)["validation"]
    if "votes" not in data.column_names:
        raise FerError(f"{source}: has no FER+ votes; there is nothing to compete")
    return data, np.asarray(data["label"]), metrics.ferplus_majority(np.asarray(data["votes"], dtype=float))


def log_scores(analyzer: FaceAnalyzer, data: Dataset) -> np.ndarray:
    """Logits (N, 7) up to a constant a face, which no calibration sees."""
    return np.log(np.clip(score_pictures(analyzer, data).astype(np.float64), 1e-30, 1))


def raw_logits(analyzer: FaceAnalyzer, model: str, data: Dataset) -> np.ndarray:
    """Logits (N, 7) as they were before a calibration was folded into the weights.

    Raises:
        FerError: the model's folder does not say how these weights were calibrated.
    """
    facts = read_training(Path(model))
    if not facts:
        raise FerError(f"{model}: has no training.json and no report.json beside it; expected a model of train.py")
    return (log_scores(analyzer, data) - np.asarray(facts["biases"])) * facts["temperature"]


def draw(rows: list[dict], best: dict, path: Path) -> None:
    """Accuracy against agreement, a dot a share."""
    with figure(path, 5.5, 4) as axes:
        x, y = ([100 * row[name] for row in rows] for name in ("ferplus", "accuracy"))
        axes.plot(x, y, "o-", color="#0072B2")
        axes.plot(
            100 * best["ferplus"], 100 * best["accuracy"], "o", ms=13, mfc="none", color="#D55E00", label="chosen"
        )
        for row, *place in zip(rows, x, y, strict=True):
            axes.annotate(f"{row['share']:g}", place, textcoords="offset points", xytext=(6, 6), fontsize=8)
        axes.axvline(100 * FERPLUS_FLOOR, color="grey", linestyle=":", linewidth=1)
        axes.set(xlabel="agreement with the FER+ majority, %", ylabel="FER2013 accuracy, %")
        axes.set_title("PublicTest, by the share of the class biases (cross-validated)", fontsize=10)
        axes.legend()


def build_parser() -> argparse.ArgumentParser:
    return record.build_parser("experiments.label_trade_off", __doc__)


def main(words: list[str]) -> None:
    arguments = record.parse(build_parser(), words)
    data, labels, majority = with_majority(arguments.data)
    logits = raw_logits(FaceAnalyzer.from_pretrained(arguments.model), arguments.model, data)
    rows = [{"share": share, **score(cross_validated(logits, labels, share), labels, majority)} for share in SHARES]
    best = chosen(rows)
    about = {"split": "validation", "sha256": weights_hash(arguments.model), "ferplus_floor": FERPLUS_FLOOR}
    record.keep("experiments.label_trade_off", about | {"shares": rows, "chosen": best["share"]})
    draw(rows, best, record.path_of("experiments.label_trade_off", ".png"))
    for row in rows:
        print(in_words(row), "<-" if row is best else "")


if __name__ == "__main__":
    record.run(main)
