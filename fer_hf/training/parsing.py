"""Reads the arguments of a run from a recipe, a YAML file of arguments, and the command line, which overrides it.

python train.py recipes/dinov2-small.yaml --data fer2013.parquet --num_train_epochs 3 --report_to trackio
"""

import argparse
import difflib
import json
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import yaml
from transformers import HfArgumentParser

from fer_hf.errors import FerError, first_line
from fer_hf.training.arguments import (
    Arguments,
    AugmentationArguments,
    DataArguments,
    FerTrainingArguments,
    ModelArguments,
)


def read_arguments(argv: list[str]) -> Arguments:
    """The arguments of the command line `[RECIPE.yaml] [--name value ...]`, the command line's over the recipe's.

    Raises:
        FerError: no such file or no YAML table; an unknown name (the nearest known one is suggested); a wrong value.
    """
    parser = build_parser()
    words = list(argv)
    recipe = [words.pop(0)] if words and not words[0].startswith("-") else []
    of_recipe = [word for path in recipe for word in read_recipe(path)]
    check_names(of_recipe, parser, *recipe)
    check_names(words, parser)
    try:
        *groups, stray = parser.parse_args_into_dataclasses(
            [*of_recipe, *words], return_remaining_strings=True, look_for_args_file=False
        )
    except argparse.ArgumentError as error:
        name = (error.argument_name or "").partition("/")[0].removeprefix("--")
        raise FerError("argument_refused", name, details=error.message) from error
    if stray:
        raise FerError("argument_stray", stray[0])
    return Arguments(*groups)


def build_parser() -> HfArgumentParser:
    """The parser of train.py; `--help` lists every argument, the Trainer's own too, in groups."""
    return HfArgumentParser(
        (ModelArguments, DataArguments, AugmentationArguments, FerTrainingArguments),
        prog="train.py",
        usage="python train.py [RECIPE.yaml] [--name value ...]",
        description="Fine-tune a pretrained model on FER2013. A recipe is a YAML file of the arguments below.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
        allow_abbrev=False,
        exit_on_error=False,
    )


def read_recipe(path: str | Path) -> list[str]:
    """A recipe as the arguments of a command line.

    Raises:
        FerError: it cannot be read or is not a YAML table of names and values.
    """
    try:
        table = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise FerError("file_unreadable", path, reason=error.strerror) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FerError("recipe_not_yaml", path, details=first_line(error)) from error
    if not isinstance(table, dict) or not all(isinstance(name, str) for name in table):
        raise FerError("recipe_no_table", path)
    return [word for name, value in table.items() if value is not None for word in _as_words(name, value)]


def _as_words(name: str, value: Any) -> list[str]:
    if isinstance(value, list):
        return [f"--{name}", *map(str, value)]
    return [f"--{name}={json.dumps(value) if isinstance(value, dict) else value}"]


def check_names(words: Iterable[str], parser: argparse.ArgumentParser, source: str | None = None) -> None:
    """Refuse an unknown `--name` before anything is parsed; abbreviations are unknown too."""
    known = {name for each in fields_of(parser) for name in (each.name, f"no_{each.name}")} | {"help"}
    for word in words:
        name = word.removeprefix("--").partition("=")[0].replace("-", "_")
        if word.startswith("--") and name not in known:
            nearest = difflib.get_close_matches(name, known, n=1, cutoff=0)[0]
            raise FerError("argument_unknown", source, name=name, nearest=nearest)


def fields_of(parser: HfArgumentParser) -> list:
    """The fields of all tables that the parser fills."""
    return [each for table in parser.dataclass_types for each in fields(table)]
