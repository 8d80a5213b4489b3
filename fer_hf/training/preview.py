"""A grid that shows what augmentation does: each row one face, first as it is, then as training may see it.

python -m fer_hf augment --data fer2013.csv --output grid.png [--recipe recipes/dinov2-small.yaml]
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.io import replacing
from fer_hf.labels import LABELS
from fer_hf.training.arguments import Recipe, read_recipe
from fer_hf.training.augmentation import Augmentation, seeded
from fer_hf.training.collator import Collator

DEFAULT_RECIPE = Path(__file__).parents[2] / "recipes" / "dinov2-small.yaml"
SIZE = 96  # pixels a face
GAP = 4


def augmented_grid(examples: list[dict], recipe: Recipe, columns: int = 9, seed: int = 0) -> Image.Image:
    """Rows of one example each: the face, then columns - 1 augmentations of it."""
    batch = Collator(SIZE)(examples)
    pictures, targets = batch["pictures"].float() / 255, batch["targets"]
    augment = Augmentation(recipe)
    shown = [pictures]
    for column in range(1, columns):
        with seeded(seed, column):
            shown.append(augment(pictures, targets)[0])
    return _tiled(torch.stack(shown, dim=1).squeeze(2).mul(255).round().byte().numpy())


def _tiled(faces: np.ndarray) -> Image.Image:
    """Faces (rows, columns, S, S) on a white sheet, the first column set apart."""
    rows, columns, size, _ = faces.shape
    step = size + GAP
    sheet = np.full((rows * step + GAP, columns * step + 3 * GAP), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = GAP + row * step, GAP + column * step + (2 * GAP if column else 0)
        sheet[top : top + size, left : left + size] = faces[row, column]
    return Image.fromarray(sheet)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="D", help="a FER2013 source (default: drawn faces)")
    parser.add_argument("--recipe", default=str(DEFAULT_RECIPE), help="whose augmentation (default: dinov2-small)")
    parser.add_argument("--output", required=True, metavar="grid.png")


def run(arguments: argparse.Namespace) -> None:
    train = (load_fer(arguments.data) if arguments.data else synthetic_splits(len(LABELS)))["train"]
    recipe = read_recipe([arguments.recipe, "--data", arguments.data or "drawn"])
    labels = train["label"][:]
    rows = [train[labels.index(index)] for index in range(len(LABELS)) if index in labels]
    with replacing(arguments.output) as temporary:
        augmented_grid(rows, recipe).save(temporary, format="PNG")
    print(f"{arguments.output}: {len(rows)} faces, first as they are, then as training may see them")
