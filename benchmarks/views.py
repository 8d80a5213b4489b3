"""What several views of a face give, and how large the crops should be, on PublicTest.

    python -m benchmarks.views --data D [--model M]

The rule: the side of the crop whose ten views have the highest accuracy; it is `CROP` in fer_hf/evaluate.py.
"""

import numpy as np
import torch
from datasets import Dataset
from transformers.utils import logging

from benchmarks import record
from benchmarks.frontier import score, with_majority
from fer_hf.evaluate import CROP, score_pictures, weights_hash
from fer_hf.predict import Reader

CROPS = (0.9, 0.95)  # sides, as shares of the picture's


def row_of(reader: Reader, data: Dataset, labels: np.ndarray, majority: np.ndarray, views: int, crop: float) -> dict:
    """The scores of this many views, with crops of this side."""
    figures = score(score_pictures(reader, data, views, crop), labels, majority)
    return {"views": views, "crop": crop if views > 2 else None, **figures}


def chosen(rows: list[dict]) -> float:
    """The side of the crop that the rule takes."""
    return max((row for row in rows if row["crop"]), key=lambda row: row["accuracy"])["crop"]


def main(words: list[str]) -> None:
    arguments = record.build_parser("views", __doc__).parse_args(words)
    torch.set_num_threads(arguments.threads)
    logging.disable_progress_bar()
    data, labels, majority = with_majority(arguments.data)
    reader = Reader.load(arguments.model)
    ways = [(1, CROP), (2, CROP), *((10, crop) for crop in CROPS)]
    rows = [row_of(reader, data, labels, majority, *way) for way in ways]
    about = {"split": "validation", "sha256": weights_hash(arguments.model), "n": len(labels)}
    record.keep("views", about | {"rows": rows, "chosen": chosen(rows)})
    for row in rows:
        print("  ".join(f"{name} {value if value is None else f'{value:.4g}'}" for name, value in row.items()))


if __name__ == "__main__":
    record.run(main)
