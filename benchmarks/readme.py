"""Write the results tables of README.md from the result files, so that no number is typed by hand.

python -m benchmarks.readme           write them
python -m benchmarks.readme --check   only say whether README agrees with the files
"""

import argparse
import json
import sys
from pathlib import Path

from fer_hf.errors import FerError
from fer_hf.files import write_text

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
MODEL = ROOT / "models" / "fer-dinov2-small"
BEGIN, END = "<!-- results: written by `python -m benchmarks.readme` -->", "<!-- end of results -->"
SPLIT_NAMES = {"test": "PrivateTest", "validation": "PublicTest"}


def read(path: Path) -> dict | list | None:
    """A result file, or None where it has not been measured."""
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def scores_table(evaluations: list[dict]) -> list[str]:
    """One row for each evaluation and part, with the accuracy's 95 % interval."""
    lines = [
        "| faces | views | n | accuracy, % | macro-F1, % | surest 80 %, % | ECE, % (perfect model) | NLL |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for results in evaluations:
        for part in ("whole", "clean"):
            row = results[part]
            low, high = row["interval_95"]["accuracy"]
            name = SPLIT_NAMES[results["split"]] + (", clean" if part == "clean" else "")
            cells = [
                name,
                str(results["views"]),
                str(row["n"]),
                f"**{percent(row['accuracy'])}** ({percent(low)}-{percent(high)})",
                percent(row["macro_f1"]),
                percent(row["coverage_80"]),
                f"{percent(row['ece'])} ({percent(row['ece_floor'])})",
                f"{row['nll']:.3f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def agreement_lines(results: dict) -> list[str]:
    row = results["ferplus"]
    low, high = row["interval_95"]["accuracy"]
    return [
        "",
        f"Agreement with the FER+ majority on {SPLIT_NAMES[results['split']]} (n = {row['n']}): "
        f"**{percent(row['accuracy'])} %** ({percent(low)}-{percent(high)}).",
    ]


def peers_table(peers: dict) -> list[str]:
    """Our model and the peers on the same faces, in one run."""
    lines = [
        "",
        f"Beside the models people install, on the same {peers['n']} faces of {SPLIT_NAMES[peers['split']]}:",
        "",
        "| model | accuracy, % | clean, % | macro-F1, % | FER+, % | ECE, % | ms, 1 face | ms, 64 faces | MB | p |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in peers["models"].items():
        cells = [percent(row[key]["value"]) for key in ("accuracy", "accuracy_clean", "macro_f1", "ferplus", "ece")]
        cells += [f"{row['milliseconds'][count]:.1f}" for count in ("1", "64")]
        cells += [f"{row['megabytes']:.1f}", f"{row['mcnemar']['p_value']:.0e}" if "mcnemar" in row else ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    stated = peers["stated"]
    lines.append(
        f"| {stated['name']} | {percent(stated['accuracy'])} (stated) | | | | |"
        f" {stated['milliseconds']['1']:.1f} (a random model of its shape) | | | |"
    )
    return [*lines, "", "p: McNemar's exact test against ours."]


def speed_table(speed: dict) -> list[str]:
    """Times as ratios to one pass of a random ViT-B/16 at 224 px in the same run."""
    lines = ["", "| speed | measured | limit |", "|---|---|---|"]
    for name, row in speed["predict"]["rows"].items():
        if row["limit"] is not None:
            lines.append(f"| {name} | {row['ratio']:.3f} of a ViT-B/16 pass at 224 px | {row['limit']:g} |")
    train, page = speed["train"], speed["page"]
    lines.append(f"| `train.py`, of bare training steps' pictures a second | {percent(train['share'])} % | 90 % |")
    lines.append(f"| the page's first answer | {page['first_answer_seconds']} s after start | 15 s |")
    lines.append(f"| the page's memory | {page['resident_gigabytes']} GB | 1.5 GB |")
    return lines


def looks_line(looks: list[dict]) -> list[str]:
    count = len(looks)
    return [
        "",
        f"PrivateTest has been looked at {count} time{'s' * (count != 1)}, each look noted in",
        "`benchmarks/results/private_looks.json`; everything was chosen on PublicTest.",
    ]


def results_block() -> str:
    """All that stands between the marks in README."""
    test, views = read(MODEL / "eval_results.json"), read(RESULTS / "test_views.json")
    public = read(RESULTS / "public_test.json")
    evaluations = [each for each in (test, views, public) if each]
    lines = scores_table(evaluations)
    for results in evaluations[:1]:
        lines += agreement_lines(results)
    lines += looks_line(read(RESULTS / "private_looks.json") or [])
    if peers := read(RESULTS / "peers.json"):
        lines += peers_table(peers)
    if speed := read(RESULTS / "speed.json"):
        lines += speed_table(speed)
    commands = [each["command"] for each in evaluations]
    commands += [each["conditions"]["command"] for each in (peers, speed) if each]
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
