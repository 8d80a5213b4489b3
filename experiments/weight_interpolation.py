"""Weight interpolation: how far should fine-tuned weights go back to those they started from? Measured on PublicTest.

    python -m experiments.weight_interpolation --model START --run runs/dinov2-small-last --data D

Answer (2026-11-24): half-way, without class biases.

START is the model that the run started from, `--run` the output folder of train.py with its checkpoints. Weights
between the two ends of a fine-tuning are often better than either (WiSE-FT; Wortsman et al., 2022). The rule: the
lowest ECE among those whose agreement with the FER+ majority is at most half a point below the floor of
label_trade_off.py, or, if there is none, the highest agreement.
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
    format_row,
    log_scores,
    score,
    with_majority,
)
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import TorchRuntime, weights_hash
from fer_hf.training.checkpoints import AVERAGE
from fer_hf.training.weights import interpolate

ALPHAS = (0.0, 0.25, 0.5, 0.75)
TOLERANCE = 0.005  # below FERPLUS_FLOOR; a third of half the width of the interval


def trained_weights(run: Path, start: str) -> Path:
    """The best checkpoint of the run, or its averaged weights if it has some.

    Raises:
        FerError: the run is not finished, did not start from the model `start`, or its checkpoint is missing.
    """
    path = run / "report.json"
    if not path.is_file():
        raise FerError("run_unfinished", run)
    report = json.loads(path.read_text(encoding="utf-8"))
    if (report["before"] or {}).get("sha256") != weights_hash(start):
        raise FerError("run_other_start", path, model=start)
    checkpoint = run / f"checkpoint-{report['best_step']}"
    if not checkpoint.is_dir():
        raise FerError("checkpoint_missing", checkpoint)
    return checkpoint / AVERAGE if (checkpoint / AVERAGE).is_dir() else checkpoint


def interpolated(start: str, trained: Path, alpha: float, device: str = "cpu") -> FaceAnalyzer:
    """An analyzer with (1 - alpha) of the trained weights and alpha of those of the start."""
    analyzer = FaceAnalyzer.from_pretrained(start, device="cpu")
    first = analyzer.model
    model = AutoModelForImageClassification.from_pretrained(trained, dtype=torch.float32)
    interpolate(model, first, 1 - alpha)
    analyzer.runtime = TorchRuntime(model, device)
    return analyzer


def choose(rows: list[dict]) -> dict:
    """The row that the rule chooses."""
    good = [row for row in rows if row["ferplus"] >= FERPLUS_FLOOR - TOLERANCE]
    return min(good, key=lambda row: row["ece"]) if good else max(rows, key=lambda row: row["ferplus"])


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("experiments.weight_interpolation", __doc__)
    parser.add_argument("--run", type=Path, required=True, metavar="R", help="output_dir of the run")
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    data, labels, majority = with_majority(arguments.data)
    trained, rows = trained_weights(arguments.run, arguments.model), []
    for alpha in ALPHAS:
        logits = log_scores(interpolated(arguments.model, trained, alpha, arguments.device), data)
        for share in SHARES:
            row = score(cross_validated(logits, labels, share), labels, majority)
            rows.append({"start_share": alpha, "biases": share, **row})
    best = choose(rows)
    about = {"split": "validation", "start": weights_hash(arguments.model), "ferplus_floor": FERPLUS_FLOOR}
    record.keep(
        "experiments.weight_interpolation",
        about | {"chosen": {key: best[key] for key in ("start_share", "biases")}, "rows": rows},
    )
    for row in rows:
        print(format_row(row), "<-" if row is best else "")


if __name__ == "__main__":
    record.run(main)
