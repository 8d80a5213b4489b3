"""Ablations: what does each choice of the recipe gain? One factor at a time, at an equal budget, on PublicTest.

    python -m experiments.ablations --data D [--factors size rate ...]   shortened, for a CPU
    python -m experiments.ablations --data D --epochs 20 --seeds 0 1     full length, for a GPU
    python -m experiments.ablations --collect                            only collect what was run

Answer (2026-11-24, 150 steps): larger pictures gain most (2.2 points of accuracy at 112 px instead of 84, 2.7 at 140),
then a lower learning rate (0.9) and more weight on FER+ votes (0.7); other layer decays and erasing gain nothing.

Runs `train.py recipes/ablations/base.yaml --NAME VALUE` for one value after another. A series that was stopped
resumes: finished runs are kept, and train.py resumes the unfinished one. What was not run is listed as such.
"""

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from statistics import mean
from typing import Any

import yaml
from transformers.utils import logging

from benchmarks import record
from fer_hf.errors import FerError
from fer_hf.evaluation.plots import figure
from fer_hf.training.parsing import read_arguments

ROOT = Path(__file__).parents[1]
RECIPES = ROOT / "recipes" / "ablations"
RUNS = Path("runs/ablations")
SHORT = ("size", "decay", "rate", "blend", "erasing")  # the factors about which a shortened run says something
NOT_IN_TRAIN = {
    "linear-probed head first": "train.py starts from a random head",
    "cutmix": "train.py has mixup alone",
    "SAM": "it takes two gradients per step, and train.py takes one",
    "soups of several runs": "one run at a time fits two cores",
    "distillation": "train.py has no teacher",
}
SCORES = ("accuracy", "macro_f1", "ece", "nll")
# Arguments that may differ between machines.
ELSEWHERE = ("model_name_or_path", "data", "output_dir", "run_name", "threads", "use_cpu", "bf16")


@dataclass(frozen=True)
class Trial:
    """One run: the base with one field changed, or none, with one seed."""

    field: str  # "" for the base itself
    value: Any
    seed: int
    epochs: float  # 0: the shortened budget of the base

    @property
    def folder(self) -> Path:
        length = f"{self.epochs:g}-epochs" if self.epochs else "short"
        change = f"{self.field}={self.value:g}" if self.field else "base"
        return RUNS / length / f"{change}-seed{self.seed}"

    def argv(self, base: Path, common: list[str]) -> list[str]:
        """The command line of train.py."""
        argv = [str(base), *common, "--seed", str(self.seed), "--output_dir", str(self.folder)]
        if self.epochs:
            argv += ["--max_steps", "-1", "--num_train_epochs", str(self.epochs)]
        return [*argv, f"--{self.field}", str(self.value)] if self.field else argv


def read_factors(folder: Path) -> dict[str, tuple[str, list]]:
    """The field and values of each factor, by the name of its file.

    Raises:
        FerError: a file is not one field with a list of values.
    """
    factors = {}
    for path in sorted(folder.glob("*.yaml")):
        if path.name == "base.yaml":
            continue
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        if not isinstance(table, dict) or len(table) != 1 or not isinstance(next(iter(table.values())), list):
            raise FerError("factor_file", path.name)
        factors[path.stem] = next(iter(table.items()))
    return factors


def trials_of(factor: tuple[str, list], seeds: list[int], epochs: float) -> list[Trial]:
    """All runs of one factor."""
    field, values = factor
    return [
        Trial(field, value, seed, value if field == "num_train_epochs" else epochs)
        for value in values
        for seed in seeds
    ]


def interleave(factors: dict[str, tuple[str, list]], seeds: list[int], epochs: float) -> list[Trial]:
    """The first value of each factor, then the second, and so on: a stopped series says something about each."""
    turns = zip_longest(*(trials_of(factor, seeds, epochs) for factor in factors.values()))
    return [trial for turn in turns for trial in turn if trial]


