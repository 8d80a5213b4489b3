"""Near-duplicates: the same photo shifted, mirrored, encoded again or with a watermark, across splits.

A perceptual hash proposes pairs and the pixels decide. The hash alone does not do on faces, which are all alike in
their low frequencies: at 6 of 63 bits nearly half of the proposed pairs of FER2013 are two different people, while a
shift by one pixel alone costs 8 to 16 bits.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from tqdm import tqdm

SIDE = 32  # pictures are compared as grey thumbnails of this many pixels each way
HASH_SIDE = 8  # the hash is made of the lowest 8 x 8 frequencies
FAR = 12  # bits of 63 that the hashes of a proposed pair may differ in
MOST = 500  # proposals looked at for one picture, the nearest first
LIKELY = 0.7  # correlation without a shift, below which no shift is tried; loses one near-duplicate in 200
SHIFT = 2  # pixels of the thumbnail: three of FER2013's 48
# Correlation at the best shift. Of FER2013's pairs looked at, nearly all above 0.91 are the same photo, at 0.88 to 0.90
# many are two people.
ALIKE = 0.92


def thumbnail(image: Image.Image) -> np.ndarray:
    """The picture as `near_duplicates` compares it: grey uint8 (SIDE, SIDE)."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


def perceptual_hashes(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """pHash of (n, SIDE, SIDE) thumbnails and of their mirror images, uint64 (n,) each.

    Which low frequencies of the cosine transform lie above their median. A mirror only turns the sign of the odd ones.
    """
    frequency, position = np.arange(HASH_SIDE), np.arange(SIDE)
    cosine = np.cos(np.pi / SIDE * np.outer(frequency, position + 0.5)).astype(np.float32)
    low = cosine @ thumbnails.astype(np.float32) @ cosine.T
    return above_median(low), above_median(low * (-1.0) ** frequency)


def above_median(low: np.ndarray) -> np.ndarray:
    """(n, 8, 8) frequencies to 64 bits, the first always 0 because it is only the brightness."""
    flat = low.reshape(len(low), -1)
    bits = flat > np.median(flat[:, 1:], axis=1, keepdims=True)
    bits[:, 0] = False
    return np.packbits(bits, axis=1).view(np.uint64)[:, 0]


def near_duplicates(
    queries: np.ndarray,
    query_hashes: np.ndarray,
    references: np.ndarray,
    reference_hashes: np.ndarray,
    what: str,
) -> np.ndarray:
    """For each query, whether a reference is nearly, but not exactly, the same picture: bool (n,).

    Args:
        queries: thumbnails (n, SIDE, SIDE); `references` likewise (m, SIDE, SIDE).
        query_hashes: `leaks.pixel_hash` of the queries, (n,), to tell identical pictures; `reference_hashes` likewise.
        what: said beside the progress bar.
    """
    proposals, _ = perceptual_hashes(references)
    codes = np.stack(perceptual_hashes(queries), axis=1)
    found = np.zeros(len(queries), dtype=bool)
    for row in tqdm(range(len(queries)), desc=what, unit=" pictures", leave=False, delay=2):
        for code, picture in zip(codes[row], (queries[row], queries[row][:, ::-1]), strict=True):
            distance = np.bitwise_count(proposals ^ code)
            near = np.flatnonzero(distance <= FAR)
            near = near[reference_hashes[near] != query_hashes[row]]
            near = near[np.argsort(distance[near], kind="stable")[:MOST]]
            found[row] |= len(near) > 0 and any_alike(picture, references[near])
    return found


def any_alike(picture: np.ndarray, others: np.ndarray) -> bool:
    """Whether one of `others` (n, SIDE, SIDE) correlates with `picture` (SIDE, SIDE) at some small shift."""
    likely = others[standardised(others) @ standardised(picture[None])[0] > LIKELY]
    middle = standardised(picture[None, SHIFT:-SHIFT, SHIFT:-SHIFT])[0]
    windows = sliding_window_view(likely, (SIDE - 2 * SHIFT,) * 2, axis=(1, 2))
    return bool((standardised(windows) @ middle).max(initial=0) > ALIKE)


def standardised(pictures: np.ndarray) -> np.ndarray:
    """(..., side, side) to vectors (..., side * side) of mean 0 and length 1, or 0 for a blank picture."""
    *many, high, wide = pictures.shape
    flat = pictures.reshape(*many, high * wide).astype(np.float32)
    flat -= flat.mean(axis=-1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True), 1e-6)
