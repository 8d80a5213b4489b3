"""What cameras and networks do to a face: made small, blurred, noisy, compressed as JPEG.

Faces are degraded at FER2013's own size, so that the strengths mean the same at any training resolution. Everything
random derives from PyTorch's generator (see `augmentation.seeded`).
"""

import io

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor

SIDE = 48  # pixels, at which strengths are defined
SMALL = (14, 40)  # sides, in pixels, that a face may be reduced to
BLUR = (0.4, 2.0)  # standard deviations, in pixels
NOISE = (4, 24)  # standard deviations, in grey levels
JPEG = (15, 70)  # qualities


def degrade(pictures: Tensor, small: float, blur: float, noise: float, jpeg: float) -> Tensor:
    """Degrade pictures (N, 1, S, S) in 0..1, each in every way with that way's probability."""
    generator = np.random.default_rng(int(torch.randint(2**62, ())))
    ways = generator.random((len(pictures), 4)) < (small, blur, noise, jpeg)
    chosen = np.flatnonzero(ways.any(1))
    if not len(chosen):
        return pictures
    # All at once: a copy to the CPU waits for everything that the device still has to do.
    grey = pictures[chosen, 0].mul(255).round().byte().cpu().numpy()
    found = np.stack([_degraded(each, ways[index], generator) for index, each in zip(chosen, grey, strict=True)])
    pictures = pictures.clone()
    pictures[chosen, 0] = torch.from_numpy(found).to(pictures.device, pictures.dtype) / 255
    return pictures


def _degraded(grey: np.ndarray, ways: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """One picture (S, S) uint8, degraded in some of four `ways`: small, blur, noise, JPEG."""
    small, blur, noise, jpeg = ways
    face = Image.fromarray(grey).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    if small:
        face = face.resize((int(generator.integers(*SMALL)),) * 2, Image.Resampling.BOX)
    if blur:
        face = face.filter(ImageFilter.GaussianBlur(generator.uniform(*BLUR) * face.width / SIDE))
    if noise:
        pixels = np.asarray(face) + generator.uniform(*NOISE) * generator.standard_normal(face.size[::-1])
        face = Image.fromarray(pixels.clip(0, 255).round().astype(np.uint8))
    if jpeg:
        file = io.BytesIO()
        face.save(file, "JPEG", quality=int(generator.integers(*JPEG)))
        face = Image.open(file)
    return np.array(face.resize(grey.shape[::-1], Image.Resampling.BICUBIC))
