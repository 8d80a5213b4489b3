"""Boxes and plates on photos and on frames of videos."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageColor

from fer_hf.inference.annotate import draw_faces, draw_samples, ink_on, place_plate, shrink, text_height, write
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.inference.timeline import make_sample
from fer_hf.labels import COLOURS, LABELS


def face(x1, y1, x2, y2, label="happy"):
    scores = {name: 0.94 if name == label else 0.01 for name in LABELS}
    detection = Detection((x1, y1, x2, y2), 1.0, np.zeros((5, 2), np.float32))
    return Face((x1, y1, x2, y2), 0.94, label, scores, detection)


def count(image, colour):
    return int((np.asarray(image) == ImageColor.getrgb(colour)).all(axis=-1).sum())


@pytest.mark.parametrize("background", ["white", "black", COLOURS["happy"]])
def test_a_face_is_boxed_in_its_colour_and_the_photo_is_left_alone(background):
    photo = Image.new("RGB", (640, 480), background)
    drawn = draw_faces(photo, PhotoResult(640, 480, (face(200, 150, 320, 300),)))
    assert count(photo, background) == 640 * 480
    assert count(drawn, COLOURS["happy"]) > 500
    changed = (np.asarray(drawn) != np.asarray(photo)).any(axis=-1)
    assert changed[150:300, 200].all() and changed[150:300, 319].all()  # the rim shows on any background
    assert not changed[180:280, 220:300].any()  # the face itself is not covered
    assert not changed[310:, :].any()


@pytest.mark.parametrize("kind", ["photo", "video"])
def test_the_box_of_an_unsure_face_is_dashed(kind):
    frame, box = np.full((480, 640, 3), 255, np.uint8), (200, 150, 320, 300)
    sample = make_sample(0, 1, box, [0.94 if label == "sad" else 0.01 for label in LABELS])

    def coloured(unsure):
        """Where along its upper line the box has the colour of the expression."""
        if kind == "video":
            drawn = draw_samples(frame, [sample._replace(unsure=unsure)])
        else:
            result = PhotoResult(640, 480, (replace(face(*box, "sad"), unsure=unsure),))
            drawn = draw_faces(Image.fromarray(frame), result)
        return (np.asarray(drawn)[150:156, 210:310] == ImageColor.getrgb(COLOURS["sad"])).all(axis=-1).any(axis=0)

    assert coloured(()).all()
    dashes = coloured(("sad", "fear"))
    assert 0.3 < dashes.mean() < 0.7
    assert np.diff(dashes).sum() > 6


def test_no_face_is_the_photo_itself():
    photo = Image.effect_noise((64, 48), 50).convert("RGB")
    assert draw_faces(photo, PhotoResult(64, 48, ())).tobytes() == photo.tobytes()


@pytest.mark.parametrize("size", [(1, 1), (8, 3), (30, 30), (3000, 20)])
def test_tiny_photos_are_drawn_without_an_error(size):
    drawn = draw_faces(Image.new("RGB", size), PhotoResult(*size, (face(0, 0, size[0], size[1]),)))
    assert drawn.size == size


def test_plates_of_a_crowd_do_not_overlap(monkeypatch):
    places = []

    def remember(*arguments):
        places.append(place_plate(*arguments))
        return places[-1]

    monkeypatch.setattr("fer_hf.inference.annotate.place_plate", remember)
    boxes = [(60 + 130 * column, 60 + 110 * row) for row in range(3) for column in range(10)][:29]
    faces = tuple(face(x, y, x + 50, y + 60, LABELS[x % 7]) for x, y in boxes)
    draw_faces(Image.new("RGB", (1400, 420)), PhotoResult(1400, 420, faces))
    assert len(places) == 29
    for index, (x1, y1, x2, y2) in enumerate(places):
        assert 0 <= x1 < x2 <= 1400 and 0 <= y1 < y2 <= 420
        for other in places[:index]:
            assert x2 <= other[0] or other[2] <= x1 or y2 <= other[1] or other[3] <= y1


def test_a_small_copy_keeps_its_boxes_on_the_faces():
    photo, result = shrink(Image.new("RGB", (4000, 2000)), PhotoResult(4000, 2000, (face(400, 200, 800, 600),)), 1000)
    assert photo.size == (result.width, result.height) == (1000, 500)
    assert result.faces[0].box == (100, 50, 200, 150)
    assert shrink(photo, result, 1000) == (photo, result)


def test_labels_stay_inside_the_frame_and_leave_it_alone():
    """At every edge the label is drawn whole: as many pixels of its ink as in the middle."""
    frame = np.full((300, 400, 3), 90, np.uint8)
    ink = ImageColor.getrgb(ink_on(COLOURS["angry"]))
    drawn = [
        draw_samples(frame, [make_sample(0, 1, box, [0.7] + [0.05] * 6)])
        for box in ((150, 100, 250, 200), (340, 100, 399, 200), (0, 0, 100, 100), (-30, 100, 60, 200))
    ]
    counts = [(np.asarray(picture) == ink).all(-1).sum() for picture in drawn]
    assert counts[0] > 50
    assert counts == [counts[0]] * 4
    assert (frame == 90).all()


@pytest.mark.parametrize("pair", ["oö", "aä", "uü", "UÜ"])
def test_umlauts_are_written_as_their_letter_with_two_dots(pair):
    plain, dotted = (np.asarray(write(letter, 40)) > 127 for letter in pair)
    assert plain.shape == dotted.shape
    assert (dotted & plain).sum() > 0.9 * plain.sum()
    assert dotted[: plain.any(axis=1).argmax()].any()


def test_letters_grow_with_the_photo():
    heights = [text_height(PhotoResult(side, side, (face(0, 0, side // 4, side // 4),))) for side in (100, 1000, 4000)]
    assert heights == [11, 35, 140]


@pytest.mark.parametrize("colour", COLOURS.values())
def test_ink_has_enough_contrast(colour):
    def luminance(name):
        channels = (value / 255 for value in ImageColor.getrgb(name))
        red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    dark, light = sorted([luminance(colour), luminance(ink_on(colour))])
    assert (light + 0.05) / (dark + 0.05) >= 4.5  # WCAG AA
