"""Cutting, resizing and measuring in the browser give the bytes of Pillow, OpenCV and `fer_hf.inference`."""

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference import cropping, unsure
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.detection import Detection
from fer_hf.inference.unsure import Limits, Measures
from fer_hf.web.device import device_config
from tests.support.device_js import call

PHOTO = Image.fromarray(astronaut())
NOISE = Image.fromarray(np.random.default_rng(0).integers(0, 256, (211, 333, 3), np.uint8))
LANDMARKS = np.array([[30.0, 40.0], [70.5, 44.0], [55.0, 60.0], [35.0, 80.0], [65.0, 80.0]])
BOXES = ((200.0, 60.0, 290.0, 180.0), (-30.5, -20.0, 100.5, 140.0), (450.0, 400.0, 560.0, 560.0), (7.0, 7.0, 7.2, 7.2))
# To smaller and larger sizes, to another shape, by whole and by broken factors, and along one side alone.
SIZES = ((112, 112), (640, 480), (48, 37), (333, 20), (1, 1), (512, 256))


@pytest.mark.parametrize("filter_name", ["BICUBIC", "BILINEAR"])
@pytest.mark.parametrize("gap", [None, 2])
def test_resizing_is_pillows(filter_name, gap):
    pictures = [(picture, size) for picture in (PHOTO, NOISE) for size in SIZES]
    words = [[picture, *size, f"${filter_name}", *([gap] if gap else [])] for picture, size in pictures]
    got = call("resize.js", *[("resize", each) for each in words])
    for (picture, size), resized in zip(pictures, got, strict=True):
        expected = picture.resize(size, Image.Resampling[filter_name], reducing_gap=gap)
        assert resized.tobytes() == expected.tobytes(), (picture.size, size)


@pytest.mark.parametrize("size", [(320, 240), (213, 160), (200, 117), (640, 480)])
def test_frames_are_reduced_as_opencv_reduces_them(size):
    frame = PHOTO.resize((640, 480))
    (got,) = call("resize.js", ("resizeArea", [frame, *size]))
    expected = cv2.resize(np.asarray(frame), size, interpolation=cv2.INTER_AREA)
    difference = np.abs(np.asarray(got).astype(int) - expected)
    assert difference.max() <= 1  # OpenCV adds in 32 bits
    assert (difference > 0).mean() < 1e-3


def test_faces_are_cut_out_alike_also_at_the_edge():
    got = call("crop.js", *[("cropFace", [PHOTO, list(box)]) for box in BOXES])
    for box, crop in zip(BOXES, got, strict=True):
        expected = cropping.crop_face(PHOTO, Detection(box, 1.0, LANDMARKS))
        assert crop.size == expected.size and crop.tobytes() == expected.tobytes(), box


def test_faces_are_measured_alike():
    crops = [PHOTO, NOISE, PHOTO.crop((200, 60, 230, 100)), PHOTO.resize((96, 48)), Image.new("RGB", (60, 60), "red")]
    got = call("unsure.js", *[("measure", [crop, LANDMARKS]) for crop in crops])
    for crop, measures in zip(crops, got, strict=True):
        assert measures == pytest.approx(unsure.measure(crop, LANDMARKS)._asdict(), abs=1e-4)


def test_profiles_and_missing_eyes_are_measured_alike():
    faces = [LANDMARKS, LANDMARKS[[0, 0, 2]], LANDMARKS[[1, 0, 2]], LANDMARKS[[0, 1, 0]] * [1, 9]]
    got = call("unsure.js", *[("turnAndRoll", [face]) for face in faces])
    for face, answer in zip(faces, got, strict=True):
        assert (answer["turn"], answer["roll"]) == pytest.approx(unsure.turn_and_roll(face), abs=1e-6)


@pytest.mark.parametrize("limits", [{}, {"turn": None, "roll": 10, "size": 15, "sharpness": 0.02}, {"turn": 0.3}])
def test_reasons_are_the_same(limits):
    cases = [Measures(t, r, s, b) for t in (-0.4, 0.1) for r in (-20.0, 5.0) for s in (10.0, 40.0) for b in (0.01, 0.1)]
    got = call("unsure.js", *[("reasons", [case._asdict(), limits]) for case in cases])
    assert got == [list(unsure.reasons(case, Limits(**limits))) for case in cases]
    assert any(got) == bool(limits)


def test_a_model_whose_pictures_are_resized_otherwise_is_refused(tiny_model):
    analyzer = FaceAnalyzer.from_pretrained(tiny_model)
    assert device_config(analyzer)["resample"] == 2
    analyzer.processor.resample = Image.Resampling.LANCZOS
    with pytest.raises(FerError, match="2 or 3"):
        device_config(analyzer)
