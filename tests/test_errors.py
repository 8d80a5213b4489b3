"""Every error that the source raises has its sentence, in German too where a visitor of the page can meet it."""

import ast
import pickle
import re
from functools import cache
from pathlib import Path
from string import Formatter

import pytest

from fer_hf.errors import FerError, first_line, read_messages

ROOT = Path(__file__).parents[1]
FOLDERS = ("fer_hf", "benchmarks", "experiments", "tools")
FOR_VISITORS = re.compile(r"(app\.py|fer_hf/(inference/.*|web/.*|[^/]*))$")  # as the page's own files and those it uses
ENGLISH, GERMAN = read_messages("en"), read_messages("de")


@cache
def raised():
    """Each `FerError(...)` in the source: where, its first argument as it is written, and its parameters' names."""
    files = [ROOT / "app.py", ROOT / "train.py", *(path for name in FOLDERS for path in (ROOT / name).rglob("*.py"))]
    found = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "FerError":
                first = node.args[0]
                code = first.value if isinstance(first, ast.Constant) else None
                code = ast.unparse(first) if isinstance(first, ast.JoinedStr) else code
                names = {keyword.arg for keyword in node.keywords}
                found.append((f"{path.relative_to(ROOT).as_posix()}:{node.lineno}", code, names))
    return found


def placeholders(sentence):
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def test_the_source_raises_codes():
    """Or an expression that gives a code."""
    free = [where for where, code, _ in raised() if code is not None and code not in ENGLISH]
    assert len(raised()) > 100
    assert free == []


def test_sentences_get_the_parameters_that_they_show():
    wrong = [
        (where, code, names ^ placeholders(ENGLISH[code]))
        for where, code, names in raised()
        if code in ENGLISH and None not in names and names != placeholders(ENGLISH[code])
    ]
    assert wrong == []


def test_no_parameter_is_called_as_those_of_the_error_itself():
    assert [where for where, _, names in raised() if names & {"code", "source"}] == []


def test_what_a_visitor_may_meet_has_german():
    codes = {code for where, code, _ in raised() if FOR_VISITORS.match(where.partition(":")[0]) and code in ENGLISH}
    assert sorted(codes - GERMAN.keys()) == []


def test_every_sentence_is_used():
    source = "\n".join(path.read_text() for name in FOLDERS for path in (ROOT / name).rglob("*.py"))
    source += (ROOT / "app.py").read_text() + (ROOT / "train.py").read_text()
    assert [code for code in ENGLISH if f'"{code}"' not in source] == []


@pytest.mark.parametrize("code", sorted(GERMAN))
def test_german_shows_the_same_parameters(code):
    assert placeholders(GERMAN[code]) == placeholders(ENGLISH[code])


@pytest.mark.parametrize("language", ["en", "de"])
def test_no_code_is_written_twice(language):
    text = (ROOT / "fer_hf" / "messages" / f"{language}.yaml").read_text(encoding="utf-8")
    codes = re.findall(r"^(\w+):", text, re.MULTILINE)
    assert len(codes) == len(set(codes)) == len(read_messages(language))


def test_an_error_is_one_line_in_the_readers_language():
    error = FerError("file_too_large", "party.jpg", megabytes=100)
    assert str(error) == "party.jpg: the file is larger than 100 MB"
    assert error.message("de") == "party.jpg: die Datei ist größer als 100 MB"
    assert error.message("fr") == str(error)  # no French: English


def test_a_code_without_a_sentence_is_a_defect_of_ours():
    with pytest.raises(KeyError):
        str(FerError("no sentence has this code"))


def test_braces_in_a_name_are_no_placeholders():
    assert str(FerError("file_unreadable", "{party}.jpg", reason="{0}")) == "{party}.jpg: cannot be read ({0})"


def test_an_error_inside_another_speaks_the_same_language():
    inner = FerError("file_empty", "a.jpg")
    assert FerError("file_unreadable", "b.zip", reason=inner).message("de") == (
        "b.zip: lässt sich nicht lesen (a.jpg: die Datei ist leer)"
    )


def test_it_crosses_processes_whole():
    error = pickle.loads(pickle.dumps(FerError("file_too_large", "party.jpg", megabytes=100)))
    assert (error.code, error.source, error.params) == ("file_too_large", "party.jpg", {"megabytes": 100})


def test_the_first_line_of_a_foreign_error():
    assert first_line(ValueError("\n  bad shape\nat layer 3")) == "bad shape"
    assert first_line(ValueError()) == "ValueError"
