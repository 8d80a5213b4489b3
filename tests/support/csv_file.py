"""Reading the CSV that the program writes for people."""

import csv
import io


def read_csv(text: str | bytes) -> list[dict[str, str]]:
    """The rows of a CSV file's text, which must begin with a byte order mark: without it Excel breaks umlauts."""
    text = text.decode() if isinstance(text, bytes) else text
    assert text.startswith("\N{BOM}") and not text.startswith("\N{BOM}\N{BOM}")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))
