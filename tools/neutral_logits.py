"""Write what Live's personal baseline needs into a model's config, where train.py did not: its mean neutral logits.

python -m tools.neutral_logits --data fer2013.parquet [--model models/fer-dinov2-small]
"""

import json
from pathlib import Path

from datasets import Dataset

from benchmarks import record
from fer_hf.data.load import load_fer
from fer_hf.evaluation.calibration import neutral_logits
from fer_hf.evaluation.score import own_truth
from fer_hf.evaluation.views import score_pictures
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import write_json


def write_neutral_logits(model: Path, validation: Dataset) -> None:
    """Add `neutral_logits` to the config in the model's folder."""
    scores = score_pictures(FaceAnalyzer.from_pretrained(model), validation["image"])
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    values = neutral_logits(scores, own_truth(validation, str(model)))
    write_json(model / "config.json", config | {"neutral_logits": values})


def main(argv: list[str]) -> None:
    parser = record.bare_parser("tools.neutral_logits", __doc__, model=True)
    parser.add_argument("--data", required=True, metavar="D", help="a FER2013 source: see `fer-hf data --help`")
    arguments = parser.parse_args(argv)
    write_neutral_logits(Path(arguments.model), load_fer(arguments.data)["validation"])


if __name__ == "__main__":
    record.run(main)
