"""Drawing what was read onto the photo: numbered boxes in the colour of the expression."""

from PIL import Image, ImageDraw, ImageFont

from fer_hf.labels import COLOURS
from fer_hf.predict import Reading


def draw_faces(photo: Image.Image, reading: Reading) -> Image.Image:
    """A copy of an RGB photo with a numbered, labelled box for each face: "1 happy 93 %"."""
    drawn = photo.copy()
    draw = ImageDraw.Draw(drawn)
    font = ImageFont.load_default(size=max(12, min(photo.size) // 40))
    for number, face in enumerate(reading.faces, start=1):
        draw.rectangle(face.box, outline=COLOURS[face.label], width=3)
        draw.text(face.box[:2], f"{number} {face.label} {100 * face.confidence:.0f} %", font=font, anchor="ls")
    return drawn
