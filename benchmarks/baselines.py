"""Our model beside the expression models that people install, on the same faces, in one run.

    python -m benchmarks.baselines --data D --peers FOLDER_OF_ONNX [--split test]

Everything is chosen on validation, so that is the split unless test is asked for. The peers were trained on pictures
that also stand in validation and test ("clean" leaves these out). Whether a difference is more than chance is asked by
McNemar's test on the same faces.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from PIL import Image
from scipy.stats import binomtest
from tqdm import tqdm
from transformers import ViTConfig, ViTForImageClassification
from transformers.utils import cached_file

from benchmarks import record
from benchmarks.onnx_baselines import BATCH, PEERS, PeerReader
from benchmarks.timing import interleaved
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import read_fer
from fer_hf.evaluation import metrics
from fer_hf.evaluation.plots import figure
from fer_hf.evaluation.score import log_test_evaluation
from fer_hf.inference.analyzer import FaceAnalyzer, weights_hash
from fer_hf.labels import COLOURS, LABELS

# Cannot be had here; its card states the accuracy, and a random model of its shape is as fast as it is.
STATED = {"name": "trpakov/vit-face-expression", "accuracy": 0.7116, "split": "test"}


def mcnemar(ours: np.ndarray, theirs: np.ndarray) -> dict:
    """McNemar's exact test of two boolean arrays (n,): which faces each got right.

    Under the null hypothesis each face that only one of them got right is as likely to be the one's as the other's.
    """
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    told_apart = only_ours + only_theirs
    p_value = binomtest(only_ours, told_apart).pvalue if told_apart else 1.0
    return {"only_ours_right": only_ours, "only_theirs_right": only_theirs, "p_value": float(p_value)}


def with_interval(score: Callable[[np.ndarray, np.ndarray], float], scores: np.ndarray, labels: np.ndarray) -> dict:
    """A score and its bootstrap 95 % interval."""
    return {"value": score(scores, labels), "interval_95": metrics.interval(score, scores, labels)}


def score(scores: np.ndarray, labels: np.ndarray, clean: np.ndarray, majority: np.ndarray | None) -> dict:
    """All figures of one model."""
    results = {
        "accuracy": with_interval(metrics.accuracy, scores, labels),
        "accuracy_clean": with_interval(metrics.accuracy, scores[clean], labels[clean]),
        "macro_f1": with_interval(metrics.macro_f1, scores, labels),
        "ece": with_interval(metrics.ece, scores, labels),
        "ece_clean": with_interval(metrics.ece, scores[clean], labels[clean]),
    }
    if majority is not None:
        known = majority >= 0
        results["ferplus"] = with_interval(metrics.accuracy, scores[known], majority[known])
    return results


def read_all(analyzer: FaceAnalyzer | PeerReader, faces: list[Image.Image], name: str) -> np.ndarray:
    """Probabilities (n, 7), with a progress bar."""
    starts = tqdm(range(0, len(faces), BATCH), desc=name, unit="batch")
    return np.concatenate([analyzer.scores(faces[start : start + BATCH]) for start in starts])


def compare(analyzers: dict[str, FaceAnalyzer | PeerReader], faces: list[Image.Image], data: Dataset) -> dict:
    """Rows of all models, ours first: scores, and tests of each against ours."""
    labels, clean = np.asarray(data["label"]), ~np.asarray(data["in_train"])
    votes = np.asarray(data["votes"], dtype=float) if "votes" in data.column_names else None
    majority = None if votes is None else metrics.ferplus_majority(votes)
    scores = {name: read_all(analyzer, faces, name) for name, analyzer in analyzers.items()}
    right = {name: each.argmax(1) == labels for name, each in scores.items()}
    ours = next(iter(right.values()))
    rows = {name: score(each, labels, clean, majority) for name, each in scores.items()}
    for name in list(rows)[1:]:
        rows[name]["mcnemar"] = mcnemar(ours, right[name])
        rows[name]["mcnemar_clean"] = mcnemar(ours[clean], right[name][clean])
    return {
        "n": len(labels),
        "n_clean": int(clean.sum()),
        "n_ferplus": None if majority is None else int((majority >= 0).sum()),
        "labels_agree_with_ferplus": None if majority is None else float((labels == majority)[majority >= 0].mean()),
        "models": rows,
    }


def add_times(
    results: dict, analyzers: dict[str, FaceAnalyzer | PeerReader], faces: list[Image.Image], rounds: int
) -> None:
    """Add median milliseconds from picture to scores, of one face and of 64, side by side with a random ViT-B/16."""
    vit = ViTForImageClassification(ViTConfig(num_labels=len(LABELS))).eval()
    picture = torch.rand(1, 3, 224, 224)

    def reference() -> None:
        with torch.inference_mode():
            vit(pixel_values=picture)

    tasks = {
        (name, count): (lambda analyzer=analyzer, count=count: analyzer.scores(faces[:count]))
        for name, analyzer in analyzers.items()
        for count in (1, 64)
    }
    seconds = interleaved(tasks | {"reference": reference}, rounds)
    for name, row in results["models"].items():
        row["milliseconds"] = {str(count): round(1000 * seconds[name, count], 2) for count in (1, 64)}
    results["stated"] = STATED | {"milliseconds": {"1": round(1000 * seconds["reference"], 2)}}


def draw(results: dict, path: Path) -> None:
    """Accuracy against the time of one face; a marker's area grows with the model's size on disk."""
    with figure(path, 7.5, 4.5) as axes:
        for (name, row), colour in zip(results["models"].items(), COLOURS.values(), strict=False):
            x, y = row["milliseconds"]["1"], 100 * row["accuracy"]["value"]
            low, high = (100 * bound for bound in row["accuracy"]["interval_95"])
            axes.errorbar(x, y, [[y - low], [high - y]], color=colour, capsize=3)
            axes.scatter(x, y, 20 + 8 * row["megabytes"], color=colour, label=f"{name}, {row['megabytes']:.1f} MB")
        stated = results["stated"]
        if stated["split"] == results["split"]:
            place = (stated["milliseconds"]["1"], 100 * stated["accuracy"])
            axes.scatter(*place, 60, facecolors="none", edgecolors="grey", label=f"{stated['name']} (stated)")
        axes.legend(fontsize=8, loc="lower right", markerscale=0.6)
        axes.set(xscale="log", xlabel="milliseconds from one face to its scores", ylabel="accuracy, %")
        axes.set_title(f"FER2013, {results['split']}, n = {results['n']}, 95 % intervals", fontsize=10)
        axes.margins(x=0.15, y=0.12)
        axes.grid(alpha=0.3)


def summary(results: dict) -> str:
    """A line a model, in percent."""
    lines = []
    for name, row in results["models"].items():
        scores = f"{100 * row['accuracy']['value']:.1f} %, clean {100 * row['accuracy_clean']['value']:.1f} %"
        chance = f", p = {row['mcnemar']['p_value']:.1e}" if "mcnemar" in row else ""
        lines.append(f"{name}: {scores}{chance}, {row['milliseconds']['1']} ms a face")
    return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("benchmarks.baselines", __doc__)
    parser.add_argument("--votes", metavar="F", type=Path, help="FER+'s fer2013new.csv, beside a CSV of FER2013")
    parser.add_argument("--peers", metavar="FOLDER", type=Path, help="the peers' ONNX files (default: ours alone)")
    parser.add_argument("--split", default="validation", choices=("validation", "test"), help="default: %(default)s")
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default: %(default)s)")
    return parser


def main(words: list[str]) -> None:
    arguments = record.parse(build_parser(), words)
    ours, name = FaceAnalyzer.from_pretrained(arguments.model), Path(arguments.model).name
    peers = PEERS if arguments.peers else ()
    analyzers = {name: ours, **{peer.name: PeerReader(peer, arguments.peers, arguments.threads) for peer in peers}}
    data = read_fer(arguments.data, votes=arguments.votes)
    split = data.splits[arguments.split]
    faces = list(pictures(split, "faces"))
    results = {"split": arguments.split, **compare(analyzers, faces, split)}
    add_times(results, analyzers, faces, arguments.rounds)
    weights = Path(cached_file(arguments.model, "model.safetensors"))
    sizes = {name: (weights.stat().st_size, ours.model.num_parameters())}
    sizes |= {peer.name: (analyzers[peer.name].bytes(), analyzers[peer.name].parameters()) for peer in peers}
    for each, (size, parameters) in sizes.items():
        results["models"][each] |= {"megabytes": round(size / 1e6, 2), "parameters": parameters}
    results["sha256"] = weights_hash(arguments.model)
    if data.official and arguments.split == "test":
        log_test_evaluation(record.TEST_LOG, results["sha256"], results["models"][name]["accuracy"]["value"])
    record.keep("benchmarks.baselines", results)
    draw(results, record.path_of("benchmarks.baselines", ".png"))
    print(summary(results))


if __name__ == "__main__":
    record.run(main)
