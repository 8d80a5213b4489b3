"""Makes batches for training and scoring: examples of `fer_hf.data.load` in, grey pictures and targets out."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fer_hf.labels import FERPLUS_INDEX, LABELS
from fer_hf.training.arguments import TARGETS


class Collator:
    """Turns examples into `pictures`, grey uint8 (N, 1, S, S), and `targets`, distributions over LABELS (N, 7).

    Args:
        image_size: S, pixels per side.
        ferplus_weight: weight of the FER+ votes in the target; the rest is FER2013's label.
    """

    def __init__(self, image_size: int, ferplus_weight: float = 0.0) -> None:
        self.size = (image_size, image_size)
        self.ferplus_weight = ferplus_weight

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Tensor]:
        pictures = [
            np.asarray(example["image"].convert("L").resize(self.size, Image.Resampling.BICUBIC))
            for example in examples
        ]
        targets = [self.target(example) for example in examples]
        return {
            "pictures": torch.from_numpy(np.stack(pictures)).unsqueeze(1),
            TARGETS: torch.from_numpy(np.stack(targets)),
        }

    def target(self, example: dict[str, Any]) -> np.ndarray:
        """The example's label blended with its FER+ votes for the seven expressions, if it has any; shape (7,)."""
        label = np.asarray(example.get("target") or np.eye(len(LABELS))[example["label"]], dtype=np.float32)
        votes = np.asarray(example.get("votes") or np.zeros(10), dtype=np.float32)[list(FERPLUS_INDEX)]
        if not self.ferplus_weight or not votes.sum():
            return label
        return (1 - self.ferplus_weight) * label + self.ferplus_weight * votes / votes.sum()
