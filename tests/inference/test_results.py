"""Boxes, thresholds and the picture of a result."""

import numpy as np
import pytest
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import PhotoResult, box_inside, make_face, unsure_labels
from fer_hf.labels import COLOURS, LABELS


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((1.4, 2.6, 9.5, 9.4), (1, 3, 10, 9)),
        ((-5.0, -5.0, 200.0, 300.0), (0, 0, 100, 50)),
        ((99.9, 49.9, 120.0, 80.0), (99, 49, 100, 50)),
        ((-9.0, -9.0, -4.0, -4.0), (0, 0, 1, 1)),
    ],
)
def test_boxes_are_whole_pixels_inside(box, inside):
    assert box_inside(box, (100, 50)) == inside


def face_of(box, label="happy", share=0.94):
    scores = [share if name == label else (1 - share) / 6 for name in LABELS]
    return make_face(Detection(box, 1.0, np.zeros((5, 2), np.float32)), scores, (100, 80), unsure_below=0.5)


def test_a_face_is_its_best_label_inside_the_photo():
    face = face_of((-4.0, 10.2, 50.0, 90.0))
    assert (face.box, face.label, face.unsure) == ((0, 10, 50, 80), "happy", ())
    assert face.confidence == face.scores["happy"] == 0.94
    assert face_of((0, 0, 9, 9), "sad", 0.3).unsure == ("sad", "angry")  # of equals, the first


def test_a_score_at_the_threshold_is_sure():
    scores = [0.1, 0.1, 0.4, 0.1, 0.1, 0.1, 0.1]
    assert unsure_labels(scores, 0.4) == ()
    assert unsure_labels(scores, 0.41) == ("fear", "angry")


def test_a_result_draws_itself_in_any_words():
    photo = Image.new("RGB", (100, 80), "white")
    result = PhotoResult(100, 80, (face_of((20, 30, 60, 70)),), photo)
    drawn = np.asarray(result.annotate())
    assert (drawn == [int(COLOURS["happy"][i : i + 2], 16) for i in (1, 3, 5)]).all(-1).any()
    seen = []
    result.annotate(lambda face: seen.append(face.label) or "heureux")
    assert seen == ["happy"]


def test_a_result_without_its_photo_cannot_be_drawn():
    with pytest.raises(FerError) as caught:
        PhotoResult(100, 80, ()).annotate()
    assert caught.value.code == "result_without_photo"
