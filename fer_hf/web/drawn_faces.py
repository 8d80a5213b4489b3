"""Drawn faces in colour, for an example that shows several expressions and nobody's face.

They are detailed enough for the detector to find them, which the drawings of `fer_hf.data.synthetic` are not, and the
model reads most of them as they are meant.
"""

import math
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFilter

BACKGROUND, SHIRT, LIPS, MOUTH = "#ced8e0", "#3c5078", "#a84c4a", "#501216"
SIZE = 256  # pixels a face is wide and high
FINER = 2  # is drawn larger and reduced, for smooth lines
SOFT = 2.8  # pixels of blur; the detector misses most faces with sharper lines

Colour = tuple[int, int, int]
Point = tuple[float, float]


class Features(NamedTuple):
    """How a face differs from one at rest."""

    curve: float = 0.0  # of the mouth, 1 is a smile
    opening: float = 0.0  # of the mouth
    slant: float = 0.0  # of the brows, 1 is a frown
    lift: float = 0.0  # of the brows
    eye: float = 1.0  # opening of the eyes, 1 is at rest


class Pen:
    """Draws in units of a hundredth of the face's side, so that its middle is at 50, 50."""

    def __init__(self) -> None:
        self.picture = Image.new("RGB", (SIZE * FINER, SIZE * FINER), BACKGROUND)
        self._draw = ImageDraw.Draw(self.picture)
        self._unit = SIZE * FINER / 100

    def ellipse(self, x: float, y: float, wide: float, high: float, fill: Colour | str) -> None:
        self._draw.ellipse([side * self._unit for side in (x - wide, y - high, x + wide, y + high)], fill)

    def polygon(self, points: list[Point], fill: Colour | str) -> None:
        self._draw.polygon([(x * self._unit, y * self._unit) for x, y in points], fill)

    def line(self, points: list[Point], width: float, fill: Colour | str) -> None:
        scaled = [(x * self._unit, y * self._unit) for x, y in points]
        self._draw.line(scaled, fill, round(width * self._unit), joint="curve")


def drawn_face(features: Features, skin: Colour, hair: Colour) -> Image.Image:
    """A face and shoulders, SIZE pixels square."""
    pen = Pen()
    _draw_head(pen, skin, hair)
    for side in (-1, 1):
        _draw_eye(pen, side, features, skin, hair)
    _draw_mouth(pen, features)
    picture = pen.picture.filter(ImageFilter.GaussianBlur(SOFT * FINER))
    return picture.resize((SIZE, SIZE), Image.Resampling.LANCZOS)


def _shade(colour: Colour, light: float) -> Colour:
    return tuple(round(channel * light) for channel in colour)


def _draw_head(pen: Pen, skin: Colour, hair: Colour) -> None:
    pen.ellipse(50, 112, 42, 28, SHIRT)
    pen.ellipse(50, 80, 11, 14, _shade(skin, 0.8))
    pen.ellipse(50, 39, 30, 33, hair)
    for side in (-1, 1):
        pen.ellipse(50 + 27.5 * side, 50, 4, 7, _shade(skin, 0.9))
    pen.ellipse(50, 51, 27, 34, _shade(skin, 0.92))
    pen.ellipse(50, 50, 25, 33, skin)
    pen.ellipse(50, 22, 27, 14, hair)
    pen.ellipse(50, 35, 23, 15, skin)
    pen.polygon([(50, 46), (45.5, 60), (54.5, 60)], _shade(skin, 0.93))
    pen.ellipse(50, 60, 4.6, 2.5, _shade(skin, 0.89))
    for side in (-1, 1):
        pen.ellipse(50 + 2.4 * side, 61.2, 1.3, 0.8, _shade(skin, 0.45))


def _draw_eye(pen: Pen, side: int, features: Features, skin: Colour, hair: Colour) -> None:
    x, y, high = 50 + 12.5 * side, 46, 3.1 * features.eye
    pen.ellipse(x, y - 0.5, 8.4, max(5.4, high + 1.5), _shade(skin, 0.9))
    pen.ellipse(x, y - 0.9, 6.6, high + 0.6, "#231612")
    pen.ellipse(x, y, 6.4, high, "#f8f6f3")
    pen.ellipse(x, y, min(3.2, high), min(3.2, high), "#3c2a1e")
    pen.ellipse(x, y, 1.5, 1.5, "black")
    brow, tilt = y - 6.8 - features.lift, 2.2 * side * features.slant
    pen.line([(x - 6.5, brow + tilt), (x, brow - 1), (x + 6.5, brow - tilt)], 2, hair)


def _draw_mouth(pen: Pen, features: Features) -> None:
    steps = [step / 12 for step in range(-12, 13)]
    opening = 8 * features.opening

    def edge(drop: float) -> list[Point]:
        """From the left corner to the right one, in the middle `drop` below the line between the lips."""
        arcs = [math.cos(step * math.pi / 2) for step in steps]
        return [(50 + 11 * x, 73 + 4 * features.curve * (y - 0.5) + drop * y) for x, y in zip(steps, arcs, strict=True)]

    pen.polygon(edge(-1.6) + edge(opening + 1.9)[::-1], LIPS)
    pen.polygon(edge(0) + edge(max(opening, 0.6))[::-1], MOUTH)
    if opening:
        pen.polygon(edge(0) + edge(min(opening, 3))[::-1], "#f5f3ee")
