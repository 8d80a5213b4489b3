"""Pictures of results: confusion matrix, learning curves, reliability."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

from fer_hf.io import replacing
from fer_hf.labels import LABELS


@contextmanager
def figure(path: str | Path, width: float = 6, height: float = 5) -> Iterator[Axes]:
    """Axes to draw on; the figure is written to `path` (PNG) when the block ends."""
    canvas, axes = plt.subplots(figsize=(width, height), layout="constrained")
    try:
        yield axes
        with replacing(path) as temporary:
            canvas.savefig(temporary, format="png", dpi=120)
    finally:
        plt.close(canvas)


def plot_confusion_matrix(counts: np.ndarray, path: str | Path, title: str = "") -> None:
    """Counts (7, 7), rows the labels: shaded by the share of each row."""
    shares = counts / np.maximum(1, counts.sum(1, keepdims=True))
    with figure(path) as axes:
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        for row, column in np.ndindex(counts.shape):
            colour = "white" if shares[row, column] > 0.5 else "black"
            text = f"{100 * shares[row, column]:.0f} %\n{counts[row, column]}"
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=8)
        axes.set(xlabel="read as", ylabel="labelled", title=title)
        axes.set_xticks(range(len(LABELS)), LABELS, rotation=45)
        axes.set_yticks(range(len(LABELS)), LABELS)


def plot_learning_curves(history: list[dict[str, float]], path: str | Path) -> None:
    """The Trainer's log: training loss, and validation accuracy where it was scored."""
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
    """Accuracy against confidence, bin by bin; the dotted diagonal is perfect calibration."""
    with figure(path, 5, 4.5) as axes:
        axes.plot([0, 1], [0, 1], ":", color="grey", label="perfect")
        sizes = [20 + 300 * each["n"] / sum(b["n"] for b in bins) for each in bins]
        x, y = [each["confidence"] for each in bins], [each["accuracy"] for each in bins]
        axes.plot(x, y, color="#0072B2")
        axes.scatter(x, y, sizes, color="#0072B2", label="model (area: number of faces)")
        axes.set(xlabel="confidence", ylabel="accuracy", xlim=(0, 1), ylim=(0, 1), title=title)
        axes.legend(loc="upper left")
