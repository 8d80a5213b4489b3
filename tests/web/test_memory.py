"""What people send is not remembered: neither their photo nor a picture in its answer is in memory after they left."""

import subprocess
import sys
from pathlib import Path

import pytest

from fer_hf.web import api
from tests.support import visitor
from tests.support.memory import in_memory
from tests.support.served import served_page
from tests.test_app import wait_until

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page(tiny_model):
    with served_page(str(tiny_model)) as served:
        yield served


def test_what_is_remembered_would_be_found():
    picture = "".join(map(chr, range(97, 123))) * 3
    held = [f"data:{picture}"]
    assert len(in_memory(picture, (1, 1))) >= 1
    assert held


@pytest.mark.slow
@pytest.mark.parametrize("way", visitor.WAYS)
def test_no_picture_is_in_memory_after_a_visitor_left(page, way, monkeypatch):
    monkeypatch.setattr(api, "IDLE", 0.5)
    words = [sys.executable, "-m", "tests.support.visitor", page.url, way]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=300, check=True)
    marker = done.stdout.strip()
    assert len(marker) == 60
    del done
    assert wait_until(lambda: in_memory(marker, visitor.SIZE) == [], 20), in_memory(marker, visitor.SIZE)
    assert wait_until(lambda: page.files() == [])
