"""Several people at once: nobody gets another's answer, and the benchmark that says so would notice."""

import json
import os
import time

import pytest

from benchmarks import record, sessions
from benchmarks.visitors import LiveVisitor, PhotoVisitor
from tests.support.served import served_page
from tests.test_app import wait_until


@pytest.fixture(scope="module")
def page(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


@pytest.mark.slow
def test_ten_at_once_get_their_own_answers(page):
    results = sessions.measure(page.url.rstrip("/"), os.getpid(), seconds=4)
    assert (results["errors"], results["mixed_up"], results["sessions_without_an_answer"]) == ([], 0, 0)
    assert results["seconds_to_answer"]["photo"]["answers"] >= sessions.PHOTOS
    assert results["seconds_to_answer"]["live"]["answers"] >= sessions.LIVE
    assert wait_until(lambda: page.files() == [])


@pytest.mark.parametrize("kind", [PhotoVisitor, LiveVisitor])
def test_anothers_answer_is_noticed(page, kind):
    visitor = kind(1, page.url.rstrip("/"), time.monotonic() + 0.5)
    other = kind(2, visitor.url, visitor.end)
    visitor.faces, visitor.size = other.faces, other.size
    visitor.run()
    assert visitor.errors == []
    assert visitor.mixed == len(visitor.answers) > 0


def test_what_breaks_a_visit_is_a_result(page):
    nobody = PhotoVisitor(0, "http://127.0.0.1:9", time.monotonic() + 1)
    nobody.run()
    results = sessions.figures([nobody], [(0.0, 100.0), (1.0, 100.0)], late=1)
    assert len(results["errors"]) == 2 and results["sessions_without_an_answer"] == 1
    assert not results["met"]


def test_memory_is_fitted_to_what_comes_after_the_first_minute():
    rising = [(float(second), 100.0 + max(0, 60 - second)) for second in range(60)]
    rising += [(float(second), 100.0 + 0.5 * (second - 60)) for second in range(60, 121)]
    memory = sessions.figures([], rising, late=0)["megabytes"]
    assert (memory["slope_a_minute"], memory["fitted_to_seconds"]) == (30.0, 61)
    assert sessions.figures([], rising, late=0)["met"] is False


@pytest.mark.slow
def test_the_program_starts_a_page_of_its_own_ends_it_and_writes_its_results(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    sessions.main(["--seconds", "3", "--model", str(tiny_model)])
    results = json.loads((tmp_path / "benchmarks" / "results" / "sessions.json").read_text())
    assert (results["errors"], results["mixed_up"], results["seconds"]) == ([], 0, 3)
    assert len(results["memory"]) >= 2
    assert (tmp_path / "benchmarks" / "results" / "sessions.png").stat().st_size > 1000
