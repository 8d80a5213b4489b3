"""Two heads: which run's heads read PublicTest best?

    python -m experiments.two_heads --runs runs/first-attempt runs/dinov2-small ...

Answer (2026-11-27): those that were fitted once more to the backbone of 24 epochs with whole pictures. The same run at
168 px with half of the patches dropped reads worse, for all its larger pictures; six epochs more, in which the label
counts double, gain 0.1 points on the label and lose more on the votes.

Reads each run's `report.json`: what its own heads scored at its best step, and what its finished ones do. The results
keep the rows of runs that are not named.
"""

import json
from pathlib import Path

from benchmarks import record
from fer_hf.errors import FerError

SCORES = {
    "label_accuracy": "eval_accuracy",
    "label_macro_f1": "eval_macro_f1",
    "votes_accuracy": "eval_votes_accuracy",
    "votes_six_class_f1": "eval_votes_six_class_f1",
}
ARGUMENTS = ("image_size", "num_train_epochs", "patch_drop_rate", "patch_drop_fraction", "mixup", "refit_classifier")


def row_of(run: Path) -> dict:
    """The scores of one run on PublicTest, as shares, and the arguments in which the runs differ.

    Raises:
        FerError: the run has no report, or trained one head.
    """
    try:
        report = json.loads((run / "report.json").read_text(encoding="utf-8"))
        scored = {entry["step"]: entry for entry in report["history"] if "eval_loss" in entry}
        best = scored[report["best_step"]]
        label, votes = report["label_head"]["validation"], report["ferplus"]
    except (OSError, ValueError, KeyError) as error:
        raise FerError("report_of_two_heads", run) from error
    return {
        "base": report["recipe"]["model_name_or_path"],
        **{name: report["recipe"].get(name, False) for name in ARGUMENTS},
        "as_trained": {name: round(best[key], 4) for name, key in SCORES.items()},
        "finished": {
            "label_accuracy": round(label["accuracy"], 4),
            "label_macro_f1": round(label["macro_f1"], 4),
            "votes_accuracy": round(votes["accuracy"], 4),
            "votes_six_class_f1": round(votes["six_class_f1"], 4),
            "tau": report["tau"],
        },
    }


def main(argv: list[str]) -> None:
    parser = record.bare_parser("experiments.two_heads", __doc__)
    parser.add_argument("--runs", type=Path, nargs="+", required=True, help="output folders of train.py")
    runs = parser.parse_args(argv).runs
    path = record.path_of("experiments.two_heads")
    known = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    rows = known | {run.name: row_of(run) for run in runs}
    record.keep("experiments.two_heads", {"split": "validation", "runs": rows})


if __name__ == "__main__":
    record.run(main)
