"""Every language says everything, about the same values."""

import re
from pathlib import Path
from string import Formatter

import pytest

import fer_hf.web
from benchmarks.corruptions import CORRUPTIONS
from fer_hf.inference.unsure import REASONS
from fer_hf.labels import LABELS
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS

WEB = Path(fer_hf.web.__file__).parent


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_every_key_and_placeholder_of_english(language):
    text = TEXTS[language]
    assert text["code"] == language
    assert set(text) == set(TEXT)
    assert {key: placeholders(words) for key, words in text.items()} == {
        key: placeholders(words) for key, words in TEXT.items()
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_is_text_and_every_expression_has_a_word(language):
    assert all(isinstance(words, str) and words.strip() == words != "" for words in TEXTS[language].values())
    assert len({TEXTS[language][label] for label in LABELS}) == len(LABELS)


def placeholders(words):
    return {name for _, name, _, _ in Formatter().parse(words) if name is not None}


def test_every_key_is_used():
    """A key that is put together, as by `text["about_" + key]` or `text[f"{kind}_choose"]`, is used if its parts are
    words of the sources.
    """
    folders = (WEB, WEB.parent / "site")
    files = (
        path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".html", ".js", ".jinja")
    )
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files)
    words = set(re.findall(r"\w+", sources)) | {name.replace(" ", "_") for name in CORRUPTIONS} | {*LABELS, *REASONS}
    beginnings = set(re.findall(r"\"(\w+_)\"|[\"`](\w+_)\$?\{", sources))
    endings = set(re.findall(r"\"(_\w+)\"|\}(_\w+)\"", sources))

    def is_used(key):
        rests = [key.removeprefix(part) for pair in beginnings for part in pair if part and key.startswith(part)]
        rests += [key.removesuffix(part) for pair in endings for part in pair if part and key.endswith(part)]
        return key in words or any(map(is_used, rests))

    assert [key for key in TEXT if not is_used(key)] == []
