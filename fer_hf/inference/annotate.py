"""Drawing results: numbered boxes in the colour of the expression, on a photo or on the frame of a video."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image, ImageDraw

from fer_hf.inference.results import Box, Face, PhotoResult, box_inside
from fer_hf.inference.timeline import Sample, caption
from fer_hf.io import percent
from fer_hf.labels import COLOURS

# Height of the letters, as a share of the median face's height, kept between two shares of the photo's shorter side.
TEXT_OF_FACE = 0.22
TEXT_OF_PHOTO = (0.015, 0.035)
LEAST_TEXT = 11  # pixels; smaller letters cannot be read
FRAME_TEXT = (14, 1 / 32)  # on a frame: pixels at least, and as a share of the shorter side
WEIGHT = 500  # how heavy the letters are, from 100 to 900
HALO = "#101010"  # a dark rim sets the line off from a background of its own colour


class Mark(NamedTuple):
    """What is drawn at one face."""

    box: Box
    label: str  # gives the colour
    texts: tuple[str, ...]  # descriptions, the longest first: the first that fits into the picture is written
    unsure: bool  # its box is dashed


def describe_face(face: Face) -> str:
    """What a face shows, in English: "happy", or "sad or fear?" where the model is unsure."""
    return f"{' or '.join(face.unsure)}?" if face.unsure else face.label


def shrink(photo: Image.Image, result: PhotoResult, longest: int) -> tuple[Image.Image, PhotoResult]:
    """Photo and boxes together, so that the longer side has at most `longest` pixels. Detections stay as they are."""
    scale = longest / max(photo.size)
    if scale >= 1:
        return photo, result
    size = tuple(max(1, round(side * scale)) for side in photo.size)
    small = photo.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    faces = (replace(face, box=box_inside([edge * scale for edge in face.box], size)) for face in result.faces)
    return small, PhotoResult(*size, tuple(faces), small)


def draw_faces(photo: Image.Image, result: PhotoResult, describe: Callable[[Face], str] = describe_face) -> Image.Image:
    """A copy of an RGB photo with a numbered, labelled box for each face: "1 happy 93 %"."""
    drawn = photo.copy()
    marks = []
    for number, face in enumerate(result.faces, start=1):
        words = f"{number} {describe(face)}"
        texts = (f"{words} {percent(face.confidence)}", words, f"{number}")
        marks.append(Mark(face.box, face.label, texts, bool(face.unsure)))
    if marks:
        draw_marks(drawn, marks, text_height(result))
    return drawn


def draw_samples(
    frame: np.ndarray, samples: Sequence[Sample], describe: Callable[[Sample], str] = caption
) -> Image.Image:
    """A copy of an RGB frame (height, width, 3) with a box and its caption at each face."""
    picture = Image.fromarray(frame)
    marks = [Mark(s.box, s.label, (describe(s), f"{s.face}"), bool(s.unsure)) for s in samples]
    least, share = FRAME_TEXT
    draw_marks(picture, marks, max(least, round(min(picture.size) * share)))
    return picture


def draw_marks(picture: Image.Image, marks: Sequence[Mark], height: int) -> None:
    """Draw boxes and their plates into the picture, with letters of `height` pixels; no plate covers another."""
    draw = ImageDraw.Draw(picture)
    for mark in reversed(marks):  # the largest last, so that its box is whole
        draw_box(draw, mark, max(2, height // 8))
    plates: list[Box] = []
    for mark in marks:
        words = fitting_words(mark.texts, height, picture.width - height // 2)
        if words is None:
            continue
        plate = place_plate((words.width + height // 2, words.height), mark.box, plates, marks, picture.size)
        plates.append(plate)
        draw_plate(draw, plate, words, COLOURS[mark.label])


def text_height(result: PhotoResult) -> int:
    """Letters that suit the faces, readable when the whole photo is seen at the size of a screen."""
    shorter = min(result.width, result.height)
    low, high = (share * shorter for share in TEXT_OF_PHOTO)
    of_face = TEXT_OF_FACE * median(face.box[3] - face.box[1] for face in result.faces)
    return max(LEAST_TEXT, round(min(max(of_face, low), high)))


def draw_box(draw: ImageDraw.ImageDraw, mark: Mark, line: int) -> None:
    """The face's box, drawn inwards from its edge, between two dark rims."""
    rim = max(1, line // 3)
    for inset, width, colour in ((0, line + 2 * rim, HALO), (rim, line, COLOURS[mark.label])):
        x1, y1, x2, y2 = mark.box
        inner = (x1 + inset, y1 + inset, x2 - 1 - inset, y2 - 1 - inset)
        if inner[0] < inner[2] and inner[1] < inner[3]:
            draw.rectangle(inner, outline=colour, width=width)
            if mark.unsure and colour != HALO:
                draw_gaps(draw, inner, width)


def draw_gaps(draw: ImageDraw.ImageDraw, box: Box, width: int) -> None:
    """Turn a box's line of `width` pixels into dashes."""
    x1, y1, x2, y2 = box
    for x in range(x1 + 3 * width, x2, 6 * width):
        for y in (y1, y2 - width + 1):
            draw.rectangle((x, y, min(x + 3 * width, x2 + 1) - 1, y + width - 1), fill=HALO)
    for y in range(y1 + 3 * width, y2, 6 * width):
        for x in (x1, x2 - width + 1):
            draw.rectangle((x, y, x + width - 1, min(y + 3 * width, y2 + 1) - 1), fill=HALO)


def fitting_words(texts: Sequence[str], height: int, width: int) -> Image.Image | None:
    """The first of the texts that fits into `width` pixels, written; in a tiny picture none does."""
    return next((words for words in (write(text, height) for text in texts) if words.width <= width), None)


def write(text: str, height: int) -> Image.Image:
    """A mask of the text in letters of `height` pixels, in OpenCV's font: Pillow's has no umlauts."""
    font = cv2.FontFace("sans")
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), font, height, WEIGHT)
    mask = np.zeros((round(height * 1.35), width), np.uint8)
    cv2.putText(mask, text, (0, height), 255, font, height, WEIGHT)
    return Image.fromarray(mask)


