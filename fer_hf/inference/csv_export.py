"""Tables as CSV that a spreadsheet opens without running anything in it."""

import csv
import io
from collections.abc import Iterable, Sequence

# A cell that begins like this is a formula to a spreadsheet, or becomes one once a tab or a line end is trimmed.
COMMANDS = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_text(columns: Sequence[str], rows: Iterable[Sequence]) -> str:
    """A header and rows as CSV (RFC 4180); texts are made harmless, numbers are left alone.

    It begins with a byte order mark, without which Excel does not read it as UTF-8 and breaks umlauts.
    """
    text = io.StringIO()
    text.write("\N{BOM}")
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def harmless(cell: object) -> object:
    """The cell, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(COMMANDS) else cell
