import threading

import numpy as np
import pytest
from PIL import Image
from skimage import data
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference import detection
from fer_hf.inference.detection import CenterFaceDetector, YuNetDetector

FACE = (182, 58, 270, 178)  # the astronaut's, as CenterFace frames it


CLOSE = [(180, 82, 252, 154), (190, 72, 262, 144)]  # squares of 0.6 of that height


@pytest.fixture(scope="module")
def detector():
    return CenterFaceDetector()


@pytest.fixture(scope="module")
def portrait():
    return Image.fromarray(astronaut())


def overlap(a, b):
    """Intersection over union."""
    shared = max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))
    return shared / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)) - shared)


def tiled(portrait, columns, rows):
    group = Image.new("RGB", (512 * columns, 512 * rows))
    for index in range(columns * rows):
        group.paste(portrait, (512 * (index % columns), 512 * (index // columns)))
    return group


def test_one_face(detector, portrait):
    (face,) = detector.detect(portrait)
    assert overlap(face.box, FACE) > 0.9
    assert face.score > 0.8
    left_eye, right_eye, nose, left_mouth, right_mouth = face.landmarks
    assert left_eye[0] < nose[0] < right_eye[0]
    assert left_eye[1] < nose[1] < left_mouth[1]
    assert left_mouth[0] < right_mouth[0]


def test_a_group_largest_first(detector, portrait):
    group = tiled(portrait, 3, 2)
    group.paste(portrait.resize((1024, 1024)), (1536 - 1024, 0))
    found = detector.detect(group)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (face.box for face in found)]
    assert len(found) == 3
    assert areas == sorted(areas, reverse=True)
    assert overlap(found[0].box, [512 + 2 * FACE[0], 2 * FACE[1], 512 + 2 * FACE[2], 2 * FACE[3]]) > 0.85


@pytest.mark.parametrize("name", ["brick", "chelsea", "coffee", "grass", "rocket"])
def test_a_second_look_finds_no_faces_where_there_are_none(detector, name):
    picture = Image.fromarray(getattr(data, name)()).convert("RGB")
    for photo in (picture, picture.crop((100, 50, 260, 210)).resize((350, 350))):
        assert detector.detect(photo) == []


def test_no_face(detector):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (240, 320, 3), dtype=np.uint8))
    for photo in (noise, Image.new("RGB", (640, 480), "white"), Image.new("RGB", (1, 1)), Image.new("RGB", (3000, 2))):
        assert detector.detect(photo) == []


def test_a_face_of_thirty_pixels(detector, portrait):
    tiny = portrait.crop((150, 30, 300, 180)).resize((30, 30))
    (face,) = detector.detect(tiny)
    assert overlap(face.box, [6.4, 5.6, 24, 29.6]) > 0.6


def test_a_huge_photo_and_a_face_that_fills_it(detector, portrait):
    (face,) = detector.detect(portrait.crop((0, 0, 512, 256)).resize((8000, 4000)))
    assert overlap(face.box, np.array(FACE) * 8000 / 512) > 0.8
    close = portrait.crop((160, 40, 292, 190)).resize((2640, 3000))
    found = detector.detect(close)
    assert len(found) == 1
    assert overlap(found[0].box, (np.array(FACE) - [160, 40, 160, 40]) * 20) > 0.7


@pytest.mark.parametrize("box", CLOSE)
def test_a_face_that_more_than_fills_the_photo(detector, portrait, box):
    close = portrait.crop(box).resize((350, 350), Image.Resampling.BICUBIC)
    assert detection.detect_at_scales(close, detector._run) == []  # which is why it is looked for again
    (face,) = detector.detect(close)
    x1, y1, x2, y2 = face.box
    assert 0 <= x1 < x2 <= 350
    assert 0 <= y1 < y2 <= 350
    assert overlap(face.box, [0, 0, 350, 350]) > 0.7
    left_eye, right_eye, nose = face.landmarks[:3]
    assert left_eye[0] < nose[0] < right_eye[0]


def test_a_face_that_is_found_only_with_a_margin_lies_inside_the_photo():
    seen = []

    def net(pixels):
        seen.append(pixels.shape[:2])
        height, width = pixels.shape[:2]
        found = len(seen) == 3  # the third look; its second box lies in the margin
        box = np.array([[0.1, 0.1, 0.9, 0.6], [0, 0, 0.2, 0.1]]) * [width, height, width, height]
        return box[: 2 * found], np.array([0.9, 0.8])[: 2 * found], np.tile([width / 2, height / 2], (2 * found, 5))

    (face,) = detection.detect_with(Image.new("RGB", (256, 320)), net)
    assert seen == [(320, 256), (160, 128), (480, 416)]
    assert np.allclose(face.box, [0, 0, 256, 208], atol=1)
    assert np.allclose(face.landmarks, [128, 160], atol=1)


def test_a_face_cut_by_the_edge_is_found_where_it_is(detector, portrait):
    (face,) = detector.detect(portrait.crop((215, 0, 512, 300)))  # a third of the face is outside
    assert overlap(face.box, [0, FACE[1], FACE[2] - 215, FACE[3]]) > 0.8


def test_threads_share_a_detector(detector, portrait):
    photos = [portrait, portrait.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    expected = [detector.detect(photo)[0].box for photo in photos]
    found = [[], []]

    def detect(index):
        found[index] = [detector.detect(photos[index])[0].box for _ in range(4)]

    threads = [threading.Thread(target=detect, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[box] * 4 for box in expected]


def test_boxes_of_one_face_become_one():
    boxes = np.array([[0, 0, 10, 10], [1, 1, 11, 11], [20, 0, 30, 10], [22, 2, 26, 6], [28, 0, 38, 10]], float)
    kept = detection._suppress(boxes, np.array([0.6, 0.9, 0.8, 0.7, 0.5]))
    assert kept == [1, 2, 4]  # the shifted twin and the box within a box go; neighbours stay
    assert detection._suppress(np.empty((0, 4)), np.empty(0)) == []


def test_yunet_errors_name_the_file(tmp_path):
    with pytest.raises(FerError, match=r"missing\.onnx: no such detector file"):
        YuNetDetector(tmp_path / "missing.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"not a net")
    with pytest.raises(FerError, match=r"broken\.onnx: not a YuNet"):
        YuNetDetector(tmp_path / "broken.onnx")
