"""Example pictures that are ours to show; nobody's face is taken without leave.

Our own drawings, and from scikit-image NASA's astronaut Eileen Collins (public domain) and Stéfan van der Walt's cat
Chelsea (CC0).
"""

import numpy as np
from PIL import Image, ImageEnhance, ImageOps
from skimage import data

from fer_hf.web.drawn_faces import BACKGROUND, SIZE, Features, drawn_face

# Features, skin and hair. The model that ships reads these faces as the comments say; drawn smiles and drawn disgust,
# which are left out, it takes for other expressions, and of drawn fear it is unsure.
DRAWN = (
    (Features(curve=-1.1, slant=1.6, lift=-2.5, eye=0.6), (224, 172, 138), (70, 45, 30)),  # angry
    (Features(curve=-1.2, slant=-0.9, lift=-1.2, eye=0.5), (240, 200, 170), (150, 105, 60)),  # sad
    (Features(opening=1.0, slant=-0.2, lift=0.6), (214, 158, 118), (25, 20, 20)),  # surprise
    (Features(curve=-0.1, slant=0.4, lift=0.5, eye=0.5), (245, 208, 182), (110, 60, 35)),  # neutral
    (Features(curve=-0.8, opening=0.6, slant=-1.6, lift=-0.7), (206, 150, 110), (25, 20, 18)),  # unsure: fear or sad
    (Features(curve=-0.6, slant=0.8, lift=-1.0, eye=0.6), (224, 180, 140), (120, 120, 125)),  # neutral
)


def drawn() -> Image.Image:
    """Six drawn faces, 768 x 512: four expressions, and one of which the model is unsure."""
    picture = Image.new("RGB", (3 * SIZE, 2 * SIZE), BACKGROUND)
    for number, face in enumerate(DRAWN):
        row, column = divmod(number, 3)
        picture.paste(drawn_face(*face), (column * SIZE, row * SIZE))
    return picture


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
