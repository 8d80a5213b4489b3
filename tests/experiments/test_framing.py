"""Framing: the box of a face in fractions of the picture, over the pictures in which one is found."""

import pytest
from PIL import Image

from experiments import framing
from fer_hf.errors import FerError
from fer_hf.web.examples import astronaut


def test_a_face_is_measured_in_fractions_of_the_side():
    face = astronaut().crop((120, 0, 320, 200))
    found = framing.measure([face, Image.new("L", (48, 48))])
    assert (found["pictures"], found["found"]) == (2, 0.5)
    assert 0.2 < found["centre_x"]["median"] < 0.8
    assert found["eyes_y"]["median"] < found["centre_y"]["median"]
    assert found["longer_side"]["p16"] == found["longer_side"]["median"] == found["longer_side"]["p84"]
    assert framing.measure([face.resize((400, 400))])["width"]["median"] == pytest.approx(
        found["width"]["median"], rel=0.1
    )


def test_pictures_without_faces_are_one_clear_line():
    with pytest.raises(FerError) as caught:
        framing.measure([Image.new("L", (48, 48))])
    assert caught.value.code == "faces_missing"
