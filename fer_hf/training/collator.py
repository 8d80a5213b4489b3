"""Batches for training and scoring: examples of `fer_hf.data.load` in, grey pictures and target distributions out."""

from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from fer_hf.labels import FERPLUS_INDEX, LABELS


class Collator:
    """Examples of `fer_hf.data.load` to `pictures`, grey uint8 (N, 1, S, S), and `targets`, distributions (N, 7)."""

    def __init__(self, image_size: int, vote_blend: float = 0.0) -> None:
        self.size = (image_size, image_size)
        self.vote_blend = vote_blend

    def __call__(self, examples: list[dict[str, Any]]) -> dict[str, Tensor]:
        pictures = [
            np.asarray(example["image"].convert("L").resize(self.size, Image.Resampling.BICUBIC))
            for example in examples
        ]
        targets = [self.target(example) for example in examples]
        return {
            "pictures": torch.from_numpy(np.stack(pictures)).unsqueeze(1),
            "targets": torch.from_numpy(np.stack(targets)),
        }

    def target(self, example: dict[str, Any]) -> np.ndarray:
        """FER2013's label blended with the FER+ votes for the seven, where there are any."""
        label = np.asarray(example.get("target") or np.eye(len(LABELS))[example["label"]], dtype=np.float32)
        votes = np.asarray(example.get("votes") or np.zeros(10), dtype=np.float32)[list(FERPLUS_INDEX)]
        if not self.vote_blend or not votes.sum():
            return label
        return (1 - self.vote_blend) * label + self.vote_blend * votes / votes.sum()
