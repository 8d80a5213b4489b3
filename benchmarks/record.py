"""What every result says of itself: the command, the date, the versions, the machine; and where it is kept."""

import argparse
import platform
import shlex
import sys
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import torch
from transformers.utils import logging

from fer_hf.environment import default_model, machine, shown
from fer_hf.errors import FerError
from fer_hf.io import write_json

ROOT = Path(__file__).parents[1]
TEST_LOG = ROOT / "benchmarks" / "results" / "test_evaluations.json"  # every use of PrivateTest by the maintainer
LIBRARIES = ("torch", "transformers", "datasets", "onnxruntime", "gradio", "numpy", "pillow")


def conditions(name: str) -> dict:
    """What the figures of the module `name`, such as "benchmarks.speed", depend on beside the code."""
    return {
        "command": command(name, sys.argv[1:]),
        "date": date.today().isoformat(),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), **{each: version(each) for each in LIBRARIES}},
    }


def command(name: str, words: list[str]) -> str:
    """The command as anyone can repeat it: files of the project as they are, other files by their name alone."""
    return shlex.join(["python", "-m", name, *map(shown, words)])


def path_of(name: str, suffix: str = ".json") -> Path:
    """Where the module `name` keeps its results: "benchmarks.speed" in benchmarks/results/speed.json."""
    package, _, stem = name.rpartition(".")
    return ROOT / package / "results" / f"{stem}{suffix}"


def build_parser(name: str, about: str) -> argparse.ArgumentParser:
    """The options of every benchmark that scores a model on FER2013; `about` is the module's docstring."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--model", default=default_model(), help="model folder or Hub id (default: the model in the repo)"
    )
    parser.add_argument("--data", required=True, metavar="D", help="a FER2013 source: see `python -m fer_hf data`")
    parser.add_argument("--threads", type=int, default=2, help="of the CPU (default: %(default)s)")
    return parser


def parse(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """What `words` ask of a parser of `build_parser`, with the threads set and the libraries' own bars off."""
    arguments = parser.parse_args(words)
    torch.set_num_threads(arguments.threads)
    logging.disable_progress_bar()
    return arguments


def keep(name: str, results: dict, path: Path | None = None) -> Path:
    """Write the results of the module `name`, with their conditions, to its own place or to `path`; return the file."""
    path = path or path_of(name)
    write_json(path, {"conditions": conditions(name), **results})
    print(f"written: {shown(str(path))}")
    return path


def run(main: Callable[[list[str]], None]) -> None:
    """Run a benchmark as a program: one line instead of a traceback where something outside is wrong."""
    try:
        main(sys.argv[1:])
    except FerError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