def run(trial: Trial, base: Path, common: list[str]) -> None:
    """Train, unless that has been done, and remove the checkpoints.

    Raises:
        FerError: training failed, or the folder contains a run of another recipe.
    """
    argv = trial.argv(base, common)
    report = trial.folder / "report.json"
    if not report.exists():
        print(f"\n== {trial.folder}", flush=True)
        code = subprocess.run([sys.executable, "train.py", *argv], cwd=ROOT, check=False).returncode
        if code == 130:
            raise KeyboardInterrupt
        if code or not report.exists():
            raise FerError("run_failed", trial.folder, status=code)
    check_same(json.loads(report.read_text(encoding="utf-8"))["recipe"], read_arguments(argv).as_table(), trial.folder)
    for checkpoint in trial.folder.glob("checkpoint-*"):
        shutil.rmtree(checkpoint)


def check_same(done: dict, wanted: dict, folder: Path) -> None:
    """Check that a run had the same recipe.

    Raises:
        FerError: it had another one; names the fields.
    """
    other = [name for name in wanted if name not in ELSEWHERE and done.get(name) != wanted[name]]
    if other:
        raise FerError("run_of_other_recipe", folder, fields=", ".join(other))


def outcome(trial: Trial) -> dict | None:
    """The result of a finished run, None if it is not finished."""
    report = trial.folder / "report.json"
    if not report.exists():
        return None
    found = json.loads(report.read_text(encoding="utf-8"))
    scores = {name: round(found["validation"][name], 4) for name in SCORES}
    if "ferplus" in found:
        scores["ferplus"] = round(found["ferplus"]["accuracy"], 4)
    return {"seed": trial.seed, **scores, "steps": found["steps"], "seconds": found["seconds"]}


def summarise(trials: list[Trial]) -> dict:
    """The runs of one value with different seeds, and the means of accuracy and agreement with FER+."""
    runs = [found for found in map(outcome, trials) if found]
    if not runs:
        return {"status": "not run"}
    scored = [name for name in ("accuracy", "ferplus") if all(name in each for each in runs)]
    return {"status": "run", **{name: round(mean(each[name] for each in runs), 4) for name in scored}, "runs": runs}


def gains_over(base: dict, value: dict, score: str) -> list[float]:
    """The gain of each run of a value over the base with the same seed, because some seeds are luckier than others."""
    of_seed = {each["seed"]: each[score] for each in base.get("runs", []) if score in each}
    runs = [each for each in value.get("runs", []) if each["seed"] in of_seed and score in each]
    return [round(each[score] - of_seed[each["seed"]], 4) for each in runs]


def collect(base: dict, factors: dict, seeds: list[int], base_seeds: list[int], epochs: float) -> dict:
    """The results of all factors at this budget, whether they were run or not."""
    common = summarise([Trial("", None, seed, epochs) for seed in base_seeds])
    rows = {}
    for name, factor in factors.items():
        values = []
        for value in factor[1]:
            trials = trials_of((factor[0], [value]), seeds, epochs) if epochs or name in SHORT else []
            row = {"value": value, **summarise(trials)}
            for score in ("accuracy", "ferplus"):
                if gains := gains_over(common, row, score):
                    row[f"{score}_gain"] = round(mean(gains), 4)
            values.append(row)
        rows[name] = {"field": factor[0], "base": base[factor[0]], "values": values}
    budget = (
        f"{epochs:g} epochs"
        if epochs
        else f"shortened: {base['max_steps']} steps of {base['per_device_train_batch_size']} faces"
    )
    return {
        "split": "validation",
        "budget": budget,
        "full_length": bool(epochs),
        "base": common,
        "factors": rows,
        "not_in_train": {name: f"not run: {reason}" for name, reason in NOT_IN_TRAIN.items()},
        "configurations_tried": sum(v["status"] == "run" for row in rows.values() for v in row["values"])
        + (common["status"] == "run"),
    }


