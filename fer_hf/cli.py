"""The command line: `python -m fer_hf COMMAND --help`.

Each command is a module with `add_arguments(parser)` and `run(arguments)`; it is imported only when it is asked for,
so that `--help` answers at once.
"""

import argparse
import importlib
import sys

from fer_hf.errors import FerError

COMMANDS = {
    "data": ("fer_hf.data.inspect", "what a FER data source holds: counts, leaks, blanks, sizes"),
    "augment": ("fer_hf.training.preview", "draw what augmentation does to the same faces"),
    "evaluate": ("fer_hf.evaluation.score", "score a model on a split, with intervals, as JSON and a picture"),
    "predict": ("fer_hf.inference.analyzer", "find and read the faces in photos"),
    "predict-folder": (
        "fer_hf.inference.folder_job",
        "read folders of very many photos with several processes, into parquet",
    ),
    "export": ("fer_hf.hub.onnx", "write a model as ONNX, for onnxruntime and transformers.js"),
    "card": ("fer_hf.hub.model_card", "write a model's card from its results"),
    "publish": ("fer_hf.hub.model", "put a model and its card on the Hub"),
    "publish-space": ("fer_hf.hub.space", "put the page on a Space of the Hub"),
    "publish-data": ("fer_hf.hub.dataset", "put a FER data source on the Hub, privately"),
}


def build_parser(name: str) -> argparse.ArgumentParser:
    """Parser of one command, filled by its module."""
    module, summary = COMMANDS[name]
    parser = argparse.ArgumentParser(prog=f"python -m fer_hf {name}", description=summary)
    command = importlib.import_module(module)
    command.add_arguments(parser)
    parser.set_defaults(run=command.run)
    return parser


def usage() -> str:
    lines = [f"  {name:<14} {summary}" for name, (_, summary) in COMMANDS.items()]
    return "usage: python -m fer_hf COMMAND [--help]\n\n" + "\n".join(lines)


def main(words: list[str]) -> int:
    """Run one command; return the exit code."""
    if not words or words[0] in ("-h", "--help"):
        print(usage())
        return 0 if words else 2
    if words[0] not in COMMANDS:
        print(f"{words[0]}: no such command\n{usage()}", file=sys.stderr)
        return 2
    try:
        arguments = build_parser(words[0]).parse_args(words[1:])
        arguments.run(arguments)
    except FerError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
        return 130
    return 0
