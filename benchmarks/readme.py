"""Write the results tables of README.md from the result files, so that no number is typed by hand.

python -m benchmarks.readme           write them
python -m benchmarks.readme --check   only say whether README agrees with the files
"""

import argparse
import json
import sys
from pathlib import Path

from benchmarks import running, tables
from fer_hf.errors import FerError
from fer_hf.facts import parts_of
from fer_hf.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MODEL = ROOT / "models" / "fer-dinov2-small"
BEGIN, END = "<!-- results: written by `python -m benchmarks.readme` -->", "<!-- end of results -->"


def read(path: Path) -> dict | list | None:
    """A result file, or None where it has not been measured."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def results_block() -> str:
    """All that stands between the marks in README."""
    test = read(MODEL / "eval_results.json")
    views = [read(MODEL / f"eval_results_{count}_views.json") for count in (2, 10)]
    public = read(RESULTS / "public_test.json")
    evaluations = [each for each in (test, *views, public) if each]
    lines = tables.aims_table({each["views"]: each for each in (test, *views) if each})
    if test and "unsure" in test:
        lines += tables.unsure_lines(test)
    lines += ["", *tables.scores_table(evaluations)]
    frontier, ablations = read(RESULTS / "frontier.json"), read(RESULTS / "ablations.json")
    mixes = read(RESULTS / "mixes.json")
    looks, parts = read(RESULTS / "private_looks.json") or [], parts_of(read(MODEL / "training.json"))
    lines += tables.choices_lines(looks, parts, mixes, frontier, ablations)
    if frontier:
        lines += tables.frontier_lines(frontier)
    if ablations:
        lines += tables.ablation_lines(ablations)
    if corruptions := read(RESULTS / "corruptions.json"):
        lines += tables.corruption_lines(corruptions)
    if fairness := read(RESULTS / "fairness.json"):
        lines += tables.fairness_lines(fairness)
    if peers := read(RESULTS / "peers.json"):
        lines += tables.peers_table(peers)
    if export := read(RESULTS / "export.json"):
        lines += running.export_lines(export)
    if speed := read(RESULTS / "speed.json"):
        lines += running.speed_table(speed)
    if explain := read(RESULTS / "explain.json"):
        lines += tables.explain_lines(explain)
    live, sessions = read(RESULTS / "live.json"), read(RESULTS / "sessions.json")
    lines += running.page_lines(live, sessions)
    commands = [f"{each['command']}  # {tables.COMMAND_OF_VIEWS[each['views']]}" for each in (test, *views) if each]
    commands += [public["command"]] if public else []
    measured = (mixes, frontier, ablations, corruptions, fairness, peers, export, speed, explain, live, sessions)
    commands += [each["conditions"]["command"] for each in measured if each]
    lines += ["", "Each again by its command:", "", "```", *commands, "```"]
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.readme", description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where README and files disagree")
    arguments = parser.parse_args()
    path = ROOT / "README.md"
    old = path.read_text(encoding="utf-8")
    head, _, rest = old.partition(BEGIN)
    new = f"{head}{BEGIN}\n{results_block()}\n{END}{rest.partition(END)[2]}"
    if arguments.check and new != old:
        raise FerError("README.md does not agree with the result files: run `python -m benchmarks.readme`")
    write_text(path, new)


if __name__ == "__main__":
    try:
        main()
    except FerError as error:
        sys.exit(f"error: {error}")
