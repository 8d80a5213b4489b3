"""Augmentation of a batch of grey faces, on the fly, with kornia.

All randomness comes from PyTorch's generator. `seeded` makes it a function of seed and step, so that a run that was
stopped and resumed sees exactly what it would have seen otherwise.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from kornia.augmentation import ColorJiggle, ImageSequential, RandomAffine, RandomErasing, RandomHorizontalFlip
from torch import Tensor, nn

from fer_hf.training.arguments import AugmentationArguments

# The least and the most pixels per side that a face is reduced to before it is enlarged again.
LOW_RESOLUTIONS = (16, 40)


@contextmanager
def seeded(*numbers: int) -> Iterator[None]:
    """Run a block with every generator of PyTorch seeded by `numbers`, and restore their states after it."""
    seed = 0
    for number in numbers:
        seed = (seed * 1_000_003 + number + 1) % 2**63
    with torch.random.fork_rng(enabled=True):
        torch.manual_seed(seed)
        yield


class Augmentation(nn.Module):
    """Flip, rotation, shift, zoom, colour jitter, low resolution, erasing and mixup, as the arguments say."""

    def __init__(self, arguments: AugmentationArguments) -> None:
        super().__init__()
        scale = (1 - arguments.zoom, 1 + arguments.zoom)
        light = (1 - arguments.color_jitter, 1 + arguments.color_jitter)
        self.move = ImageSequential(
            RandomHorizontalFlip(p=arguments.flip),
            RandomAffine(arguments.rotation, (arguments.shift, arguments.shift), scale, padding_mode="border", p=1.0),
        )
        self.light = ColorJiggle(brightness=light, contrast=light, p=1.0 if arguments.color_jitter else 0.0)
        self.erase = RandomErasing(scale=(0.02, 0.2), value=0.5, p=arguments.erasing)
        self.low_resolution = arguments.low_resolution
        self.mixup = arguments.mixup

    @torch.no_grad()
    def forward(self, pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Augment grey pictures (N, 1, S, S) in 0..1 and their target distributions (N, 7)."""
        pictures = self.move(pictures)
        pictures = self.light(pictures.expand(-1, 3, -1, -1))[:, :1]
        if self.low_resolution and torch.rand(()) < self.low_resolution:
            pictures = _seen_from_afar(pictures)
        pictures = self.erase(pictures)
        return _mix(pictures, targets, self.mixup) if self.mixup else (pictures, targets)


def _seen_from_afar(pictures: Tensor) -> Tensor:
    size = int(torch.randint(*LOW_RESOLUTIONS, ()))
    small = nn.functional.interpolate(pictures, size=(size, size), mode="bilinear", antialias=True)
    return nn.functional.interpolate(small, size=pictures.shape[-2:], mode="bicubic").clamp(0, 1)


def _mix(pictures: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., 2018): one weight for the whole batch, partners by a random permutation."""
    weight = float(torch.distributions.Beta(alpha, alpha).sample())
    partner = torch.randperm(len(pictures), device=pictures.device)
    return pictures.lerp(pictures[partner], 1 - weight), targets.lerp(targets[partner], 1 - weight)
