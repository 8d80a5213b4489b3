"""README.md and docs/ agree with the results files and with the tree."""

import re
import subprocess
import sys

import pytest

from fer_hf.errors import FerError
from fer_hf.evaluation.views import CROP
from tools.docs import PARTS, ROOT, give_or_take, points, read_facts, render, with_part

DOCUMENTS = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")])


@pytest.fixture(scope="module")
def facts():
    return read_facts()


@pytest.mark.parametrize(("name", "document"), PARTS.items())
def test_every_part_is_what_the_results_files_say(name, document, facts):
    text = (ROOT / document).read_text(encoding="utf-8")
    assert with_part(text, name, render(name, facts)) == text, "run `python -m tools.docs`"


def test_a_stale_document_fails_the_check(facts, tmp_path, monkeypatch):
    facts["test"] = facts["test"] | {"unsure": facts["test"]["unsure"] | {"below": 0.123}}
    text = (ROOT / PARTS["results"]).read_text(encoding="utf-8")
    assert "Below a confidence of the votes head of 12.3 %" in with_part(text, "results", render("results", facts))


def test_the_check_is_a_command():
    done = subprocess.run(
        [sys.executable, "-m", "tools.docs", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_document_without_marks_is_refused():
    with pytest.raises(FerError) as error:
        with_part("no marks", "results", "text")
    assert error.value.code == "docs_no_marks"
    assert with_part("a\n<!-- begin x -->\nold\n<!-- end x -->\nb", "x", "new") == (
        "a\n<!-- begin x -->\nnew\n<!-- end x -->\nb"
    )


def test_results_of_earlier_weights_are_marked(facts):
    speed = facts["found"]["speed"]
    changed = facts | {"found": facts["found"] | {"speed": speed | {"sha256": "another"}}}
    heading = "## Speed"
    assert "earlier weights" in render("results", changed).partition(heading)[2].partition("## ")[0]
    changed["found"]["speed"] = speed | {"sha256": facts["test"]["sha256"]}
    assert "earlier weights" not in render("results", changed).partition(heading)[2].partition("## ")[0]


def test_the_choices_are_counted(facts):
    """How often PrivateTest was scored, and among how many configurations the shipped one was chosen."""
    evaluations = [{"sha256": each} for each in "aab"]
    runs = [{"evaluations": 6}, {"evaluations": 4}]
    text = " ".join(render("choices", facts | {"test_evaluations": evaluations, "training_runs": runs}).split())
    assert "scored 3 times, with 2 weight files" in text
    count = len(facts["found"]["two_heads"]["runs"])
    assert f"among {count} runs with two heads, 10 scored checkpoints of the one that ships" in text


def test_the_crop_of_ten_views_is_the_one_that_was_chosen():
    text = (ROOT / "docs" / "method.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \*\*10, crops of (\d+) %\*\* \|", text, re.MULTILINE) == [f"{100 * CROP:.0f}"]


def test_numbers_in_percent():
    row = {"accuracy": 0.705, "interval_95": {"accuracy": [0.69, 0.72]}}
    assert give_or_take(row, "accuracy") == "70.5 ±1.5"
    assert give_or_take({"value": 0.5, "interval_95": [0.47, 0.53]}, "value") == "50.0 ±3.0"
    assert points(-0.0204) == "-2.0"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere_and_pictures_are_small(path):
    for link in re.findall(r"\]\(((?!http|#)[^)\s#]+)", path.read_text(encoding="utf-8")):
        target = path.parent / link
        assert target.exists(), f"{path.name}: {link}"
        assert target.suffix not in (".webp", ".png") or 0 < target.stat().st_size < 250_000


def test_the_front_page_is_short():
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 120
    named = [path for path in lines if path.startswith("| `")]
    packages = {path.name for path in (ROOT / "fer_hf").iterdir() if (path / "__init__.py").exists()}
    assert packages <= {name for line in named for name in re.findall(r"fer_hf/(\w+)/", line)}


def test_the_tables_have_a_row_for_each_head():
    facts = read_facts()
    front = render("comparison", facts)
    for name in ("what people see", "FER2013's label"):
        assert front.count(f"| **fer-hf**, {name} |") == 1
    lines = render("results", facts).splitlines()
    names = facts["found"]["baselines"]["models"]
    assert {"fer-dinov2-small, label head", "fer-dinov2-small, votes head"} < set(names)
    heads = ("| model | accuracy, % | clean", *(f"| {name} |" for name in names))
    table = [line for line in lines if line.startswith(heads)]
    assert len(table) == 1 + len(names)
    assert {line.count("|") for line in table} == {13}
