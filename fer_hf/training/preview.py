"""A grid that shows what augmentation does: one row per face, first as it is, then as training may see it.

fer-hf augment --data fer2013.csv --output grid.png [--recipe recipes/dinov2-small.yaml]
"""

import argparse

import numpy as np
import torch
from PIL import Image

from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.io import replacing
from fer_hf.labels import LABELS
from fer_hf.training.arguments import AugmentationArguments
from fer_hf.training.augmentation import Augmentation, seeded
from fer_hf.training.collator import Collator
from fer_hf.training.parsing import read_arguments

SIZE = 96  # pixels per side of a face
GAP = 4


def augmented_grid(
    examples: list[dict], arguments: AugmentationArguments, columns: int = 9, seed: int = 0
) -> Image.Image:
    """One row per example: the face, then `columns` - 1 augmentations of it."""
    batch = Collator(SIZE)(examples)
    pictures, targets = batch["pictures"].float() / 255, batch["targets"]
    augment = Augmentation(arguments)
    shown = [pictures]
    for column in range(1, columns):
        with seeded(seed, column):
            shown.append(augment(pictures, targets)[0])
    return _tile(torch.stack(shown, dim=1).squeeze(2).mul(255).round().byte().numpy())


def _tile(faces: np.ndarray) -> Image.Image:
    """Faces (rows, columns, S, S) on a white sheet, with the first column set apart."""
    rows, columns, size, _ = faces.shape
    step = size + GAP
    sheet = np.full((rows * step + GAP, columns * step + 3 * GAP), 255, np.uint8)
    for row, column in np.ndindex(rows, columns):
        top, left = GAP + row * step, GAP + column * step + (2 * GAP if column else 0)
        sheet[top : top + size, left : left + size] = faces[row, column]
    return Image.fromarray(sheet)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", metavar="D", help="a FER2013 source (default: drawn faces)")
    parser.add_argument(
        "--recipe", metavar="R", help="recipe whose augmentation is shown (default: train.py's defaults)"
    )
    parser.add_argument("--output", required=True, metavar="grid.png")


def run(arguments: argparse.Namespace) -> None:
    train = (load_fer(arguments.data) if arguments.data else synthetic_splits(len(LABELS)))["train"]
    augmentation = AugmentationArguments()
    if arguments.recipe:
        augmentation = read_arguments([arguments.recipe, "--data", "any", "--synthetic_faces", "0"]).augmentation
    labels = train["label"][:]
    rows = [train[labels.index(index)] for index in range(len(LABELS)) if index in labels]
    with replacing(arguments.output) as temporary:
        augmented_grid(rows, augmentation).save(temporary, format="PNG")
    print(f"{arguments.output}: {len(rows)} faces, first as they are, then as training may see them")
