"""Importing the package leaves the process as it is; only a program's start changes it."""

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from fer_hf.inference.process_settings import lasting

STATE = """
import logging, pkgutil, importlib, warnings
import cv2, matplotlib
from PIL import Image

def state():
    quiet = any(f[0] == "ignore" and f[2] is Image.DecompressionBombWarning for f in warnings.filters)
    level = logging.getLogger("imageio_ffmpeg").level
    return Image.core.get_block_size(), cv2.utils.logging.getLogLevel(), level, quiet, matplotlib.get_backend()

before = state()
import fer_hf.inference
for module in pkgutil.iter_modules(fer_hf.inference.__path__, "fer_hf.inference."):
    importlib.import_module(module.name)
assert ".heic" not in Image.EXTENSION
assert state() == before, (before, state())
from fer_hf.inference.process_settings import configure_process
configure_process()
after = state()
assert all(one != other for one, other in zip(before[:4], after[:4])), (before, after)
assert after[4] == before[4]
"""


def test_only_a_program_changes_the_process():
    subprocess.run([sys.executable, "-c", STATE], cwd=Path(__file__).parents[2], check=True)


def test_garbage_is_not_looked_for_in_what_lasts_and_is_again_afterwards():
    with lasting():
        assert not gc.isenabled()
    assert gc.isenabled() and gc.get_freeze_count()
    gc.unfreeze()
    with pytest.raises(ValueError, match="no model"), lasting():
        raise ValueError("no model")
    assert gc.isenabled() and not gc.get_freeze_count()
