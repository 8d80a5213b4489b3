"""Score a model on a split of FER2013: every number with its 95 % interval, as JSON and as pictures.

    fer-hf evaluate --model models/fer-dinov2-small --data fer2013.csv --output eval_results.json

A folder of class folders, such as RAF-DB's, is scored whole: nothing of it was trained on (`zero_shot.py`).

PrivateTest is for models that are to be released. The maintainer passes `--log_test_evaluation FILE`, which keeps a
public record of how often PrivateTest was used and for which weights.
"""

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
from datasets import Dataset
from transformers.utils import logging

from fer_hf.data.class_folders import NUMBERINGS, are_class_folders, read_class_folders
from fer_hf.data.load import SPLITS, read_fer
from fer_hf.environment import default_model, shown
from fer_hf.errors import FerError
from fer_hf.evaluation import metrics, zero_shot
from fer_hf.evaluation.evaluation_log import log_test_evaluation, read_log
from fer_hf.evaluation.model_metadata import own_part
from fer_hf.evaluation.plots import plot_confusion_matrix, plot_reliability
from fer_hf.evaluation.summary import WITH_INTERVAL, summarise, unsure_summary
from fer_hf.evaluation.views import CROP, VIEWS, score_pictures
from fer_hf.heads import HEADS, VOTES, has_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import write_json

DATA_HELP = "a FER2013 source (see `fer-hf data --help`), or a folder with one folder of pictures per expression"
# Options that class folders do not heed, with their defaults: they have no splits, and both heads read one view.
FER2013_ONLY = {"votes": None, "split": "test", "views": 1, "head": VOTES, "log_test_evaluation": None}


def own_truth(data: Dataset, model: str) -> np.ndarray:
    """What the model's classifier was trained to tell, class indices (N,).

    That is the label; in a model with two heads the FER+ majority, -1 where there is none.
    """
    if has_label_head(model):
        return metrics.ferplus_majority(np.asarray(data["votes"][:], dtype=float))
    return np.asarray(data["label"][:])


def evaluate(analyzer: FaceAnalyzer, data: Dataset, views: int = 1, truth: str = "label") -> dict:
    """The results on one split.

    "whole" is on all of it, "clean" without the pictures that are also in the training split, both against the label;
    "ferplus" is against the majority of the FER+ votes, where there is one. "truth" says which of the two the head was
    trained to tell: "label" or "ferplus"; "unsure" is told against it.
    """
    scores, labels = score_pictures(analyzer, data["image"], views), np.asarray(data["label"])
    results = {"truth": "label", "whole": summarise(scores, labels)}
    if "in_train" in data.column_names:
        clean = ~np.asarray(data["in_train"])
        results["clean"] = summarise(scores[clean], labels[clean])
    own = slice(None)
    if "votes" in data.column_names:
        votes = np.asarray(data["votes"], dtype=float)
        majority = metrics.ferplus_majority(votes)
        known = majority >= 0
        results["ferplus"] = summarise(scores[known], majority[known], metrics.six_class_f1)
        results["ferplus"]["votes_nll"] = metrics.votes_nll(scores, votes)
        if truth == "ferplus":
            results["truth"], own, labels = truth, known, majority
    if analyzer.unsure_below:
        results["unsure"] = unsure_summary(scores[own], labels[own], analyzer.unsure_below)
    return results


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--data", required=True, metavar="D", help=DATA_HELP)
    parser.add_argument("--votes", metavar="F", type=Path, help="FER+'s fer2013new.csv, beside a CSV of FER2013")
    parser.add_argument("--split", default="test", choices=SPLITS, help="default: %(default)s")
    parser.add_argument(
        "--views",
        default=1,
        type=int,
        choices=VIEWS,
        help="test-time augmentation: average this many views of each face (default: 1)",
    )
    parser.add_argument(
        "--numbering", choices=NUMBERINGS, help="what class folders mean that are called by numbers, such as RAF-DB's"
    )
    parser.add_argument("--detect", action="store_true", help="class folders of photos: find their faces first")
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: the accelerator, if any)")
    parser.add_argument(
        "--head", default=VOTES, choices=HEADS, help="votes: the classifier; label: the head for FER2013's label"
    )
    parser.add_argument("--output", required=True, metavar="F.json", help="results; pictures are written beside it")
    parser.add_argument(
        "--log_test_evaluation",
        metavar="F.json",
        type=Path,
        help="for maintainers: record in this file that these weights were scored on PrivateTest",
    )


