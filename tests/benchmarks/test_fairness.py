"""Fairness: features of a face, groups of equal size, and what their expressions explain."""

import math
from unittest.mock import Mock

import numpy as np
import pytest

from benchmarks import fairness
from fer_hf.data.synthetic import draw_face
from tests.support.pictures import is_picture


def test_features_of_a_face():
    face = draw_face("happy", size=96)
    assert fairness.brightness(np.full((4, 4), 7, np.uint8)) == 7
    assert fairness.sharpness(np.asarray(face)) > fairness.sharpness(np.asarray(face.reduce(4).resize(face.size)))
    eyes_and_nose = np.array([[0.0, 3.0], [4.0, 0.0], [2.0, 4.0]])
    detector = Mock(detect=lambda face: [Mock(landmarks=eyes_and_nose)])
    assert fairness.tilt(face, detector) == pytest.approx(math.degrees(math.atan(0.75)))
    assert math.isnan(fairness.tilt(face, Mock(detect=lambda face: [])))


def test_quintiles_are_of_equal_size_and_in_order():
    values = np.append(np.random.default_rng(0).permutation(50).astype(float), math.nan)
    groups = fairness.quintiles(values)
    assert [mask.sum() for mask in groups.values()] == [10] * 5
    assert values[groups["lowest"]].max() == 9
    assert not any(mask[-1] for mask in groups.values())


def test_groups_stand_beside_what_their_expressions_explain(tmp_path):
    labels = np.repeat([0, 3], 50)
    scores = np.eye(7)[np.where(np.arange(100) < 25, 1, labels)]  # half of the angry faces are read wrong
    brightness = np.where(labels == 3, 200.0, 50.0) + np.tile(np.arange(50), 2)  # the happy ones are the bright ones
    found = fairness.by_group(scores, labels, {"brightness": brightness, "tilt": np.full(100, math.nan)})
    assert found["expression"].keys() == {"angry", "happy"}
    assert found["expression"]["angry"]["accuracy"] == 0.5
    assert found["brightness"]["highest"]["expected_from_expressions"] == 1
    assert found["brightness"]["lowest"]["expected_from_expressions"] == 0.5
    assert found["brightness"]["lowest"]["accuracy"] == 0
    assert (found["brightness"]["lowest"]["from"], found["brightness"]["lowest"]["to"]) == (50, 69)
    assert found["tilt"].keys() == {fairness.NOT_FOUND}
    fairness.draw({"accuracy": 0.75, "groups": found}, tmp_path / "fairness.png")
    assert is_picture(tmp_path / "fairness.png")
