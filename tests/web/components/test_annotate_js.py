"""Pictures that the browser marks: letters and plates are of the size and in the place that Python gives them."""

import random

import pytest

from fer_hf.inference.annotate import Mark, place_plate, text_height
from fer_hf.inference.results import PhotoResult
from tests.support import device_js

SIZE = (400, 300)
PLATES = "../components/photo/plates.js"


def crowd(seed):
    """Boxes of faces that stand close together, some at the picture's edges."""
    draw = random.Random(seed)
    corners = [(draw.randrange(-10, 360), draw.randrange(-10, 260), draw.randrange(20, 90)) for _ in range(12)]
    return [(max(0, x), max(0, y), min(400, x + side), min(300, y + side)) for x, y, side in corners]


@pytest.mark.parametrize("seed", range(4))
def test_plates_stand_where_python_places_them(seed):
    boxes = crowd(seed)
    marks = [Mark(box, "happy", (), False) for box in boxes]
    shapes = [(30 + 7 * number, 18) if number % 5 else None for number in range(len(boxes))]
    plates, expected = [], []
    for shape, box in zip(shapes, boxes, strict=True):
        plate = shape and place_plate(shape, box, plates, marks, SIZE)
        expected.append(plate and list(plate))
        plates.extend([plate] if plate else [])
    [found] = device_js.call(PLATES, ("placePlates", [shapes, boxes, SIZE]))
    assert found == expected


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("size", [SIZE, (4000, 3000), (60, 60)])
def test_letters_are_as_large_as_pythons(count, size):
    boxes = [tuple(edge * size[0] // SIZE[0] for edge in box) for box in crowd(count)[:count]]
    [found] = device_js.call(PLATES, ("textHeight", [boxes, size]))
    assert found == text_height(PhotoResult(*size, tuple(Faced(box) for box in boxes), None))


class Faced:
    """What `text_height` reads of a face."""

    def __init__(self, box):
        self.box = box
