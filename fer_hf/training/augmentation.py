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
from fer_hf.training.degradation import degrade

# The wide ranges, for the share of the faces that the arguments name.
WIDE_ROTATION = 20  # degrees, to either side
WIDE_ZOOM = (0.7, 1.5)
WIDE_LIGHT = 2.0  # light is divided or multiplied by up to this


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
    """Flip, rotation, shift, zoom, colour jitter, degradation, erasing and mixup, as the arguments say."""

    def __init__(self, arguments: AugmentationArguments) -> None:
        super().__init__()
        scale = (1 - arguments.zoom, 1 + arguments.zoom)
        light = (1 - arguments.color_jitter, 1 + arguments.color_jitter)
        self.move = ImageSequential(
            RandomHorizontalFlip(p=arguments.flip),
            RandomAffine(arguments.rotation, (arguments.shift, arguments.shift), scale, padding_mode="border", p=1.0),
            RandomAffine(WIDE_ROTATION, None, WIDE_ZOOM, padding_mode="border", p=arguments.wide_view),
        )
        self.light = ColorJiggle(brightness=light, contrast=light, p=1.0 if arguments.color_jitter else 0.0)
        self.wide_light = arguments.wide_light
        self.degradation = {
            "small": arguments.low_resolution,
            "blur": arguments.blur,
            "noise": arguments.noise,
            "jpeg": arguments.jpeg,
        }
        self.erase = RandomErasing(scale=(0.02, 0.2), value=0.5, p=arguments.erasing)
        self.mixup = arguments.mixup

    @torch.no_grad()
    def forward(self, pictures: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Augment grey pictures (N, 1, S, S) in 0..1 and their targets, (N, 7) or (N, 14)."""
        pictures = self.move(pictures)
        pictures = self.light(pictures.expand(-1, 3, -1, -1))[:, :1]
        if self.wide_light:
            pictures = _change_light(pictures, self.wide_light)
        if any(self.degradation.values()):
            pictures = degrade(pictures, **self.degradation)
        pictures = self.erase(pictures)
        return _mix(pictures, targets, self.mixup) if self.mixup else (pictures, targets)


def _change_light(pictures: Tensor, probability: float) -> Tensor:
    """Much less or much more light on a share of the pictures, cut off at white."""
    draws = torch.rand(2, len(pictures), 1, 1, 1, device=pictures.device)
    gains = WIDE_LIGHT ** (2 * draws[0] - 1)
    return (pictures * torch.where(draws[1] < probability, gains, 1.0)).clamp(0, 1)


def _mix(pictures: Tensor, targets: Tensor, alpha: float) -> tuple[Tensor, Tensor]:
    """Mixup (Zhang et al., 2018): one weight for the whole batch, partners by a random permutation."""
    weight = float(torch.distributions.Beta(alpha, alpha).sample())
    partner = torch.randperm(len(pictures), device=pictures.device)
    return pictures.lerp(pictures[partner], 1 - weight), targets.lerp(targets[partner], 1 - weight)
