"""Pictures that stand twice: leaks between the splits and identical pictures with conflicting labels.

FER2013 repeats itself: 288 of its 3,589 test pictures also stand in its training split. Two pictures are identical
when their decoded pixels are, whatever the file around them.
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

# What Pillow raises on a broken, cut or hostile file.
UNREADABLE = (OSError, ValueError, SyntaxError, EOFError, struct.error, zlib.error, Image.DecompressionBombError)
DEEP_MODES = ("I", "I;16", "I;16B", "I;16L", "F")  # more than eight bits; converting them would cut them off


def pictures(split: Dataset, what: str) -> Iterator[Image.Image]:
    """Decode the pictures of `split` one by one, upright; a bar called `what` shows how far it is.

    Raises:
        FerError: one of them is no picture; it names the file, or the row counted from 1.
    """
    cells = split.select_columns("image").cast_column("image", ImageFeature(decode=False))
    stored = (cell for batch in cells.iter(1000) for cell in batch["image"])
    bar = tqdm(stored, total=len(cells), desc=what, unit=" pictures", leave=False, delay=2)
    for number, cell in enumerate(bar, 1):
        yield open_picture(cell, f"{what}: picture {number}")


def open_picture(cell: dict, place: str) -> Image.Image:
    """The picture in one stored cell, `{"bytes": ..., "path": ...}`, decoded and turned upright."""
    stands_alone = cell["bytes"] is None
    place = cell["path"] if stands_alone else f"{place} ({cell['path']})" if cell["path"] else place
    try:
        with Image.open(cell["path"] if stands_alone else io.BytesIO(cell["bytes"])) as image:
            image.load()
            return ImageOps.exif_transpose(image)
    except UNREADABLE as error:
        raise FerError(f"{place}: is no picture that can be read, or is cut short") from error


def pixel_hash(image: Image.Image) -> str:
    """Equal for two pictures exactly if their sizes and pixels are; grey stored as colour counts as grey."""
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
    """For each picture the share of each label among the pictures identical to it, float32 of shape (n, classes).

    A row is one-hot unless identical pictures carry conflicting labels.
    """
    _, group = np.unique(hashes, return_inverse=True)
    counts = np.zeros((group.max(initial=-1) + 1, classes), dtype=np.float32)
    np.add.at(counts, (group, labels), 1)
    return (counts / counts.sum(axis=1, keepdims=True))[group]


def conflicting_groups(hashes: np.ndarray, labels: np.ndarray, classes: int) -> int:
    """Number of groups of identical pictures that carry more than one label."""
    return len(np.unique(hashes[label_shares(hashes, labels, classes).max(axis=1, initial=0) < 1]))


def hash_of_all(hashes: np.ndarray) -> str:
    """One hash for a set of pictures, whatever their order."""
    return hashlib.blake2b("".join(sorted(hashes)).encode(), digest_size=16).hexdigest()
