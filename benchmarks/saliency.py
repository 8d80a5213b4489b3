"""Which heat map finds what the model uses: the deletion curve on PublicTest faces.

    python -m benchmarks.saliency --data D [--model M] [--faces 500]

A face is hidden bit by bit, the hottest cells first; the sooner the probability of its expression falls, the better the
map found what it hangs on (Petsiuk et al., 2018). The figure is the area under that curve, 0 to 1, less is better. Each
method is set against random cells and against a centred Gaussian, which knows that faces stand in the middle, face by
face: the interval is a bootstrap over the differences. Hidden cells are blurred, not blackened: black squares would be
shapes of their own.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from tqdm import tqdm

from benchmarks import record
from benchmarks.saliency_methods import ATTENTION, METHODS
from fer_hf.data.duplicates import pictures
from fer_hf.data.load import load_fer
from fer_hf.evaluation.plots import figure
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.inference.saliency import BATCH, GRID, hidden, unit_heat
from fer_hf.training.backbone import TRANSFORMERS

SEED = 0
STEPS = 10  # a tenth of the picture is hidden at each
RIVALS = ("random", "gaussian")
RESAMPLES = 10_000


def random_cells(faces: int) -> Tensor:
    """Heat (faces, GRID, GRID) in random order."""
    return torch.rand(faces, GRID, GRID, generator=torch.Generator().manual_seed(SEED))


def centred_gaussian(faces: int) -> Tensor:
    """The same round hill (faces, GRID, GRID) for each face."""
    place = torch.linspace(-1, 1, GRID)
    return torch.exp(-2 * (place[:, None] ** 2 + place**2)).expand(faces, -1, -1)


def probability(model: torch.nn.Module, pixels: Tensor, classes: Tensor, fast: bool) -> Tensor:
    """Probability (N,) of each face's class; `fast`: under bfloat16."""
    with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=fast):
        logits = model(pixels).logits.float()
    return logits.softmax(-1).gather(1, classes[:, None])[:, 0]


def ends_of(model: torch.nn.Module, pixels: Tensor, classes: Tensor, fast: bool = False) -> tuple[Tensor, Tensor]:
    """The curve's ends, the same for every heat: nothing hidden, everything hidden."""
    return probability(model, pixels, classes, fast), probability(model, hidden(pixels), classes, fast)


def deletion_areas(
    model: torch.nn.Module,
    pixels: Tensor,
    classes: Tensor,
    heat: Tensor,
    ends: tuple[Tensor, Tensor],
    fast: bool = False,
) -> np.ndarray:
    """Area (N,) under each face's curve: probability of its class against the share of cells hidden, 0 to 1."""
    size, base = pixels.shape[-1], hidden(pixels)
    cells = torch.nn.functional.adaptive_avg_pool2d(unit_heat(heat, size), GRID).flatten(1)
    rank = cells.argsort(dim=1, descending=True, stable=True).argsort(dim=1).view(-1, GRID, GRID)
    curve = [ends[0]]
    for step in range(1, STEPS):
        mask = (rank < round(step / STEPS * GRID**2)).float()[:, None]
        mask = torch.nn.functional.interpolate(mask, (size, size), mode="nearest")
        curve.append(probability(model, torch.lerp(pixels, base, mask), classes, fast))
    return np.trapezoid(torch.stack([*curve, ends[1]], 1).numpy(), dx=1 / STEPS, axis=1)


def paired(difference: np.ndarray) -> dict:
    """Mean of a difference (N,) with its bootstrap 95 % interval over the faces."""
    picks = np.random.default_rng(SEED).integers(0, len(difference), (RESAMPLES, len(difference)))
    low, high = np.percentile(difference[picks].mean(1), (2.5, 97.5))
    return {"mean": float(difference.mean()), "interval_95": [float(low), float(high)]}


