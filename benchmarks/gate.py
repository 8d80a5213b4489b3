"""The accuracy gate: the weights in the repository are those that were scored, and still give the same answers.

    python -m benchmarks.gate            check models/fer-dinov2-small
    python -m benchmarks.gate --write    note the answers of new weights, after they were scored

Three checks: the sha256 of the weights is the one in `eval_results.json`; the accuracy there is above the floor; the
logits on eight drawn faces are the noted ones to 1e-3.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from fer_hf.drawn import draw_face
from fer_hf.errors import FerError
from fer_hf.evaluate import weights_hash
from fer_hf.files import write_json
from fer_hf.labels import LABELS
from fer_hf.predict import Reader

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "fer-dinov2-small"
ANSWERS = ROOT / "benchmarks" / "results" / "gate.json"
FLOOR = 0.66  # accuracy on the whole PrivateTest, one view
TOLERANCE = 1e-3


def logits_of(model: Path) -> list[list[float]]:
    """Logits (8, 7) on eight drawn faces, through the model's own image processor."""
    reader = Reader.load(str(model))
    faces = [draw_face(LABELS[i % len(LABELS)], seed=100 + i, size=96).convert("RGB") for i in range(8)]
    with torch.inference_mode():
        return reader.model(**reader.processor(faces, return_tensors="pt")).logits.double().tolist()


def failures(model: Path = MODEL, answers: Path = ANSWERS, floor: float = FLOOR) -> list[str]:
    """What is wrong with the model, in plain lines; empty if nothing."""
    results = json.loads((model / "eval_results.json").read_text())
    wrong = []
    if weights_hash(str(model)) != results["sha256"]:
        wrong.append("the weights are not those that eval_results.json scored: run `python -m fer_hf evaluate` again")
    if results["whole"]["accuracy"] < floor:
        wrong.append(f"accuracy {results['whole']['accuracy']:.4f} is below the floor of {floor}")
    noted = json.loads(answers.read_text())["logits"]
    gap = np.abs(np.array(logits_of(model)) - np.array(noted)).max()
    if gap > TOLERANCE:
        wrong.append(f"logits on the drawn faces differ from the noted ones by up to {gap:.2g}, more than {TOLERANCE}")
    return wrong


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gate", description="Check the model in the repository.")
    parser.add_argument("--write", action="store_true", help="note the present answers as the right ones")
    if parser.parse_args().write:
        write_json(ANSWERS, {"command": "python -m benchmarks.gate --write", "logits": logits_of(MODEL)})
    wrong = failures()
    if wrong:
        raise FerError("; ".join(wrong))
    print("the model in the repository is the one that was scored and gives the noted answers")


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
