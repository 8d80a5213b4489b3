"""Figures of results: confusion matrix, learning curves, reliability diagram.

They are drawn without pyplot, which would choose a backend for the whole process.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fer_hf.io import replacing
from fer_hf.labels import LABELS


@contextmanager
def figure(path: str | Path, width: float = 6, height: float = 5) -> Iterator[Axes]:
    """Axes to draw on; the figure, `width` x `height` inches, is written to `path` (PNG) when the block ends."""
    drawing = Figure(figsize=(width, height), layout="constrained")
    yield drawing.subplots()
    with replacing(path) as temporary:
        drawing.savefig(temporary, format="png", dpi=120)


def plot_confusion_matrix(counts: np.ndarray, path: str | Path, title: str = "") -> None:
    """Counts (7, 7), one row per label, shaded by their share of the row."""
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    with figure(path) as axes:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(counts.shape):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{100 * shares[row, column]:.0f} %\n{counts[row, column]}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        axes.set(xlabel="predicted", ylabel="label", title=title)
        axes.set_xticks(range(len(LABELS)), LABELS, rotation=45)
        axes.set_yticks(range(len(LABELS)), LABELS)


def plot_learning_curves(history: list[dict[str, float]], path: str | Path) -> None:
    """Training loss and validation accuracy from the Trainer's `log_history`."""
    train = [(log["step"], log["loss"]) for log in history if "loss" in log]
    valid = [(log["step"], log["eval_accuracy"]) for log in history if "eval_accuracy" in log]
    with figure(path, 7, 4) as axes:
        if train:
            axes.plot(*zip(*train, strict=True), color="#0072B2", label="training loss")
        axes.set(xlabel="step", ylabel="training loss (cross-entropy, nats)")
        right = axes.twinx()
        if valid:
            right.plot(*zip(*valid, strict=True), color="#D55E00", marker="o", label="validation accuracy")
        right.set_ylabel("validation accuracy")
        axes.legend(handles=[*axes.lines, *right.lines], loc="center right")


def plot_reliability(bins: list[dict[str, float]], path: str | Path, title: str = "") -> None:
    """Accuracy against confidence for each bin of `metrics.reliability`; the diagonal is perfect calibration."""
    with figure(path, 5, 4.5) as axes:
        axes.plot([0, 1], [0, 1], ":", color="grey", label="perfect")
        sizes = [20 + 300 * each["n"] / sum(b["n"] for b in bins) for each in bins]
        x, y = [each["confidence"] for each in bins], [each["accuracy"] for each in bins]
        axes.plot(x, y, color="#0072B2")
        axes.scatter(x, y, sizes, color="#0072B2", label="model (area: number of faces)")
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1), title=title)
        axes.legend(loc="upper left")
