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
    chosen = generator.random((len(pictures), 4)) < (small, blur, noise, jpeg)
    pictures = pictures.clone()
    for index in np.flatnonzero(chosen.any(1)):
        grey = pictures[index, 0].mul(255).round().byte().cpu().numpy()
        pictures[index, 0] = torch.from_numpy(_degraded(grey, chosen[index], generator)).to(pictures) / 255
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
