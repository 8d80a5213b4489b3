"""The HTML of a reading: everything said once, escaped, readable on its colour."""

import re

import numpy as np
import pytest
from PIL import Image, ImageColor

from fer_hf.inference.annotate import ink_on
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.labels import COLOURS, LABELS
from fer_hf.web.components.data_url import jpeg_url
from fer_hf.web.components.photo import photo_html
from fer_hf.web.i18n import TEXT, TEXTS

PHOTO = Image.new("RGB", (400, 300), "grey")


def face(index, unsure=(), because=()):
    """A face in a grid of ten a row; its best class follows from its index."""
    left, top = 40 * (index % 10), 60 * (index // 10)
    label = LABELS[index % 7]
    scores = {name: 0.64 if name == label else 0.06 for name in LABELS}
    box = (left, top, left + 30, top + 40)
    detection = Detection(tuple(map(float, box)), 0.9, np.zeros((5, 2), np.float32))
    return Face(box, 0.64, label, scores, detection, unsure, because)


def html_of(*faces, text=TEXT):
    """The answer, its white space as a reader sees it."""
    html = photo_html(PhotoResult(*PHOTO.size, faces, PHOTO), [PHOTO] * len(faces), {}, text)
    return re.sub(r"\s+", " ", html)


def test_no_face_is_said_and_nothing_is_listed():
    html = html_of()
    assert "No face found" in html
    assert 'role="tab"' not in html and 'class="box' not in html and 'role="tabpanel"' not in html


def test_one_face_is_shown_with_seven_bars_and_nothing_to_choose():
    html = html_of(face(0))
    assert html.count('class="bar"') == 7
    assert re.search(r'role="tablist"[^>]* hidden[^>]*>', html)
    assert 'role="tabpanel"' not in html
    assert all(edge in html for edge in ("left:0.00%;top:0.00%", "width:7.50%;height:13.33%"))


def test_each_of_50_faces_has_a_box_a_tab_and_a_panel_and_one_is_shown():
    html = html_of(*map(face, range(50)))
    assert html.count('class="box') == html.count('role="tab"') == html.count('role="tabpanel"') == 50
    assert html.count('class="bar"') == 50 * 7
    assert html.count('aria-selected="true"') == html.count('tabindex="0"') == 1
    assert len(re.findall(r'<div class="face[^>]* hidden[^>]*>', html)) == 49
    assert "50 faces, largest first" in html
    assert 'Face </span>4</b> <span class="label">happy</span> <span class="share">64 %<' in html


@pytest.mark.parametrize(("language", "words"), [("en", "sad or fear?"), ("de", "traurig oder ängstlich?")])
def test_an_unsure_face_is_named_after_both_and_counted_apart(language, words):
    html = html_of(face(4, unsure=("sad", "fear")), face(4), text=TEXTS[language])
    assert html.count(words) == 2  # box and panel
    assert f">1 × {TEXTS[language]['unsure']}</span>" in html
    assert f">1 × {TEXTS[language]['sad']}</span>" in html  # the chip counts the sure one only
    assert 'class="box unsure' in html and 'class="choice unsure' in html


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "sad or fear? (turned away, too small)"), ("de", "traurig oder ängstlich? (abgewandt, zu klein)")],
)
def test_an_unsure_face_says_why(language, words):
    text, because = TEXTS[language], ("turned_away", "too_small")
    html = html_of(face(4, ("sad", "fear"), because), text=text)
    assert text["photo_unsure"].format(label=words) in html
    assert text["photo_unsure_because"].format(reasons=words.partition("(")[2].rstrip(")")) in html
    assert text["photo_unsure_more"] not in html
    assert text["photo_unsure_more"] in html_of(face(4, ("sad", "fear")), text=text)


def test_pictures_stand_in_the_html_and_are_made_smaller():
    big = Image.effect_noise((2000, 1000), 50).convert("RGB")
    assert jpeg_url(big, 100).startswith("data:image/jpeg;base64,")
    assert len(jpeg_url(big, 100)) < 20_000
    assert big.size == (2000, 1000)


@pytest.mark.parametrize("colour", COLOURS.values())
def test_numbers_on_every_colour_reach_contrast_aa(colour):
    def luminance(rgb):
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in rgb)]
        return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

    dark, light = sorted(luminance(ImageColor.getrgb(c)) for c in (colour, ink_on(colour)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
