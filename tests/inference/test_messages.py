"""Every error of this package has its sentence, and a German one says the same of the same values."""

import ast
from pathlib import Path
from string import Formatter

import pytest

import fer_hf.inference
from fer_hf.errors import read_messages

ENGLISH, GERMAN = read_messages("en"), read_messages("de")


def placeholders(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def raised():
    """(code, names of its parameters) of each FerError that the package makes from a fixed code."""
    for path in sorted(Path(fer_hf.inference.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "FerError":
                codes = [leaf.value for leaf in ast.walk(node.args[0]) if isinstance(leaf, ast.Constant)]
                yield from ((code, {keyword.arg for keyword in node.keywords}) for code in codes)


@pytest.mark.parametrize(("code", "parameters"), raised())
def test_every_error_has_a_sentence_with_its_values(code, parameters):
    assert placeholders(ENGLISH[code]) == parameters


@pytest.mark.parametrize("code", GERMAN)
def test_german_sentences_have_the_values_of_the_english_ones(code):
    assert placeholders(GERMAN[code]) == placeholders(ENGLISH[code])
