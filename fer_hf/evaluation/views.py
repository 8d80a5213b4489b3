"""Scores of pictures: of each as it is, or averaged over several views of it (test-time augmentation)."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from PIL import Image, ImageOps
from tqdm import tqdm

BATCH = 64
VIEWS = (1, 2, 10)  # the picture; the picture and its mirror image; five crops and their mirror images
CROP = 0.95  # side of a crop, as a fraction of the picture's side


class Scorer(Protocol):
    """What gives scores to pictures of one face each: `FaceAnalyzer`, and any other model in a benchmark."""

    def scores(self, crops: list[Image.Image]) -> np.ndarray:
        """Probabilities (n, 7) in the order of LABELS."""


def views_of(picture: Image.Image, views: int, crop: float = CROP) -> list[Image.Image]:
    """The picture as it is (1), with its mirror image (2), or as five crops and their mirror images (10)."""
    if views == 1:
        return [picture]
    if views == 2:
        return [picture, ImageOps.mirror(picture)]
    width, height = picture.size
    right, low = width * (1 - crop), height * (1 - crop)
    corners = [(0, 0), (right, 0), (0, low), (right, low), (right / 2, low / 2)]
    size = (4 * width, 4 * height)  # enlarged, so that crops need not start on a whole pixel
    crops = [
        picture.resize(size, Image.Resampling.BICUBIC, box=(x, y, x + width * crop, y + height * crop))
        for x, y in corners
    ]
    return crops + [ImageOps.mirror(crop) for crop in crops]


def score_pictures(
    analyzer: Scorer, pictures: Sequence[Image.Image], views: int = 1, crop: float = CROP, what: str = "scoring"
) -> np.ndarray:
    """Probabilities (N, 7), averaged over the views of each picture, with a progress bar called `what`."""
    parts = []
    for start in tqdm(range(0, len(pictures), BATCH), unit="batch", desc=what, delay=2):
        batch = [views_of(picture, views, crop) for picture in pictures[start : start + BATCH]]
        scores = analyzer.scores([view for each in batch for view in each])
        parts.append(scores.reshape(len(batch), views, -1).mean(1))
    return np.concatenate(parts)
