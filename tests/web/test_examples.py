"""The example photos: as many faces as their captions say."""

import pytest

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.detection import CenterFaceDetector
from fer_hf.labels import UNSURE
from fer_hf.web.examples import astronaut, cat, drawn, group


@pytest.mark.parametrize(("example", "faces"), [(drawn, 6), (astronaut, 1), (group, 6), (cat, 0)])
def test_examples_hold_the_faces_they_promise(example, faces):
    assert len(CenterFaceDetector().detect(example())) == faces


def test_a_group_can_be_as_large_as_wanted():
    assert group(columns=6, rows=5).size == (6 * 340, 5 * 340)


def test_the_model_that_ships_reads_the_drawn_faces_as_they_are_meant():
    faces = FaceAnalyzer.from_pretrained().analyze(drawn()).faces
    in_order = sorted(faces, key=lambda face: (face.box[1] > 256, face.box[0]))
    assert [face.counted_as for face in in_order] == ["angry", "sad", "surprise", "neutral", UNSURE, "neutral"]
