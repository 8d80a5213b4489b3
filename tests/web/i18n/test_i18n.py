"""Every language says everything, about the same values."""

from string import Formatter

import pytest

from fer_hf.labels import LABELS
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS


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
