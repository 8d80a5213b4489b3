import subprocess
import sys

import numpy as np
from PIL import Image

from fer_hf.evaluation.plots import plot_confusion_matrix, plot_learning_curves, plot_reliability


def test_each_picture_is_drawn(tmp_path):
    plot_confusion_matrix(np.arange(49).reshape(7, 7), tmp_path / "confusion.png", "test")
    history = [{"step": 1, "loss": 2.0}, {"step": 2, "loss": 1.5}, {"step": 2, "eval_accuracy": 0.4}]
    plot_learning_curves(history, tmp_path / "curves.png")
    plot_learning_curves([], tmp_path / "empty.png")
    plot_reliability([{"from": 0.2, "n": 5, "confidence": 0.25, "accuracy": 0.2}], tmp_path / "reliability.png")
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            assert min(picture.size) > 300
            assert len(picture.convert("RGB").getcolors(10**6)) > 5
    assert len(list(tmp_path.iterdir())) == 4


def test_importing_it_leaves_the_settings_of_the_process_alone():
    code = "import sys, fer_hf.evaluation.plots; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
