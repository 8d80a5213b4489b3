"""Is it better than what people install? Our model beside the common expression models, on the same faces.

    python -m benchmarks.baselines --data D --baselines FOLDER [--split test]

benchmarks/README.md says how to make FOLDER. Each head of ours is a row: the label head, which McNemar's test is about,
and the votes head. The split is validation unless test is asked for, because choices are made
on validation. The baselines were trained on pictures that are also in validation and test; "clean" excludes these.
McNemar's test on the same faces tells whether a difference in accuracy on FER2013's labels is more than chance.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset
from PIL import Image
from scipy.stats import binomtest
from transformers.utils import cached_file

from benchmarks import record
from benchmarks.onnx_baselines import BASELINES, OnnxBaseline
from benchmarks.timing import interleaved, reference_pass
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import read_fer
from fer_hf.evaluation import metrics
from fer_hf.evaluation.evaluation_log import log_test_evaluation
from fer_hf.evaluation.plots import figure
from fer_hf.evaluation.views import Scorer, score_pictures
from fer_hf.heads import LABEL, VOTES, has_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.labels import COLOURS

# Not measured: its card states the accuracy, and a random model of the same shape gives the time.
STATED = {"name": "trpakov/vit-face-expression", "accuracy": 0.7116, "split": "test"}


def our_heads(model: str, device: str) -> dict[str, FaceAnalyzer]:
    """Our model by its name; each of two heads by a name of its own, the label head first."""
    name, heads = Path(model).name, (LABEL, VOTES) if has_label_head(model) else (VOTES,)
    names = {head: f"{name}, {head} head" if len(heads) > 1 else name for head in heads}
    return {names[head]: FaceAnalyzer.from_pretrained(model, device=device, head=head) for head in heads}


def mcnemar(ours: np.ndarray, theirs: np.ndarray) -> dict:
    """McNemar's exact test on two boolean arrays (n,), the faces that each model got right.

    Under the null hypothesis, a face that only one of them got right is equally likely to be either's.
    """
    only_ours, only_theirs = int((ours & ~theirs).sum()), int((theirs & ~ours).sum())
    discordant = only_ours + only_theirs
    p_value = binomtest(only_ours, discordant).pvalue if discordant else 1.0
    return {"only_ours_right": only_ours, "only_theirs_right": only_theirs, "p_value": float(p_value)}


def with_interval(score: Callable[[np.ndarray, np.ndarray], float], scores: np.ndarray, labels: np.ndarray) -> dict:
    """A score and its bootstrap 95 % interval."""
    return {"value": score(scores, labels), "interval_95": metrics.interval(score, scores, labels)}


def score(scores: np.ndarray, labels: np.ndarray, clean: np.ndarray, majority: np.ndarray | None) -> dict:
    """All scores of one model; `clean` is a mask (n,), `majority` the FER+ majorities (n,)."""
    results = {
        "accuracy": with_interval(metrics.accuracy, scores, labels),
        "accuracy_clean": with_interval(metrics.accuracy, scores[clean], labels[clean]),
        "macro_f1": with_interval(metrics.macro_f1, scores, labels),
        "ece": with_interval(metrics.ece, scores, labels),
        "ece_clean": with_interval(metrics.ece, scores[clean], labels[clean]),
    }
    if majority is not None:
        known = majority >= 0
        against = {"ferplus": metrics.accuracy, "ferplus_f1": metrics.six_class_f1, "ferplus_ece": metrics.ece}
        results |= {name: with_interval(each, scores[known], majority[known]) for name, each in against.items()}
    return results


def compare(models: dict[str, Scorer], faces: list[Image.Image], data: Dataset) -> dict:
    """The scores of all models, ours first, and McNemar's test of each of the others against ours."""
    labels, clean = np.asarray(data["label"]), ~np.asarray(data["in_train"])
    votes = np.asarray(data["votes"], dtype=float) if "votes" in data.column_names else None
    majority = None if votes is None else metrics.ferplus_majority(votes)
    scores = {name: score_pictures(model, faces, what=name) for name, model in models.items()}
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
    results: dict, models: dict[str, Scorer], faces: list[Image.Image], rounds: int, device: torch.device
) -> None:
    """Add the median milliseconds from picture to scores, for 1 and for 64 faces, beside those of a random ViT-B/16."""
    tasks = {
        (name, count): (lambda model=model, count=count: model.scores(faces[:count]))
        for name, model in models.items()
        for count in (1, 64)
    }
    seconds = interleaved(tasks | {"reference": reference_pass(device)}, rounds)
    for name, row in results["models"].items():
        row["milliseconds"] = {str(count): round(1000 * seconds[name, count], 2) for count in (1, 64)}
    results["stated"] = STATED | {"milliseconds": {"1": round(1000 * seconds["reference"], 2)}}


