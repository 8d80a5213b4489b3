"""Why a file could not be read, in the page's language.

The modules that read files say it in English, as programs and the command line show it. Each reason stands in the table
of texts under a key that begins with `reason_`, so that it is found there by its English words.
"""

import re
from functools import cache
from string import Formatter

from fer_hf.web.i18n import TEXT, Text


def translated(message: str, text: Text) -> str:
    """An error's line, "FILE: REASON" or the reason alone, in the language of `text`; as it is if it is not known."""
    for key, pattern in _patterns().items():
        found = pattern.fullmatch(message)
        if found:
            values = found.groupdict()
            file = values.pop("in_file")
            reason = text[key].format(**values)
            return f"{file}: {reason}" if file is not None else reason
    return message


@cache
def _patterns() -> dict[str, re.Pattern]:
    return {key: _pattern(words) for key, words in TEXT.items() if key.startswith("reason_")}


def _pattern(words: str) -> re.Pattern:
    """A text with placeholders as a pattern that finds their values."""
    parts = (
        re.escape(literal) + (f"(?P<{name}>.*)" if name else "") for literal, name, _, _ in Formatter().parse(words)
    )
    return re.compile("(?:(?P<in_file>.*): )?" + "".join(parts), re.DOTALL)
