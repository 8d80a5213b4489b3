"""Drawing what was read onto the photo: numbered boxes in the colour of the expression."""

from collections.abc import Callable
from dataclasses import replace
from statistics import median

from PIL import Image, ImageDraw, ImageFont

from fer_hf.inference.results import Face, PhotoResult
from fer_hf.labels import COLOURS

Rectangle = tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels
Words = Callable[[Face], str]  # what a face shows, in some language

# Height of the letters, in parts of the median face's height, kept between two parts of the photo's shorter side.
TEXT_OF_FACE = 0.22
TEXT_OF_PHOTO = (0.015, 0.035)
LEAST_TEXT = 11  # pixels; smaller letters cannot be read
HALO = "#101010"  # a dark rim tells the line from a background of its own colour


def in_english(face: Face) -> str:
    """What a face shows: "happy", or "sad or fear?" where the model is unsure."""
    return f"{' or '.join(face.unsure)}?" if face.unsure else face.label


def made_smaller(photo: Image.Image, reading: PhotoResult, longest: int) -> tuple[Image.Image, PhotoResult]:
    """Photo and boxes together, so that the longer side has at most `longest` pixels. Detections stay as they are."""
    scale = longest / max(photo.size)
    if scale >= 1:
        return photo, reading
    width, height = (max(1, round(side * scale)) for side in photo.size)
    faces = []
    for face in reading.faces:
        x1, y1, x2, y2 = (int(edge * scale) for edge in face.box)
        faces.append(replace(face, box=(x1, y1, min(max(x2, x1 + 1), width), min(max(y2, y1 + 1), height))))
    small = photo.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    return small, PhotoResult(width, height, tuple(faces))


def draw_faces(photo: Image.Image, reading: PhotoResult, words_of: Words = in_english) -> Image.Image:
    """A copy of an RGB photo with a numbered, labelled box for each face: "1 happy 93 %"."""
    drawn = photo.copy()
    if not reading.faces:
        return drawn
    draw = ImageDraw.Draw(drawn)
    height = text_height(reading)
    font = ImageFont.load_default(size=height)
    line = max(2, height // 8)
    for face in reversed(reading.faces):  # the largest last, so that its box is whole
        draw_box(draw, face, line)
    plates: list[Rectangle] = []
    for number, face in enumerate(reading.faces, start=1):
        words = fitting_text(draw, number, face, font, reading.width - height // 2, words_of)
        plate = place_plate(draw, words, font, face.box, plates, reading)
        plates.append(plate)
        draw_plate(draw, plate, words, font, COLOURS[face.label])
    return drawn


def text_height(reading: PhotoResult) -> int:
    """Letters that suit the faces, readable when the whole photo is seen at the size of a screen."""
    shorter = min(reading.width, reading.height)
    low, high = (part * shorter for part in TEXT_OF_PHOTO)
    of_face = TEXT_OF_FACE * median(face.box[3] - face.box[1] for face in reading.faces)
    return max(LEAST_TEXT, round(min(max(of_face, low), high)))


def draw_box(draw: ImageDraw.ImageDraw, face: Face, line: int) -> None:
    """The face's box, drawn inwards from its edge, between two dark rims."""
    rim = max(1, line // 3)
    for inset, width, colour in ((0, line + 2 * rim, HALO), (rim, line, COLOURS[face.label])):
        x1, y1, x2, y2 = face.box
        inner = (x1 + inset, y1 + inset, x2 - 1 - inset, y2 - 1 - inset)
        if inner[0] < inner[2] and inner[1] < inner[3]:
            draw.rectangle(inner, outline=colour, width=width)


def fitting_text(
    draw: ImageDraw.ImageDraw,
    number: int,
    face: Face,
    font: ImageFont.FreeTypeFont,
    width: int,
    words_of: Words = in_english,
) -> str:
    """The longest description of the face that fits into `width` pixels; in a tiny photo none does."""
    label = words_of(face)
    texts = (f"{number} {label} {100 * face.confidence:.0f} %", f"{number} {label}", f"{number}")
    return next((words for words in texts if draw.textlength(words, font=font) <= width), "")


def place_plate(
    draw: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.FreeTypeFont,
    box: Rectangle,
    plates: list[Rectangle],
    reading: PhotoResult,
) -> Rectangle:
    """The place at the box, inside the photo, that covers least of other plates and of faces."""
    width = round(draw.textlength(text, font=font) + font.size * 0.5)
    height = round(font.size * 1.35)
    x1, y1, x2, y2 = box
    middle = (x1 + x2 - width) // 2
    corners = [(x, y) for y in (y1 - height, y2, y1, y2 - height) for x in (x1, middle, x2 - width)]
    places = [move_inside(x, y, width, height, reading) for x, y in corners]
    faces = [face.box for face in reading.faces]

    def covered(place: Rectangle) -> int:
        return 4 * sum(overlap(place, plate) for plate in plates) + sum(overlap(place, face) for face in faces)

    return min(places, key=covered)


def move_inside(x: int, y: int, width: int, height: int, reading: PhotoResult) -> Rectangle:
    x = max(0, min(x, reading.width - width))
    y = max(0, min(y, reading.height - height))
    return x, y, x + width, y + height


def overlap(a: Rectangle, b: Rectangle) -> int:
    """Area that two rectangles share."""
    return max(0, min(a[2], b[2]) - max(a[0], b[0])) * max(0, min(a[3], b[3]) - max(a[1], b[1]))


def draw_plate(
    draw: ImageDraw.ImageDraw, plate: Rectangle, text: str, font: ImageFont.FreeTypeFont, colour: str
) -> None:
    if not text:
        return
    x1, y1, x2, y2 = plate
    draw.rectangle((x1, y1, x2 - 1, y2 - 1), fill=colour, outline=HALO, width=max(1, round(font.size / 24)))
    draw.text(((x1 + x2) / 2, (y1 + y2) / 2), text, fill=ink_on(colour), font=font, anchor="mm")


def ink_on(colour: str) -> str:
    """Black or white, whichever has more contrast with `colour` (WCAG relative luminance)."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (((c + 0.055) / 1.055) ** 2.4 if c > 0.04045 else c / 12.92 for c in channels)
    return "black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white"
