"""The example photos: as many faces as their captions say."""

import pytest

from fer_hf.inference.detection import CenterFaceDetector
from fer_hf.web.examples import astronaut, cat, group


@pytest.mark.parametrize(("example", "faces"), [(astronaut, 1), (group, 6), (cat, 0)])
def test_examples_hold_the_faces_they_promise(example, faces):
    assert len(CenterFaceDetector().detect(example())) == faces


def test_a_group_can_be_as_large_as_wanted():
    assert group(columns=6, rows=5).size == (6 * 340, 5 * 340)
