"""README agrees with the tree and with the result files."""

import re
from pathlib import Path

import pytest

from benchmarks.readme import BEGIN, END, MODEL, results_block

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "fer_hf").rglob("*.py")), ids=lambda path: path.name)
def test_the_file_tree_names_every_module(path):
    assert path.name == "__init__.py" or path.name in README.partition("## File tree")[2].split()


@pytest.mark.skipif(not MODEL.exists(), reason="no model in the repository")
def test_the_tables_are_those_of_the_result_files():
    written = README.partition(BEGIN)[2].partition(END)[0].strip()
    assert written == results_block()


def test_every_picture_is_there_and_small():
    pictures = re.findall(r"\]\(((?!http)[\w/.-]+\.(?:webp|png))\)", README)
    assert len(pictures) >= 5
    for picture in pictures:
        assert 0 < (ROOT / picture).stat().st_size < 250_000
