"""The error that a person may see: one line that names the input, the field and what was expected."""

import os
import sys
import traceback
from functools import cache
from pathlib import Path

import yaml

MESSAGES = Path(__file__).parent / "messages"


class FerError(Exception):
    """Something outside the program is wrong: a file, a field, a disk. Shown as one line, without a traceback.

    Args:
        code: a key of `messages/en.yaml`; the other languages fall back on English.
        source: what is wrong, such as a file or an option; stands in front of the message.
        params: values of the message's placeholders; an error among them is shown in the same language.
    """

    def __init__(self, code: str, source: object = None, **params: object) -> None:
        super().__init__(code, source)
        self.code, self.source, self.params = code, source, params

    def message(self, language: str = "en") -> str:
        """The error in words: "photo.jpg: the file is empty"."""
        template = read_messages(language).get(self.code) or read_messages("en")[self.code]
        values = {
            name: value.message(language) if isinstance(value, FerError) else value
            for name, value in self.params.items()
        }
        words = template.format(**values) if values else template
        return words if self.source is None else f"{self.source}: {words}"

    def __str__(self) -> str:
        return self.message()

    def __reduce__(self) -> tuple:
        return type(self), (self.code, self.source), self.__dict__  # errors cross processes


def report(error: FerError) -> None:
    """Print an error as one line on stderr; FER_DEBUG=1 puts the traceback before it."""
    if os.environ.get("FER_DEBUG") == "1":
        traceback.print_exception(error)
    print(f"error: {error}", file=sys.stderr)


def first_line(error: Exception) -> str:
    """The first line of a foreign error's text, or its type where it has none."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


@cache
def read_messages(language: str) -> dict[str, str]:
    """All messages of one language, by code."""
    path = MESSAGES / f"{language}.yaml"
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {} if path.exists() else {}