def draw(results: dict, path: Path) -> None:
    """The gain of each value that was run over the base; grey: the range of the base over its seeds."""
    rows = [
        (f"{row['field']} {each['value']:g}", [100 * gain for gain in gains_over(results["base"], each, "accuracy")])
        for row in results["factors"].values()
        for each in row["values"]
        if "accuracy_gain" in each
    ]
    of_base = [each["accuracy"] for each in results["base"]["runs"]]
    spread = 100 * (max(of_base) - min(of_base))
    with figure(path, 7, 1.2 + 0.3 * len(rows)) as axes:
        axes.axvspan(-spread, spread, color="#DDDDDD", label="range of the base over its seeds")
        axes.axvline(0, color="grey", linewidth=0.8)
        for place, (_, gains) in enumerate(reversed(rows)):
            axes.plot(gains, [place] * len(gains), "o", mfc="none", color="#0072B2")
            axes.plot(mean(gains), place, "o", color="#0072B2")
        axes.set_yticks(range(len(rows)), [name for name, _ in reversed(rows)])
        base = 100 * results["base"]["accuracy"]
        axes.set(
            xlabel=f"PublicTest accuracy, points above the base of the same seed (mean {base:.1f} %)",
            ylim=(-0.7, len(rows) - 0.3),
        )
        axes.set_title(results["budget"], fontsize=10)
        axes.legend(fontsize=8)


def build_parser() -> argparse.ArgumentParser:
    parser = record.bare_parser("experiments.ablations", __doc__)
    parser.add_argument("--data", default="", metavar="D", help="a FER2013 source: see `python -m fer_hf data`")
    parser.add_argument("--model", default="", help="Hub id or folder to start from (default: that of the base)")
    parser.add_argument("--factors", nargs="+", metavar="F", help=f"default: {', '.join(SHORT)}; with --epochs: all")
    parser.add_argument("--epochs", type=float, default=0, help="full length instead of the shortened budget")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0], help="of each value (default: 0)")
    parser.add_argument("--base_seeds", nargs="+", type=int, default=[0, 1], help="of the base (default: 0 1)")
    parser.add_argument("--collect", action="store_true", help="train nothing, only collect what was run")
    parser.add_argument("--recipes", type=Path, default=RECIPES, help="folder of base.yaml and the factors")
    return parser


def choose(factors: dict, names: list[str] | None, epochs: float) -> dict:
    """The factors to run.

    Raises:
        FerError: one is unknown, or says nothing in a shortened run.
    """
    names = names or [name for name in factors if epochs or name in SHORT]
    for name in names:
        if name not in factors:
            raise FerError("not_a_choice", "--factors", value=name, choices=", ".join(factors))
        if not epochs and name not in SHORT:
            raise FerError("factor_needs_length", "--factors", name=name)
    return {name: factors[name] for name in names}


def main(argv: list[str]) -> None:
    arguments = build_parser().parse_args(argv)
    logging.disable_progress_bar()
    factors = read_factors(arguments.recipes)
    base = arguments.recipes / "base.yaml"
    data = arguments.data or ("not read" if arguments.collect else "")
    pairs = {"--data": data, "--model_name_or_path": arguments.model}
    common = [argument for option, value in pairs.items() if value for argument in (option, value)]
    if not arguments.collect:
        trials = [Trial("", None, seed, arguments.epochs) for seed in arguments.base_seeds]
        trials += interleave(choose(factors, arguments.factors, arguments.epochs), arguments.seeds, arguments.epochs)
        for trial in trials:
            run(trial, base, common)
            gather(base, common, factors, arguments)  # after each, so that a stopped series has its results
    results = gather(base, common, factors, arguments)
    print(f"{results['configurations_tried']} configurations tried; base {results['base'].get('accuracy')}")


def gather(base: Path, common: list[str], factors: dict, arguments: argparse.Namespace) -> dict:
    """Collect the results, write them and draw them."""
    recipe = read_arguments([str(base), *common]).as_table()
    results = collect(recipe, factors, arguments.seeds, arguments.base_seeds, arguments.epochs)
    name = "experiments.ablations" if not arguments.epochs else f"experiments.ablations_{arguments.epochs:g}_epochs"
    record.keep(name, results)
    if any("accuracy_gain" in value for row in results["factors"].values() for value in row["values"]):
        draw(results, record.path_of(name, ".png"))
    return results


if __name__ == "__main__":
    record.run(main)
