"""Example photos that are ours to show: they come with scikit-image, and nobody's face is taken without leave.

NASA's astronaut Eileen Collins (public domain) and Stéfan van der Walt's cat Chelsea (CC0).
"""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from skimage import data


def astronaut() -> Image.Image:
    """One face, 512 x 512."""
    return Image.fromarray(data.astronaut())


def group(columns: int = 3, rows: int = 2) -> Image.Image:
    """The astronaut tiled as a group picture; every tile differs a little: mirrored, lighter, darker, grey, tilted."""
    photo = astronaut().crop((60, 0, 400, 340))
    looks = (
        photo,
        ImageOps.mirror(photo),
        ImageEnhance.Brightness(photo).enhance(0.7),
        ImageOps.grayscale(photo).convert("RGB"),
        photo.rotate(12, Image.Resampling.BICUBIC, fillcolor=(200, 200, 205)),
        ImageEnhance.Contrast(ImageOps.mirror(photo)).enhance(1.4),
    )
    tiles = [np.asarray(looks[i % len(looks)]) for i in range(columns * rows)]
    return Image.fromarray(np.vstack([np.hstack(tiles[r * columns : (r + 1) * columns]) for r in range(rows)]))


def cat() -> Image.Image:
    """No human face, 451 x 300."""
    return Image.fromarray(data.chelsea())
