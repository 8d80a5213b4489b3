"""Faces are cut out as FER2013 frames them, also at the edge of a photo."""

import numpy as np
import pytest
from PIL import Image

from fer_hf.inference import cropping
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.detection import Detection


def face_at(x1, y1, x2, y2):
    return Detection((x1, y1, x2, y2), 1.0, np.zeros((5, 2), np.float32))


def test_crop_is_a_square_with_the_face_where_fer2013_has_it(monkeypatch):
    monkeypatch.setattr(cropping, "CROP_SIDE", 1.25)
    monkeypatch.setattr(cropping, "FACE_CENTRE_Y", 0.6)
    photo = Image.new("RGB", (400, 300))
    photo.paste("red", (100, 100, 160, 180))  # 60 wide, 80 high, middle at (130, 140)
    crop = np.asarray(crop_face(photo, face_at(100, 100, 160, 180)))
    assert crop.shape == (100, 100, 3)
    ys, xs = np.nonzero(crop[:, :, 0])
    assert (xs.min(), xs.max() + 1) == (20, 80)
    assert (ys.min(), ys.max() + 1) == (20, 100)  # 0.6 of 100 is the middle, 40 below and above it


@pytest.mark.parametrize(
    "box", [(-20, -30, 30, 40), (80, 70, 130, 120), (-50, -50, 150, 150), (99.6, 99.7, 99.9, 99.9)]
)
def test_crop_repeats_the_edge_outside_the_photo(box):
    photo = Image.fromarray(np.random.default_rng(0).integers(1, 255, (100, 100, 3), dtype=np.uint8))
    crop = np.asarray(crop_face(photo, face_at(*box)))
    assert crop.shape[0] == crop.shape[1] == max(round(cropping.CROP_SIDE * (box[3] - box[1])), 1)
    assert crop.min() > 0  # no black is filled in
    if box[0] < 0:
        assert (crop[:, 0] == crop[:, 1]).all()
