"""Near duplicates across splits: the same photo shifted, mirrored, encoded again or with a watermark.

A perceptual hash proposes pairs and the pixels decide. The hash alone is not enough for faces, which are all alike in
their low frequencies: within 6 of 63 bits nearly half of the proposed pairs of FER2013 are two different people, while
a shift by just one pixel changes 8 to 16 bits.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from PIL import Image
from tqdm import tqdm

SIDE = 32  # pictures are compared as grey thumbnails of 32 x 32 pixels
HASH_SIDE = 8  # the hash is made from the lowest 8 x 8 frequencies
MAX_DISTANCE = 12  # bits, of 63, in which the hashes of a proposed pair may differ
MAX_PROPOSALS = 500  # compared with one picture, the nearest first
MIN_UNSHIFTED = 0.7  # correlation below which no shift is tried; this loses one near duplicate in 200
MAX_SHIFT = 2  # pixels of the thumbnail: three of the 48 of FER2013
# Correlation at the best shift. Of the pairs of FER2013 that were inspected, nearly all above 0.91 are the same photo,
# and many between 0.88 and 0.90 are two people.
MIN_SHIFTED = 0.92


def thumbnail(image: Image.Image) -> np.ndarray:
    """The picture as `near_duplicates` compares it: grey uint8 (SIDE, SIDE)."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX))


def perceptual_hashes(thumbnails: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """pHash of (n, SIDE, SIDE) thumbnails and of their mirror images, uint64 (n,) each.

    Its bits tell which low frequencies of the cosine transform are above their median. A mirror image only changes the
    sign of the odd ones.
    """
    frequency, position = np.arange(HASH_SIDE), np.arange(SIDE)
    cosine = np.cos(np.pi / SIDE * np.outer(frequency, position + 0.5)).astype(np.float32)
    low = cosine @ thumbnails.astype(np.float32) @ cosine.T
    return above_median(low), above_median(low * (-1.0) ** frequency)


def above_median(low: np.ndarray) -> np.ndarray:
    """Frequencies (n, 8, 8) to 64 bits each; the first, which is the brightness, is always 0."""
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
    """Whether a reference is nearly, but not exactly, the same picture as each query: bool (n,).

    Args:
        queries: thumbnails (n, SIDE, SIDE); `references` likewise (m, SIDE, SIDE).
        query_hashes: `duplicates.pixel_hash` of the queries, (n,), to exclude identical pictures; `reference_hashes`
            likewise, (m,).
        what: name of the progress bar.
    """
    proposals, _ = perceptual_hashes(references)
    codes = np.stack(perceptual_hashes(queries), axis=1)
    found = np.zeros(len(queries), dtype=bool)
    for row in tqdm(range(len(queries)), desc=what, unit=" pictures", leave=False, delay=2):
        for code, picture in zip(codes[row], (queries[row], queries[row][:, ::-1]), strict=True):
            distance = np.bitwise_count(proposals ^ code)
            near = np.flatnonzero(distance <= MAX_DISTANCE)
            near = near[reference_hashes[near] != query_hashes[row]]
            near = near[np.argsort(distance[near], kind="stable")[:MAX_PROPOSALS]]
            found[row] |= len(near) > 0 and any_alike(picture, references[near])
    return found


def any_alike(picture: np.ndarray, others: np.ndarray) -> bool:
    """Whether one of `others` (n, SIDE, SIDE) correlates with `picture` (SIDE, SIDE) at some small shift."""
    likely = others[standardised(others) @ standardised(picture[None])[0] > MIN_UNSHIFTED]
    middle = standardised(picture[None, MAX_SHIFT:-MAX_SHIFT, MAX_SHIFT:-MAX_SHIFT])[0]
    windows = sliding_window_view(likely, (SIDE - 2 * MAX_SHIFT,) * 2, axis=(1, 2))
    return bool((standardised(windows) @ middle).max(initial=0) > MIN_SHIFTED)


def standardised(pictures: np.ndarray) -> np.ndarray:
    """(..., side, side) to vectors (..., side * side) of mean 0 and length 1, or 0 for a blank picture."""
    *batch, height, width = pictures.shape
    flat = pictures.reshape(*batch, height * width).astype(np.float32)
    flat -= flat.mean(axis=-1, keepdims=True)
    return flat / np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True), 1e-6)
