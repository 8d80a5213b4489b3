"""What several views of a face give, and how large the crops should be, on PublicTest.

    python -m experiments.test_time_augmentation --data D [--model M]

The rule: the side of the crop whose ten views have the highest accuracy; it is `CROP` in fer_hf/evaluation/score.py.
"""

import argparse

import numpy as np
import torch
from datasets import Dataset

from benchmarks import record
from experiments.label_trade_off import in_words, score, with_majority
from fer_hf.evaluation.score import CROP, score_pictures
from fer_hf.inference.analyzer import FaceAnalyzer, weights_hash

CROPS = (0.9, 0.95)  # sides, as shares of the picture's


def row_of(
    analyzer: FaceAnalyzer, data: Dataset, labels: np.ndarray, majority: np.ndarray, views: int, crop: float
) -> dict:
    """The scores of this many views, with crops of this side."""
    figures = score(score_pictures(analyzer, data, views, crop), labels, majority)
    return {"views": views, "crop": crop if views > 2 else None, **figures}


def chosen(rows: list[dict]) -> float:
    """The side of the crop that the rule takes."""
    return max((row for row in rows if row["crop"]), key=lambda row: row["accuracy"])["crop"]


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("experiments.test_time_augmentation", __doc__)
    parser.add_argument("--bfloat16", action="store_true", help="compute under it: faster on new CPUs")
    return parser


def main(words: list[str]) -> None:
    arguments = record.parse(build_parser(), words)
    data, labels, majority = with_majority(arguments.data)
    analyzer = FaceAnalyzer.from_pretrained(arguments.model)
    ways = [(1, CROP), (2, CROP), *((10, crop) for crop in CROPS)]
    with torch.autocast("cpu", torch.bfloat16, enabled=arguments.bfloat16):
        rows = [row_of(analyzer, data, labels, majority, *way) for way in ways]
    about = {"split": "validation", "sha256": weights_hash(arguments.model), "n": len(labels)}
    record.keep("experiments.test_time_augmentation", about | {"rows": rows, "chosen": chosen(rows)})
    print("\n".join(map(in_words, rows)))


if __name__ == "__main__":
    record.run(main)
