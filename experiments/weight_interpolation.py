"""How far the finished weights go back to those that their run went on from: what each share gives, on PublicTest.

    python -m experiments.weight_interpolation --model START --run runs/dinov2-small-more --data D

START is the model that the run went on from, `--run` the folder of train.py with its checkpoints. Weights between the
two ends of a fine-tuning are often better than either (WiSE-FT; Wortsman et al., 2022). The rule: the best calibrated
(lowest ECE) of those whose agreement with the FER+ majority lies at most half a point below that of
experiments/label_trade_off.py; where none does, the one that agrees most.
"""

import argparse
import json
from pathlib import Path

import torch
from transformers import AutoModelForImageClassification

from benchmarks import record
from experiments.label_trade_off import (
    FERPLUS_FLOOR,
    SHARES,
    cross_validated,
    in_words,
    log_scores,
    score,
    with_majority,
)
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer, weights_hash
from fer_hf.training.backbone import mix
from fer_hf.training.trainer import AVERAGE

START_SHARES = (0.0, 0.25, 0.5, 0.75)
TOLERANCE = 0.005  # below FERPLUS_FLOOR: a third of the interval's half width


def trained_weights(run: Path, start: str) -> Path:
    """The checkpoint that the run picked: its averaged weights, where it has some.

    Raises:
        FerError: the run is not finished, did not go on from the model `start`, or its checkpoint is gone.
    """
    path = run / "report.json"
    if not path.is_file():
        raise FerError(f"{run}: has no report.json; expected the folder of a finished run of train.py")
    report = json.loads(path.read_text(encoding="utf-8"))
    if (report["before"] or {}).get("sha256") != weights_hash(start):
        raise FerError(f"{path}: before: the run did not go on from the weights of {start}")
    checkpoint = run / f"checkpoint-{report['best_step']}"
    if not checkpoint.is_dir():
        raise FerError(f"{checkpoint}: is not there; the best checkpoint is needed")
    return checkpoint / AVERAGE if (checkpoint / AVERAGE).is_dir() else checkpoint


def mixed(start: str, trained: Path, share: float) -> FaceAnalyzer:
    """A analyzer of the trained weights, moved back by `share` towards the start."""
    analyzer = FaceAnalyzer.from_pretrained(start)
    first, analyzer.model = (
        analyzer.model,
        AutoModelForImageClassification.from_pretrained(trained, dtype=torch.float32),
    )
    mix(analyzer.model.eval(), first, share)
    return analyzer


def chosen(rows: list[dict]) -> dict:
    """The row that the rule takes."""
    good = [row for row in rows if row["ferplus"] >= FERPLUS_FLOOR - TOLERANCE]
    return min(good, key=lambda row: row["ece"]) if good else max(rows, key=lambda row: row["ferplus"])


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("experiments.weight_interpolation", __doc__)
    parser.add_argument("--run", type=Path, required=True, metavar="R", help="output_dir of the run that went on")
    return parser


def main(words: list[str]) -> None:
    arguments = record.parse(build_parser(), words)
    data, labels, majority = with_majority(arguments.data)
    trained, rows = trained_weights(arguments.run, arguments.model), []
    for start in START_SHARES:
        logits = log_scores(mixed(arguments.model, trained, start), data)
        for share in SHARES:
            figures = score(cross_validated(logits, labels, share), labels, majority)
            rows.append({"start_share": start, "biases": share, **figures})
    best = chosen(rows)
    about = {"split": "validation", "start": weights_hash(arguments.model), "ferplus_floor": FERPLUS_FLOOR}
    record.keep(
        "experiments.weight_interpolation",
        about | {"chosen": {key: best[key] for key in ("start_share", "biases")}, "rows": rows},
    )
    for row in rows:
        print(in_words(row), "<-" if row is best else "")


if __name__ == "__main__":
    record.run(main)
