"""CSV that runs nothing in a spreadsheet."""

import pytest

from fer_hf.inference.csv_export import csv_text, harmless
from tests.support.csv_file import read_csv


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_a_text_that_a_spreadsheet_would_run_is_quoted(start):
    cell = f"{start}HYPERLINK(1)"
    assert harmless(cell) == f"'{cell}"
    assert read_csv(csv_text(["a"], [[cell]])) == [{"a": f"'{cell}"}]


def test_numbers_and_plain_texts_are_left_alone():
    assert csv_text(["a", "b", "c"], [[-0.5, "a-b=c", ""]]) == "\N{BOM}a,b,c\r\n-0.5,a-b=c,\r\n"


def test_commas_quotes_and_lines_come_back_whole():
    row = ['a "quoted", name', "two\nlines"]
    assert read_csv(csv_text(["a", "b"], [row])) == [dict(zip("ab", row, strict=True))]