def run(arguments: argparse.Namespace) -> None:
    output = Path(arguments.output)
    if output.suffix != ".json":
        raise FerError("output_not_json", output)
    if arguments.log_test_evaluation:
        read_log(arguments.log_test_evaluation)  # a broken log is to be known before the work
    logging.disable_progress_bar()
    if are_class_folders(Path(arguments.data)):
        run_zero_shot(arguments)
        return
    for option in ("detect", "numbering"):
        if getattr(arguments, option):
            raise FerError("option_needs_class_folders", f"--{option}", data=arguments.data)
    analyzer = FaceAnalyzer.from_pretrained(arguments.model, device=arguments.device, head=arguments.head)
    data = read_fer(arguments.data, votes=arguments.votes)
    truth = "ferplus" if arguments.head == VOTES and has_label_head(arguments.model) else "label"
    results = {
        "command": command_of(arguments),
        "date": date.today().isoformat(),
        "sha256": weights_hash(arguments.model),
        "split": arguments.split,
        "head": arguments.head,
        "views": arguments.views,
        "crop": CROP if arguments.views > 2 else None,
        "private_test": data.official and arguments.split == "test",
        **evaluate(analyzer, data.splits[arguments.split], arguments.views, truth),
    }
    write_json(output, results)
    own = own_part(results)
    views = "1 view" if arguments.views == 1 else f"{arguments.views} views"
    head = "" if arguments.head == VOTES else f", {arguments.head} head"
    title = f"{'PrivateTest' if results['private_test'] else arguments.split}, {views}{head}"
    plot_confusion_matrix(np.asarray(own["confusion_matrix"]), output.with_suffix(".png"), title)
    plot_reliability(own["reliability"], output.with_name(f"{output.stem}_reliability.png"), title)
    if results["private_test"] and arguments.log_test_evaluation:
        log = arguments.log_test_evaluation
        log_test_evaluation(log, results["sha256"], own["accuracy"], arguments.views, arguments.head)
    print(summary(results))


def run_zero_shot(arguments: argparse.Namespace) -> None:
    """Score class folders of another data set.

    Raises:
        FerError: an option is given that only a FER2013 source heeds; the results would name it but not have it.
    """
    for option, default in FER2013_ONLY.items():
        if getattr(arguments, option) != default:
            raise FerError("option_not_for_class_folders", f"--{option}", data=arguments.data)
    folders = read_class_folders(Path(arguments.data), arguments.numbering)
    results = zero_shot.score_class_folders(arguments.model, folders, arguments.detect, arguments.device)
    about = {
        "command": command_of(arguments),
        "date": date.today().isoformat(),
        "sha256": weights_hash(arguments.model),
        "data": Path(arguments.data).resolve().name,
    }
    write_json(Path(arguments.output), about | results)
    print(zero_shot.table(results))


def command_of(arguments: argparse.Namespace) -> str:
    """The command that reproduces these results; it names files of data without their folders."""
    views = f" --views {arguments.views}" if arguments.views > 1 else ""
    split = f" --split {arguments.split}" if arguments.split != "test" else ""
    head = f" --head {arguments.head}" if arguments.head != VOTES else ""
    head += f" --numbering {arguments.numbering}" if arguments.numbering else ""
    head += " --detect" if arguments.detect else ""
    data, output = Path(arguments.data).name, Path(arguments.output).name
    options = f"{split}{views}{head} --output {output}"
    return f"python -m fer_hf evaluate --model {shown(arguments.model)} --data {data}{options}"


def summary(results: dict) -> str:
    """The results in a few lines."""
    lines = []
    for part in ("whole", "clean"):
        if part in results:
            low, high = results[part]["interval_95"]["accuracy"]
            scores = "  ".join(f"{score.__name__} {format_score(score, results[part])}" for score in WITH_INTERVAL)
            lines.append(f"{part} (n = {results[part]['n']}): {scores}  (accuracy {100 * low:.1f}-{100 * high:.1f})")
    if "ferplus" in results:
        part = results["ferplus"]
        scores = f"accuracy {100 * part['accuracy']:.2f} %  six-class F1 {100 * part['six_class_f1']:.2f} %"
        lines.append(f"FER+ majority (n = {part['n']}): {scores}  ece {100 * part['ece']:.2f} %")
    return "\n".join(lines)


def format_score(score: Callable, part: dict) -> str:
    """One score of one part of the results: in percent, or as it is where it is no fraction."""
    value = part[score.__name__]
    return f"{value:.3f}" if score in (metrics.nll, metrics.brier) else f"{100 * value:.2f} %"