def measure(analyzer: FaceAnalyzer, faces: Sequence[Image.Image], fast: bool = False) -> dict[str, np.ndarray]:
    """Deletion area (N,) of each method and rival."""
    methods = dict(METHODS)
    if analyzer.model.config.model_type in TRANSFORMERS:
        analyzer.model.set_attn_implementation("eager")  # the only one that shows its weights
    else:
        methods = {name: method for name, method in methods.items() if name not in ATTENTION}
    rivals = {"random": random_cells(len(faces)), "gaussian": centred_gaussian(len(faces))}
    areas: dict[str, list[np.ndarray]] = {name: [] for name in (*rivals, *methods)}
    for start in tqdm(range(0, len(faces), BATCH), unit="batch"):
        part = slice(start, start + BATCH)
        pixels = torch.from_numpy(analyzer.pixels(faces[part]))
        with torch.no_grad():  # not inference mode: gradients are taken at these classes
            classes = analyzer.model(pixels).logits.argmax(-1)
        ends = ends_of(analyzer.model, pixels, classes, fast)
        heats = {name: rival[part] for name, rival in rivals.items()}
        with torch.autocast("cpu", torch.bfloat16, enabled=fast):
            heats |= {name: method(analyzer.model, pixels, classes).float() for name, method in methods.items()}
        for name, heat in heats.items():
            areas[name].append(deletion_areas(analyzer.model, pixels, classes, heat, ends, fast))
    return {name: np.concatenate(parts) for name, parts in areas.items()}


def summarise(areas: dict[str, np.ndarray]) -> dict:
    """Each method's area, and how much less it is than each rival's; best first."""
    rows = {}
    for name in sorted(areas, key=lambda name: areas[name].mean()):
        rows[name] = {"area": paired(areas[name])}
        if name not in RIVALS:
            rows[name] |= {f"minus_{rival}": paired(areas[name] - areas[rival]) for rival in RIVALS}
            beaten = [rows[name][f"minus_{rival}"]["interval_95"][1] < 0 for rival in RIVALS]
            rows[name]["beats_both"] = all(beaten)
    return rows


def draw(rows: dict, path: Path) -> None:
    """Areas with their intervals, the best on top."""
    names = list(rows)[::-1]
    with figure(path, 6, 0.8 + 0.35 * len(names)) as axes:
        for place, name in enumerate(names):
            area = rows[name]["area"]
            axes.plot(area["interval_95"], [place, place], color="#7F7F7F")
            axes.plot(area["mean"], place, "o", color="#D55E00" if name in RIVALS else "#0072B2")
        axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in names])
        axes.set_xlabel("area under the deletion curve (less is better)")


def build_parser() -> argparse.ArgumentParser:
    parser = record.build_parser("benchmarks.saliency", __doc__, device=False)
    parser.add_argument("--faces", type=int, default=500, help="drawn from validation (default: %(default)s)")
    parser.add_argument("--bfloat16", action="store_true", help="compute under it: faster on new CPUs")
    return parser


def main(argv: list[str]) -> None:
    arguments = record.parse(build_parser(), argv)
    analyzer = FaceAnalyzer.from_pretrained(arguments.model, device="cpu")
    data = load_fer(arguments.data)["validation"]
    count = min(arguments.faces, len(data))
    data = data.select(sorted(np.random.default_rng(SEED).permutation(len(data))[:count]))
    rows = summarise(measure(analyzer, list(pictures(data, "faces")), arguments.bfloat16))
    about = {"split": "validation", "faces": count, "seed": SEED, "steps": STEPS, "cells": GRID**2}
    record.keep("benchmarks.saliency", about | {"sha256": weights_hash(arguments.model), "methods": rows})
    draw(rows, record.path_of("benchmarks.saliency", ".png"))
    for name, row in rows.items():
        print(f"{name:<22} {row['area']['mean']:.3f}{'  beats both' if row.get('beats_both') else ''}")


if __name__ == "__main__":
    record.run(main)
