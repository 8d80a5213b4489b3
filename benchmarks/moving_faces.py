"""Videos for Chromium's fake camera: a real face that moves, or four that cross in pairs; each frame has its number.

Chromium shows such a file in a loop, so that the movement ends where it began. The number is a row of black and white
squares in the last lines, which survive JPEG.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from skimage.data import astronaut

WIDTH, HEIGHT = 640, 480
BITS, SQUARE = 10, 16  # of the number; pixels per side
FACE = (150, 0, 310, 220)  # in the astronaut's picture


def write_video(path: Path, faces: int, frames: int, rate: int) -> Path:
    """A y4m file of `frames` frames, `rate` per second, with one or four faces."""
    with path.open("wb") as file:
        file.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for frame in moving_faces(faces, frames):
            file.write(b"FRAME\n" + cv2.cvtColor(frame, cv2.COLOR_RGB2YUV_I420).tobytes())
    return path


def moving_faces(faces: int, frames: int) -> Iterator[np.ndarray]:
    """RGB frames (480, 640, 3) of one round."""
    face = Image.fromarray(astronaut()).crop(FACE)
    if faces > 1:
        face = face.resize((120, 165), Image.Resampling.LANCZOS)
    for number in range(frames):
        frame = Image.new("RGB", (WIDTH, HEIGHT), "#707070")
        for place in places(faces, 2 * math.pi * number / frames):
            frame.paste(face, place)
        picture = np.array(frame)
        picture[-SQUARE:, : BITS * SQUARE] = squares(number)
        yield picture


def places(faces: int, angle: float) -> list[tuple[int, int]]:
    """Where the faces' corners are at an angle of the round; of two that cross the latter is in front."""
    if faces == 1:
        return [(round(240 + 180 * math.sin(angle)), round(110 + 60 * math.sin(2 * angle)))]
    swing = 210 * math.cos(angle)
    return [
        place
        for y, way in ((20, 1), (250, -1))
        for place in ((round(260 - way * swing), y), (round(260 + way * swing), y + 30))
    ]


def squares(number: int) -> np.ndarray:
    """A number as black and white squares (16, 160, 1), the highest bit first."""
    bits = [255 * (number >> bit & 1) for bit in reversed(range(BITS))]
    return np.repeat(np.repeat([bits], SQUARE, 0), SQUARE, 1)[:, :, None].astype(np.uint8)


def number_of(frame: np.ndarray) -> int:
    """The number that stands in a frame (height, width, 3)."""
    middle = frame[-SQUARE // 2, SQUARE // 2 : BITS * SQUARE : SQUARE].mean(1)
    return sum(int(value > 127) << bit for bit, value in zip(reversed(range(BITS)), middle, strict=True))
