"""The HTML of a reading: everything said once, escaped, readable on its colour."""

import numpy as np
import pytest
from PIL import Image, ImageColor

from fer_hf.faces import Detection
from fer_hf.labels import COLOURS, LABELS
from fer_hf.markup import data_uri, ink_on, message_html, reading_html
from fer_hf.predict import Face, Reading
from fer_hf.texts import TEXT

PHOTO = Image.new("RGB", (400, 300), "grey")


def face(index):
    """A face in a grid of ten a row; its best class follows from its index."""
    left, top = 40 * (index % 10), 60 * (index // 10)
    label = LABELS[index % 7]
    scores = {name: 0.64 if name == label else 0.06 for name in LABELS}
    box = (left, top, left + 30, top + 40)
    return Face(box, 0.64, label, scores, Detection(tuple(map(float, box)), 0.9, np.zeros((5, 2), np.float32)))


def html_of(count):
    return reading_html(PHOTO, Reading(*PHOTO.size, tuple(map(face, range(count)))), TEXT)


def test_no_face_is_said_and_nothing_is_listed():
    html = html_of(0)
    assert "No face found" in html
    assert "<li" not in html and 'class="box' not in html


def test_one_face_is_shown_open_with_seven_bars():
    html = html_of(1)
    assert html.count('class="bar"') == 7
    assert html.count("<details open>") == 1
    assert 'aria-label="Face 1: angry, 64 %"' in html
    assert "left:0.00%;top:0.00%;width:7.50%;height:13.33%" in html


def test_each_of_29_faces_has_a_box_a_line_and_seven_bars():
    html = html_of(29)
    assert html.count('<span class="box') == html.count("<details") == 29
    assert html.count('class="bar"') == 29 * 7
    assert html.count("<details open>") == 1
    assert "29 faces, largest first" in html


def test_messages_are_escaped():
    html = message_html("<img src=x onerror=alert(1)>.jpg: not a picture", "Problem", "problem")
    assert "<img" not in html and "&lt;img" in html
    assert 'role="alert"' in html


def test_pictures_stand_in_the_html_and_are_made_smaller():
    big = Image.effect_noise((2000, 1000), 50).convert("RGB")
    assert data_uri(big, 100).startswith("data:image/jpeg;base64,")
    assert len(data_uri(big, 100)) < 20_000
    assert big.size == (2000, 1000)


@pytest.mark.parametrize("colour", COLOURS.values())
def test_numbers_on_every_colour_reach_contrast_aa(colour):
    def luminance(rgb):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    dark, light = sorted(luminance(ImageColor.getrgb(c)) for c in (colour, ink_on(colour)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
