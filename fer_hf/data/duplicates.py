"""Identical pictures: leaks between the splits, and identical pictures with conflicting labels.

FER2013 has many: 288 of its 3,589 test pictures are also in its training split. Two pictures are identical when their
decoded pixels are, whatever their file format.
"""

import hashlib
import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
from datasets import Dataset
from datasets import Image as ImageFeature
from PIL import Image, ImageOps
from tqdm import tqdm

from fer_hf.errors import FerError

# What Pillow raises on a broken, truncated or hostile file.
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "F")  # more than eight bits per pixel; converting them would clip them


def pictures(split: Dataset, what: str) -> Iterator[Image.Image]:
    """Decode the pictures of `split` one by one, upright, with a progress bar called `what`.

    Raises:
        FerError: one of them is not a picture; the error names its file, or its row counted from 1.
    """
    cells = split.select_columns("image").cast_column("image", ImageFeature(decode=False))
    stored = (cell for batch in cells.iter(1000) for cell in batch["image"])
    bar = tqdm(stored, total=len(cells), desc=what, unit=" pictures", leave=False, delay=2)
    for number, cell in enumerate(bar, 1):
        yield open_picture(cell, f"{what}: picture {number}")


def open_picture(cell: dict, place: str) -> Image.Image:
    """The picture in one stored cell, `{"bytes": ..., "path": ...}`, decoded and turned upright."""
    in_file = cell["bytes"] is None
    place = cell["path"] if in_file else f"{place} ({cell['path']})" if cell["path"] else place
    try:
        with Image.open(cell["path"] if in_file else io.BytesIO(cell["bytes"])) as image:
            image.load()
            return ImageOps.exif_transpose(image)
    except UNREADABLE as error:
        raise FerError("picture_unreadable", place) from error


def pixel_hash(image: Image.Image) -> str:
    """A hash of size and pixels; a grey picture that is stored in colour has the hash of the grey one."""
    if image.mode not in ("L", *DEEP_MODES):
        image = image.convert("RGB")
        red, green, blue = image.split()
        if red.tobytes() == green.tobytes() == blue.tobytes():
            image = red
    return hashlib.blake2b(repr(image.size).encode() + image.tobytes(), digest_size=16).hexdigest()


def pixel_hashes(split: Dataset, what: str) -> np.ndarray:
    """`pixel_hash` of every picture, strings of shape (n,)."""
    return np.array([pixel_hash(image) for image in pictures(split, what)], dtype=str)


def label_shares(hashes: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """The share of each label among the pictures identical to each picture, float32 of shape (n, classes).

    A row is one-hot unless identical pictures have conflicting labels.
    """
    _, group = np.unique(hashes, return_inverse=True)
    counts = np.zeros((group.max(initial=-1) + 1, classes), dtype=np.float32)
    np.add.at(counts, (group, labels), 1)
    return (counts / counts.sum(axis=1, keepdims=True))[group]


def conflicting_groups(hashes: np.ndarray, labels: np.ndarray, classes: int) -> int:
    """Number of groups of identical pictures that have more than one label."""
    return len(np.unique(hashes[label_shares(hashes, labels, classes).max(axis=1, initial=0) < 1]))


def hash_of_all(hashes: np.ndarray) -> str:
    """One hash of a collection of pictures in any order."""
    return hashlib.blake2b("".join(sorted(hashes)).encode(), digest_size=16).hexdigest()
