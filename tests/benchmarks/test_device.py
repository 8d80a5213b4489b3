"""The comparison of the browser's answers with Python's sees every kind of difference."""

import pytest

from benchmarks.device_parity import compare
from fer_hf.labels import LABELS


def face(**changes):
    scores = dict.fromkeys(LABELS, 0.05) | {"happy": 0.7}
    plain = {"box": [0, 0, 80, 100], "label": "happy", "unsure": [], "unsure_because": [], "scores": scores}
    return plain | changes


def pictures(*faces):
    return [{"faces": [each]} for each in faces]


def test_equal_answers_agree():
    result = compare(pictures(face(), face()), pictures(face(), face()))
    assert result["same_number_of_faces"] == result["faces"] == result["same_label"] == 2
    assert result["largest_box_difference"] == result["largest_score_difference"] == 0


@pytest.mark.parametrize(
    ("changes", "name", "value"),
    [
        ({"label": "sad"}, "same_label", 0),
        ({"unsure": ["happy", "sad"]}, "same_unsure", 0),
        ({"unsure_because": ["too_small"]}, "same_unsure_because", 0),
        ({"box": [0, 0, 82, 96]}, "largest_box_difference", 0.04),
        ({"scores": dict.fromkeys(LABELS, 0.05) | {"happy": 0.65, "fear": 0.1}}, "largest_score_difference", 0.05),
    ],
)
def test_each_difference_is_seen(changes, name, value):
    assert compare(pictures(face()), pictures(face(**changes)))[name] == pytest.approx(value)


def test_a_face_too_many_is_seen_and_not_compared():
    result = compare(pictures(face(), face()), [{"faces": [face()]}, {"faces": [face(), face()]}])
    assert (result["pictures"], result["same_number_of_faces"], result["faces"]) == (2, 1, 1)
