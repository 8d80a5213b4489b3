"""How long the page takes to start, and the memory that it needs."""

import os
import subprocess
import sys

import pytest

from benchmarks import page_speed
from fer_hf.errors import FerError


def test_a_page_that_ends_early_is_one_clear_line():
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(FerError, match="exit code 3"):
        page_speed.wait_for(f"http://127.0.0.1:{page_speed.free_port()}", process)
    assert 0 < page_speed.resident_gigabytes(os.getpid()) < 100
