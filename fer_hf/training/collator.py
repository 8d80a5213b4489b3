"""Makes batches for training and scoring: examples of `fer_hf.data.load` in, grey pictures and targets out."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_INDEX, LABELS
from fer_hf.training.arguments import TARGETS


class Collator:
    """Turns examples into `pictures`, grey uint8 (N, 1, S, S), and `targets`.

    For one head, targets are distributions over LABELS, (N, 7). For two heads they are (N, 14): first each expression's
    share of the votes in all ten FER+ columns, then the label's distribution. Votes for contempt, unknown and no face
    count for nothing: the seven shares sum to less than 1 by as much (to 0 for a face without votes), and the face
    weighs less in the loss by as much.

    Args:
        image_size: S, pixels per side.
        ferplus_weight: weight of the FER+ votes in the target of one head; the rest is FER2013's label.
        two_heads: whether the votes are the target of a head of their own.

    Raises:
        FerError: the votes are to be in both targets.
    """

    def __init__(self, image_size: int, ferplus_weight: float = 0.0, two_heads: bool = False) -> None:
        if two_heads and ferplus_weight:
            raise FerError("two_heads_ferplus_weight", "ferplus_weight", value=ferplus_weight)
        self.size = (image_size, image_size)
        self.ferplus_weight = ferplus_weight
        self.two_heads = two_heads

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
        """The example's row of targets, (7,) or (14,); one head's has the votes for the seven blended in, if any."""
        label = np.asarray(example.get("target") or np.eye(len(LABELS))[example["label"]], dtype=np.float32)
        votes = np.asarray(example.get("votes") or np.zeros(10), dtype=np.float32)
        seven = votes[list(FERPLUS_INDEX)]
        if self.two_heads:
            return np.concatenate([seven / max(1, votes.sum()), label])
        if not self.ferplus_weight or not seven.sum():
            return label
        return (1 - self.ferplus_weight) * label + self.ferplus_weight * seven / seven.sum()
