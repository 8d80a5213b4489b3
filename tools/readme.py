"""Write the results tables of README.md from the result files, so that no number is typed by hand.

python -m tools.readme           write them
python -m tools.readme --check   only say whether README agrees with the files
"""

import argparse
import json
import sys
from pathlib import Path

from fer_hf.errors import FerError
from fer_hf.evaluation.model_metadata import parts_of
from fer_hf.io import write_text
from tools import choices, running, tables

ROOT = Path(__file__).parents[1]
RESULTS = (ROOT / "benchmarks" / "results", ROOT / "experiments" / "results")
MODEL = ROOT / "models" / "fer-dinov2-small"
BEGIN, END = "<!-- results: written by `python -m tools.readme` -->", "<!-- end of results -->"

SECTIONS = {  # in README's order, each from the result file of its name
    "weight_interpolation": choices.mixes_lines,
    "label_trade_off": choices.frontier_lines,
    "test_time_augmentation": choices.views_lines,
    "ablations": choices.ablation_lines,
    "corruptions": tables.corruption_lines,
    "fairness": tables.fairness_lines,
    "baselines": tables.peers_table,
    "onnx": running.export_lines,
    "speed": running.speed_table,
    "saliency": tables.explain_lines,
}
COMMANDS = (*SECTIONS, "live", "sessions")

EARLIER = ["", "*Measured on earlier weights of the same shape.*"]


def is_of(test: dict, results: dict) -> bool:
    """Whether results are of the weights in the repository, or of no weights that could change."""
    return results.get("sha256") in (None, test["sha256"])


def read(path: Path) -> dict | list | None:
    """A result file, or None where it has not been measured."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def results_block() -> str:
    """All that stands between the marks in README."""
    test = read(MODEL / "eval_results.json")
    views = [read(MODEL / f"eval_results_{count}_views.json") for count in (2, 10)]
    evaluations = [each for each in (test, *views) if each]
    found = {path.stem: read(path) for folder in RESULTS for path in sorted(folder.glob("*.json"))}
    lines = tables.aims_table({each["views"]: each for each in evaluations})
    if test and "unsure" in test:
        lines += tables.unsure_lines(test)
    lines += ["", *tables.scores_table(evaluations)]
    found["corruptions"] = read(MODEL / "corruptions.json")
    looks, parts = read(MODEL / "test_evaluations.json"), parts_of(read(MODEL / "training.json"))
    lines += choices.choices_lines(
        looks, parts, *(found.get(name) for name in ("weight_interpolation", "test_time_augmentation", "ablations"))
    )
    for name, lines_of in SECTIONS.items():
        if name in found:
            lines += [*lines_of(found[name]), *([] if is_of(test, found[name]) else EARLIER)]
    lines += running.page_lines(found.get("live"), found.get("sessions"))
    commands = [f"{each['command']}  # {tables.COMMAND_OF_VIEWS[each['views']]}" for each in evaluations]
    commands += [found[name]["conditions"]["command"] for name in COMMANDS if name in found]
    return "\n".join([*lines, "", "Each again by its command:", "", "```", *commands, "```"])


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.readme", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where README and files disagree")
    arguments = parser.parse_args()
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    head, _, rest = old.partition(BEGIN)
    new = f"{head}{BEGIN}\n{results_block()}\n{END}{rest.partition(END)[2]}"
    if arguments.check and new != old:
        raise FerError("README.md does not agree with the result files: run `python -m tools.readme`")
    if new != old:
        write_text(path, new)


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
