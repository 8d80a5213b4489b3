"""Write the measured parts of README.md and docs/ from the results files, so that no number is typed by hand.

python -m tools.docs           write them
python -m tools.docs --check   fail where a document disagrees with the results files

A part stands between the marks `<!-- begin NAME -->` and `<!-- end NAME -->`; `tools/templates/NAME.md.jinja` is its
text.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from fer_hf.errors import FerError
from fer_hf.evaluation.model_metadata import parts_of, read_results, rows_of
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import write_text

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "models" / "fer-dinov2-small"
PARTS = {"comparison": "README.md", "results": "docs/results.md", "choices": "docs/method.md"}
# What the project set out for on PrivateTest with one view: head, score, part of its results, aim, minimum.
AIMS = (
    ("votes", "accuracy", "ferplus", 0.92, 0.89),
    ("votes", "six_class_f1", "ferplus", 0.88, 0.82),
    ("votes", "ece", "ferplus", 0.02, 0.035),
    ("label", "accuracy", "whole", 0.74, 0.712),
    ("label", "accuracy", "clean", 0.73, 0.702),
    ("label", "macro_f1", "whole", 0.72, 0.685),
    ("label", "ece", "clean", 0.02, 0.03),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tools.docs", description=__doc__.splitlines()[0], allow_abbrev=False
    )
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a document is stale")
    arguments = parser.parse_args()
    facts = read_facts()
    for name, document in PARTS.items():
        path = ROOT / document
        old = path.read_text(encoding="utf-8")
        new = with_part(old, name, render(name, facts))
        if arguments.check and new != old:
            raise FerError("docs_stale", document)
        if new != old:
            write_text(path, new)


def read_facts() -> dict[str, Any]:
    """Everything that the templates may use: each results file by its name, and what is known of the model."""
    folders = (ROOT / "benchmarks" / "results", ROOT / "experiments" / "results")
    files = {path.stem: path for folder in folders for path in sorted(folder.glob("*.json"))}
    files["corruptions"] = MODEL / "corruptions.json"
    evaluations = list(read_results(MODEL, weights_hash(str(MODEL))).values())
    training = parts_of(read(MODEL / "training.json"))
    return {
        "aims": AIMS,
        "evaluations": evaluations,
        "rows": [row for results in evaluations for row in rows_of(results)],
        "heads": {results["head"]: results for results in reversed(evaluations)},  # of each the one with fewest views
        "test": evaluations[0],
        "test_evaluations": read(MODEL / "test_evaluations.json"),
        # Version 0.1 kept the number of scored checkpoints in the recipe.
        "training_runs": [{"evaluations": run["recipe"].get("evaluations")} | run for run in training],
        "found": {name: read(path) for name, path in files.items()},
    }


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def render(name: str, facts: dict[str, Any]) -> str:
    """The text of one part."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"percent": percent, "points": points, "interval": give_or_take}
    environment.tests["earlier"] = lambda results: results.get("sha256") not in (None, facts["test"]["sha256"])
    text = environment.get_template(f"{name}.md.jinja").render(facts)
    text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def with_part(document: str, name: str, text: str) -> str:
    """The document with `text` between the marks of `name`."""
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    head, found, rest = document.partition(begin)
    if not found or end not in rest:
        raise FerError("docs_no_marks", name, begin=begin, end=end)
    return f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}"


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def points(value: float) -> str:
    return f"{100 * value:+.1f}"


def give_or_take(row: dict, score: str) -> str:
    """A score and half the width of its interval, in percent: "70.5 ±1.4"."""
    low, high = row["interval_95"] if score == "value" else row["interval_95"][score]
    return f"{percent(row[score])} ±{percent((high - low) / 2)}"


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