def place_plate(
    shape: tuple[int, int], box: Box, plates: Sequence[Box], marks: Sequence[Mark], size: tuple[int, int]
) -> Box:
    """The place at the box, inside a picture of `size`, that covers least of other plates and of faces."""
    width, height = shape
    x1, y1, x2, y2 = box
    middle = (x1 + x2 - width) // 2
    corners = [(x, y) for y in (y1 - height, y2, y1, y2 - height) for x in (x1, middle, x2 - width)]
    places = [move_inside(x, y, width, height, size) for x, y in corners]

    def covered(place: Box) -> int:
        return 4 * sum(overlap(place, plate) for plate in plates) + sum(overlap(place, mark.box) for mark in marks)

    return min(places, key=covered)


def move_inside(x: int, y: int, width: int, height: int, size: tuple[int, int]) -> Box:
    """A box of this width and height, at x and y or as near to there as it is inside a picture of `size`."""
    x = max(0, min(x, size[0] - width))
    y = max(0, min(y, size[1] - height))
    return x, y, x + width, y + height


def overlap(a: Box, b: Box) -> int:
    """Area that two boxes share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def draw_plate(draw: ImageDraw.ImageDraw, plate: Box, words: Image.Image, colour: str) -> None:
    """A plate of this colour with the words in its middle."""
    x1, y1, x2, y2 = plate
    draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour, outline=HALO, width=max(1, words.height // 32))
    draw.bitmap(((x1 + x2 - words.width) // 2, y1), words, fill=ink_on(colour))


def ink_on(colour: str) -> str:
    """Black or white, whichever has more contrast with `colour` (WCAG relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in channels)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"
