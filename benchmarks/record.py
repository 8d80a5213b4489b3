"""What every result records about itself (command, date, versions, machine) and where it is kept."""

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
LIBRARIES = ("torch", "transformers", "datasets", "onnxruntime", "gradio", "numpy", "pillow")


def conditions(name: str) -> dict:
    """What the results of the module `name`, such as "benchmarks.speed", depend on besides the code."""
    return {
        "command": command(name, sys.argv[1:]),
        "date": date.today().isoformat(),
        "machine": machine(),
        "threads": torch.get_num_threads(),
        "versions": {"python": platform.python_version(), **{each: version(each) for each in LIBRARIES}},
    }


def command(name: str, argv: list[str]) -> str:
    """The command as anyone can repeat it: files outside the project are given by their name alone."""
    return shlex.join(["python", "-m", name, *map(shown, argv)])


def path_of(name: str, suffix: str = ".json") -> Path:
    """Where the module `name` keeps its results: for "benchmarks.speed" benchmarks/results/speed.json."""
    package, _, stem = name.rpartition(".")
    return ROOT / package / "results" / f"{stem}{suffix}"


def bare_parser(name: str, about: str, model: bool = False) -> argparse.ArgumentParser:
    """A parser for the module `name` with the docstring `about`; `model`: whether it takes one."""
    parser = argparse.ArgumentParser(prog=f"python -m {name}", description=about.splitlines()[0], allow_abbrev=False)
    if model:
        default = default_model()
        parser.add_argument("--model", default=default, help="folder or Hub id (default: the model that ships)")
    return parser


def build_parser(name: str, about: str, device: bool = True) -> argparse.ArgumentParser:
    """The options of every benchmark that scores a model on FER2013.

    `about` is the docstring of the module; `device`: whether the benchmark can run elsewhere than on the CPU.
    """
    parser = bare_parser(name, about, model=True)
    parser.add_argument("--data", required=True, metavar="D", help="a FER2013 source: see `python -m fer_hf data`")
    if device:
        parser.add_argument("--device", default="auto", help="auto, cpu, cuda, mps (default: the accelerator, if any)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default: %(default)s)")
    return parser


def parse(parser: argparse.ArgumentParser, argv: list[str]) -> argparse.Namespace:
    """Parse the command line, set the number of threads and switch off the progress bars of the libraries."""
    arguments = parser.parse_args(argv)
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
    """Run a benchmark as a program; a FerError is shown as one line instead of a traceback."""
    try:
        main(sys.argv[1:])
    except FerError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        sys.exit(130)
