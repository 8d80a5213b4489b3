"""The accuracy gate: the weights in the repository are those that were scored, and still give the same answers.

    python -m tools.gate              check models/fer-dinov2-small
    python -m tools.gate --write      note the answers of new weights, after they were scored
    python -m tools.gate --release    note the scores, once a version is out: the next must reach them

Four checks: the sha256 of the weights is the one in `eval_results.json`; no score there is below the last release's,
which `results/release.json` holds; the clean ECE, which chance moves by a percent, is within the project's limit; the
logits on eight drawn faces are the noted ones to 1e-3.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch

from fer_hf import __version__
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import write_json
from fer_hf.labels import LABELS

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "fer-dinov2-small"
ANSWERS = ROOT / "tools" / "results" / "gate.json"
RELEASE = ROOT / "tools" / "results" / "release.json"
SCORES = ("accuracy", "macro_f1", "coverage_80")  # of each part of the results
ECE_LIMIT = 0.03  # clean
TOLERANCE = 1e-3


def logits_of(model: Path) -> list[list[float]]:
    """Logits (8, 7) on eight drawn faces, through the model's own image processor."""
    analyzer = FaceAnalyzer.from_pretrained(model, device="cpu")
    faces = [draw_face(LABELS[i % len(LABELS)], seed=100 + i, size=96).convert("RGB") for i in range(8)]
    with torch.inference_mode():
        return analyzer.model(**analyzer.processor(faces, return_tensors="pt")).logits.double().tolist()


def scores_of(model: Path) -> dict[str, float]:
    """What `eval_results.json` says of the model: the scores that a release must not lower."""
    results = json.loads((model / "eval_results.json").read_text())
    scores = {f"{part} {name}": results[part][name] for part in ("whole", "clean") for name in SCORES}
    return scores | {"FER+ agreement": results["ferplus"]["accuracy"]}


def failures(model: Path = MODEL, answers: Path = ANSWERS, release: Path = RELEASE) -> list[str]:
    """What is wrong with the model, in plain lines; empty if nothing."""
    results = json.loads((model / "eval_results.json").read_text())
    wrong = []
    if weights_hash(str(model)) != results["sha256"]:
        wrong.append("the weights are not those that eval_results.json scored: run `python -m fer_hf evaluate` again")
    last, now = json.loads(release.read_text()), scores_of(model)
    for name, score in last["scores"].items():
        if now[name] < score:
            wrong.append(f"{name} {now[name]:.4f} is below {score:.4f}, that of version {last['version']}")
    if (ece := results["clean"]["ece"]) > ECE_LIMIT:
        wrong.append(f"clean ece {ece:.4f} is above {ECE_LIMIT}")
    noted = json.loads(answers.read_text())["logits"]
    gap = np.abs(np.array(logits_of(model)) - np.array(noted)).max()
    if gap > TOLERANCE:
        wrong.append(f"logits on the drawn faces differ from the noted ones by up to {gap:.2g}, more than {TOLERANCE}")
    return wrong


def note_release(model: Path = MODEL, release: Path = RELEASE) -> None:
    """Write the scores of the version that the package has."""
    write_json(
        release, {"command": "python -m tools.gate --release", "version": __version__, "scores": scores_of(model)}
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.gate", description="Check the model in the repository.", allow_abbrev=False
    )
    parser.add_argument("--write", action="store_true", help="note the present answers as the right ones")
    parser.add_argument("--release", action="store_true", help="note the present scores as those to be reached")
    arguments = parser.parse_args()
    if arguments.write:
        write_json(ANSWERS, {"command": "python -m tools.gate --write", "logits": logits_of(MODEL)})
    if arguments.release:
        note_release()
    wrong = failures()
    if wrong:
        raise FerError("gate_failed", details="; ".join(wrong))
    print("the model in the repository was scored so, gives the noted answers, and is no worse than the last release")


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
