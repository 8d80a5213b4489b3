"""Near-duplicates are found after a shift, a mirror or another encoding, and different pictures are let alone."""

import io

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fer_hf.data.duplicates import pixel_hash
from fer_hf.data.near_duplicates import near_duplicates, perceptual_hashes, thumbnail


def scene(seed: int, side: int = 56) -> np.ndarray:
    """A smooth picture with the frequencies of a photo, uint8 (side, side)."""
    noise = np.random.default_rng(seed).integers(0, 256, (side, side), dtype=np.uint8)
    image = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(4))
    pixels = np.asarray(image).astype(float)
    return ((pixels - pixels.min()) / np.ptp(pixels) * 255).astype(np.uint8)


def jpeg(pixels: np.ndarray) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=50)
    return np.asarray(Image.open(file))


CHANGES = {
    "mirrored": lambda wide: wide[4:52, 4:52][:, ::-1],
    "encoded again": lambda wide: jpeg(wide[4:52, 4:52]),
    "shifted": lambda wide: wide[5:53, 3:51],
    "lit": lambda wide: (wide[4:52, 4:52] * 0.8 + 20).astype(np.uint8),
    "small": lambda wide: np.asarray(Image.fromarray(wide[4:52, 4:52]).resize((40, 40))),
}


def found(changed: np.ndarray, references: list[np.ndarray]) -> bool:
    images, query = [Image.fromarray(each) for each in references], Image.fromarray(changed)
    hashes = np.array([pixel_hash(image) for image in images])
    thumbnails = np.stack([thumbnail(image) for image in images])
    near = near_duplicates(thumbnail(query)[None], np.array([pixel_hash(query)]), thumbnails, hashes, "x")
    assert near.shape == (1,)
    return bool(near[0])


@pytest.mark.parametrize("change", CHANGES)
def test_same_photo_is_found(change):
    references = [scene(seed)[4:52, 4:52] for seed in range(8)]
    hits = [found(CHANGES[change](scene(seed)), references) for seed in range(8)]
    assert sum(hits) >= 7


def test_different_and_identical_and_blank_pictures_are_not_near():
    references = [scene(seed)[4:52, 4:52] for seed in range(20)]
    assert not any(found(scene(seed)[4:52, 4:52], references) for seed in range(100, 120))
    assert not found(references[0], references)
    assert not found(np.full((48, 48), 90, np.uint8), [np.full((48, 48), 91, np.uint8)])


def test_mirrored_hash_is_the_hash_of_the_mirror():
    thumbnails = np.stack([thumbnail(Image.fromarray(scene(seed))) for seed in range(5)])
    plain, mirrored = perceptual_hashes(thumbnails)
    again, _ = perceptual_hashes(thumbnails[:, :, ::-1])
    assert np.bitwise_count(mirrored ^ again).max() <= 2  # rounding may turn a bit beside the median
    assert len(set(plain)) == 5
