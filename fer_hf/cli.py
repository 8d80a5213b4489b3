"""The command line: `fer-hf COMMAND --help`, or `python -m fer_hf COMMAND --help`.

Each command is a module with `add_arguments(parser)` and `run(arguments)`. Only the module of the given command is
imported, so that `--help` answers at once and a command loads nothing that it does not need.
"""

import argparse
import difflib
import importlib
import sys
from typing import NamedTuple

from fer_hf import __version__
from fer_hf.errors import FerError, report


class Command(NamedTuple):
    """A subcommand: its module, what it does, and the extra that installs its libraries."""

    module: str
    summary: str
    extra: str | None = None


COMMANDS = {
    "predict": Command("fer_hf.inference.predict", "find the faces in photos and read their expressions"),
    "app": Command("fer_hf.web.server", "serve the page on http://127.0.0.1:7860"),
    "predict-folder": Command(
        "fer_hf.inference.folder_job", "read folders of very many photos with several processes, into parquet"
    ),
    "data": Command("fer_hf.data.inspect", "what a FER data source holds: counts, leaks, blanks, sizes", "train"),
    "augment": Command("fer_hf.training.preview", "draw what augmentation does to the same faces", "train"),
    "evaluate": Command(
        "fer_hf.evaluation.score", "score a model on a split, with intervals, as JSON and a picture", "train"
    ),
    "export": Command("fer_hf.hub.onnx", "write a model as ONNX, for onnxruntime and transformers.js", "export"),
    "build-device": Command(
        "fer_hf.site.device_files", "fetch and make what browsers need to read on their own device", "export"
    ),
    "build-static": Command(
        "fer_hf.site.build", "write the page for any host of files: photos are read in the browser", "export"
    ),
    "card": Command("fer_hf.hub.model_card", "write a model's card from its results", "train"),
    "publish": Command("fer_hf.hub.model", "put a model and its card on the Hub", "train"),
    "publish-space": Command("fer_hf.site.space", "put the page on a Space of the Hub", "train"),
    "publish-data": Command("fer_hf.hub.dataset", "put a FER data source on the Hub, privately", "train"),
}


def build_parser(name: str) -> argparse.ArgumentParser:
    """The parser of one command, filled by its module.

    Raises:
        FerError: the extra that the command needs is not installed.
    """
    module, summary, extra = COMMANDS[name]
    parser = argparse.ArgumentParser(prog=f"fer-hf {name}", description=summary, allow_abbrev=False)
    try:
        command = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if extra is None or error.name.startswith("fer_hf"):
            raise
        raise FerError("extra_missing", f"fer-hf {name}", package=error.name, extra=extra) from error
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
    return parser


def usage() -> str:
    """The table of all commands."""
    lines = [f"  {name:<14} {command.summary}" for name, command in COMMANDS.items()]
    return "usage: fer-hf COMMAND [--help]\n\n" + "\n".join(lines)


def unknown_command(name: str) -> FerError:
    """The error for a name that is no command, with the nearest one that is."""
    nearest = difflib.get_close_matches(name, COMMANDS, 1)
    return FerError("command_misspelled", name, nearest=nearest[0]) if nearest else FerError("command_unknown", name)


def main(argv: list[str] | None = None) -> int:
    """Run one command, by default that of the process; return the exit code."""
    name, *options = (sys.argv[1:] if argv is None else argv) or [""]
    if name in ("", "-h", "--help", "--version"):
        print(__version__ if name == "--version" else usage())
        return 0 if name else 2
    if name not in COMMANDS:
        report(unknown_command(name))
        print(usage(), file=sys.stderr)
        return 2
    try:
        arguments = build_parser(name).parse_args(options)
        return arguments.run(arguments) or 0
    except FerError as error:
        report(error)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
