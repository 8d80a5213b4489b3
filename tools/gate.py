"""The accuracy gate: the weights in the repository are those that were scored, and still give the same answers.

    python -m tools.gate              check models/fer-dinov2-small
    python -m tools.gate --write      note the answers of new weights, after they were scored
    python -m tools.gate --release    note the scores, once a version is out: the next must reach them

Four checks: the sha256 of the weights is the one in the results files; no score there is below the last release's,
which `results/release.json` holds; the ECE, which chance moves by a percent, is within the project's limit; the logits
on eight drawn faces are the noted ones to 1e-3. With two heads, the votes head answers for FER+ and the label head for
FER2013, and both for their logits.
"""

import json
from pathlib import Path

import numpy as np
import torch

from benchmarks import record
from fer_hf import __version__
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.heads import HEADS, LABEL, VOTES, has_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import write_json
from fer_hf.labels import LABELS

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "fer-dinov2-small"
ANSWERS = ROOT / "tools" / "results" / "gate.json"
RELEASE = ROOT / "tools" / "results" / "release.json"
RESULTS = {VOTES: "eval_results.json", LABEL: "eval_results_label.json"}  # of each head
SCORES = ("accuracy", "macro_f1", "coverage_80")  # of each part of the results against the label
ECE_LIMITS = {"clean": 0.03, "ferplus": 0.035}
TOLERANCE = 1e-3


def heads_of(model: Path) -> tuple[str, ...]:
    """The heads that the model has; the votes head is the only classifier of a model with one head."""
    return HEADS if has_label_head(str(model)) else (VOTES,)


def logits_of(model: Path, head: str = VOTES) -> list[list[float]]:
    """Logits (8, 7) on eight drawn faces, through the model's own image processor."""
    analyzer = FaceAnalyzer.from_pretrained(model, device="cpu", head=head)
    faces = [draw_face(LABELS[i % len(LABELS)], seed=100 + i, size=96).convert("RGB") for i in range(8)]
    with torch.inference_mode():
        return analyzer.model(**analyzer.processor(faces, return_tensors="pt")).logits.double().tolist()


def results_of(model: Path) -> dict[str, dict]:
    """What `python -m fer_hf evaluate` has measured of each head."""
    return {head: json.loads((model / RESULTS[head]).read_text()) for head in heads_of(model)}


def scores_of(model: Path) -> dict[str, float]:
    """The scores that a release must not lower."""
    scores = {}
    for results in results_of(model).values():
        if results.get("truth") != "ferplus":
            scores |= {f"{part} {name}": results[part][name] for part in ("whole", "clean") for name in SCORES}
    votes = results_of(model)[VOTES]["ferplus"]
    scores["FER+ agreement"] = votes["accuracy"]
    return scores | ({"FER+ six_class_f1": votes["six_class_f1"]} if "six_class_f1" in votes else {})


def failures(model: Path = MODEL, answers: Path = ANSWERS, release: Path = RELEASE) -> list[str]:
    """What is wrong with the model, in plain lines; empty if nothing."""
    wrong, sha256 = [], weights_hash(str(model))
    for head, results in results_of(model).items():
        if results["sha256"] != sha256:
            wrong.append(
                f"the weights are not those that {RESULTS[head]} scored: run `python -m fer_hf evaluate` again"
            )
        part = "ferplus" if results.get("truth") == "ferplus" else "clean"
        if (ece := results[part]["ece"]) > ECE_LIMITS[part]:
            wrong.append(f"{part} ece {ece:.4f} is above {ECE_LIMITS[part]}")
    last, now = json.loads(release.read_text()), scores_of(model)
    for name, score in last["scores"].items():
        if now[name] < score:
            wrong.append(f"{name} {now[name]:.4f} is below {score:.4f}, that of version {last['version']}")
    noted = json.loads(answers.read_text())["logits"]
    for head in heads_of(model):
        gap = np.abs(np.array(logits_of(model, head)) - np.array(noted[head])).max()
        if gap > TOLERANCE:
            wrong.append(f"logits of the {head} head differ from the noted ones by up to {gap:.2g}")
    return wrong


def note_answers(model: Path = MODEL, answers: Path = ANSWERS) -> None:
    """Write the answers on the drawn faces."""
    logits = {head: logits_of(model, head) for head in heads_of(model)}
    write_json(answers, {"command": "python -m tools.gate --write", "logits": logits})


def note_release(model: Path = MODEL, release: Path = RELEASE) -> None:
    """Write the scores of the version that the package has."""
    write_json(
        release, {"command": "python -m tools.gate --release", "version": __version__, "scores": scores_of(model)}
    )


def main(argv: list[str]) -> None:
    parser = record.bare_parser("tools.gate", __doc__)
    parser.add_argument("--write", action="store_true", help="note the present answers as the right ones")
    parser.add_argument("--release", action="store_true", help="note the present scores as those to be reached")
    arguments = parser.parse_args(argv)
    if arguments.write:
        note_answers()
    if arguments.release:
        note_release()
    wrong = failures()
    if wrong:
        raise FerError("gate_failed", details="; ".join(wrong))
    print("the model in the repository was scored so, gives the noted answers, and is no worse than the last release")


if __name__ == "__main__":
    record.run(main)
