"""Identical pictures, whatever the file around them."""

import io

import numpy as np
import pytest
from PIL import Image

from fer_hf.data.duplicates import (
    conflicting_groups,
    hash_of_all,
    label_shares,
    open_picture,
    pictures,
    pixel_hash,
    pixel_hashes,
)
from fer_hf.errors import FerError
from tests.support.made_sources import noise, noise_split


def encoded(image, form, **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_hash_sees_pixels_and_not_files():
    grey = Image.fromarray(noise(0))
    png = Image.open(io.BytesIO(encoded(grey, "PNG")))
    bmp = Image.open(io.BytesIO(encoded(grey, "BMP")))
    assert pixel_hash(grey) == pixel_hash(png) == pixel_hash(bmp) == pixel_hash(grey.convert("RGB"))
    other = noise(0)
    other[47, 47] ^= 1
    assert pixel_hash(Image.fromarray(other)) != pixel_hash(grey)


def test_hash_sees_shape_colour_and_depth():
    flat = Image.new("L", (24, 96), 7)
    assert pixel_hash(flat) != pixel_hash(Image.new("L", (96, 24), 7))
    assert pixel_hash(flat) != pixel_hash(Image.new("RGB", (24, 96), (7, 7, 8)))
    bright = [Image.fromarray(np.full((4, 4), value, np.uint16)) for value in (40_000, 50_000)]
    assert pixel_hash(bright[0]) != pixel_hash(bright[1])


def test_pictures_come_in_order_and_upright():
    image = Image.fromarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = open_picture({"bytes": encoded(image, "PNG", exif=exif), "path": None}, "here")
    assert turned.size == (2, 3)
    split = noise_split([4, 5], [0, 0])
    np.testing.assert_array_equal([np.asarray(image) for image in pictures(split, "x")], [noise(4), noise(5)])


PNG = encoded(Image.fromarray(noise(1)), "PNG")


@pytest.mark.parametrize("content", [b"", b"no picture", PNG[: len(PNG) // 2], PNG[:40]])
def test_file_that_is_no_picture_is_named(tmp_path, content):
    path = tmp_path / "face.png"
    path.write_bytes(content)
    with pytest.raises(FerError, match=r"face.png: not a picture that can be read, or truncated") as caught:
        open_picture({"bytes": None, "path": str(path)}, "train: picture 1")
    assert caught.value.code == "picture_unreadable"
    with pytest.raises(FerError, match="train: picture 1: not a picture"):
        open_picture({"bytes": content, "path": None}, "train: picture 1")


def test_decompression_bomb_is_refused(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
    with pytest.raises(FerError, match="not a picture"):
        open_picture({"bytes": PNG, "path": None}, "here")


def test_label_shares_of_identical_pictures():
    hashes = pixel_hashes(noise_split([0, 1, 0, 0, 2], [0] * 5), "x")
    assert len(set(hashes)) == 3
    labels = np.array([3, 6, 3, 4, 1])
    shares = label_shares(hashes, labels, 7)
    np.testing.assert_allclose(shares.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(shares[0], [0, 0, 0, 2 / 3, 1 / 3, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(shares[0], shares[3])
    assert shares[1].argmax() == 6 and shares[1].max() == 1
    assert conflicting_groups(hashes, labels, 7) == 1
    assert conflicting_groups(hashes, np.array([3, 6, 3, 3, 1]), 7) == 0


def test_hash_of_all_forgets_the_order_only():
    assert hash_of_all(np.array(["a", "b"])) == hash_of_all(np.array(["b", "a"]))
    assert hash_of_all(np.array(["a", "b"])) != hash_of_all(np.array(["a", "b", "b"]))