def draw(results: dict, path: Path) -> None:
    """Accuracy against the time for one face; the area of a marker grows with the size of the model on disk."""
    with figure(path, 10, 4.5) as axes:
        for (name, row), colour in zip(results["models"].items(), COLOURS.values(), strict=False):
            x, y = row["milliseconds"]["1"], 100 * row["accuracy"]["value"]
            low, high = (100 * bound for bound in row["accuracy"]["interval_95"])
            axes.errorbar(x, y, [[y - low], [high - y]], color=colour, capsize=3)
            axes.scatter(x, y, 20 + 8 * row["megabytes"], color=colour, label=f"{name}, {row['megabytes']:.1f} MB")
        stated = results["stated"]
        if stated["split"] == results["split"]:
            place = (stated["milliseconds"]["1"], 100 * stated["accuracy"])
            axes.scatter(*place, 60, facecolors="none", edgecolors="grey", label=f"{stated['name']} (stated)")
        axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1), markerscale=0.6)
        axes.set(xscale="log", xlabel="milliseconds from one face to its scores", ylabel="accuracy, %")
        axes.set_title(f"FER2013, {results['split']}, n = {results['n']}, 95 % intervals", fontsize=10)
        axes.margins(x=0.15, y=0.12)
        axes.grid(alpha=0.3)


def summary(results: dict) -> str:
    """One line per model, in percent."""
    lines = []
    for name, row in results["models"].items():
        scores = f"{100 * row['accuracy']['value']:.1f} %, clean {100 * row['accuracy_clean']['value']:.1f} %"
        chance = f", p = {row['mcnemar']['p_value']:.1e}" if "mcnemar" in row else ""
        lines.append(f"{name}: {scores}{chance}, {row['milliseconds']['1']} ms per face")
    return "\n".join(lines)


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("benchmarks.baselines", __doc__)
    parser.add_argument("--votes", metavar="F", type=Path, help="FER+'s fer2013new.csv, beside a CSV of FER2013")
    parser.add_argument("--baselines", metavar="FOLDER", type=Path, help="their ONNX files (default: our model alone)")
    parser.add_argument("--split", default="validation", choices=("validation", "test"), help="default: %(default)s")
    parser.add_argument(
        "--log_test_evaluation", metavar="F.json", type=Path, help="for maintainers: as in `fer-hf evaluate`"
    )
    parser.add_argument("--rounds", type=int, default=15, help="timed rounds (default: %(default)s)")
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    ours = our_heads(arguments.model, arguments.device)
    folder, threads = arguments.baselines, arguments.threads
    baselines = {each.name: OnnxBaseline(each, folder, threads) for each in BASELINES} if folder else {}
    models = {**ours, **baselines}
    data = read_fer(arguments.data, votes=arguments.votes)
    split = data.splits[arguments.split]
    faces = list(pictures(split, "faces"))
    results = {"split": arguments.split, **compare(models, faces, split)}
    device = next(iter(ours.values())).model.device
    add_times(results, models, faces, arguments.rounds, device)
    weights = Path(cached_file(arguments.model, "model.safetensors"))
    sizes = {name: (weights.stat().st_size, each.model.num_parameters()) for name, each in ours.items()}
    sizes |= {each: (baseline.bytes(), baseline.parameters()) for each, baseline in baselines.items()}
    for each, (size, parameters) in sizes.items():
        results["models"][each] |= {"megabytes": round(size / 1e6, 2), "parameters": parameters}
    results["sha256"] = weights_hash(arguments.model)
    if data.official and arguments.split == "test" and arguments.log_test_evaluation:
        for name, head in zip(ours, (LABEL, VOTES) if len(ours) > 1 else (VOTES,), strict=True):
            score = "ferplus" if head == VOTES and len(ours) > 1 else "accuracy"
            accuracy = results["models"][name][score]["value"]
            log_test_evaluation(arguments.log_test_evaluation, results["sha256"], accuracy, head=head)
    record.keep("benchmarks.baselines", results)
    draw(results, record.path_of("benchmarks.baselines", ".png"))
    print(summary(results))


if __name__ == "__main__":
    record.run(main)
