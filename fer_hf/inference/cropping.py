"""Cutting faces out of photos as FER2013, on which the classifier is trained, frames its faces.

Resizing and normalising a crop is the image processor's part: it is saved with the model by training and loaded with
it for prediction, so that both prepare pictures alike.
"""

import numpy as np
from PIL import Image

from fer_hf.inference.detection import Detection

# The side of FER2013's pictures in heights of CenterFace's box, and how far down in them the middle of the box lies;
# horizontally it is centred. Set so that faces cut from photos measure like training pictures: the detector sees a
# smaller box in a tight crop than in the whole photo (`python -m experiments.framing`).
CROP_SIDE = 1.0
FACE_CENTRE_Y = 0.518


def crop_face(photo: Image.Image, detection: Detection) -> Image.Image:
    """Cut a square around a face so that the face sits in it as faces sit in FER2013's pictures.

    Where the square leaves the photo, the photo's edge is repeated: a mirrored edge would draw a second mouth or eye
    into the crop, and the classifier has hardly seen black areas.
    """
    x1, y1, x2, y2 = detection.box
    side = max(round(CROP_SIDE * (y2 - y1)), 1)
    left = round((x1 + x2 - side) / 2)
    top = round((y1 + y2) / 2 - FACE_CENTRE_Y * side)
    inside = (
        min(max(left, 0), photo.width - 1),
        min(max(top, 0), photo.height - 1),
        max(min(left + side, photo.width), 1),
        max(min(top + side, photo.height), 1),
    )
    horizontal = inside[0] - left, left + side - inside[2]
    vertical = inside[1] - top, top + side - inside[3]
    part = np.asarray(photo.crop(inside))
    return Image.fromarray(np.pad(part, (vertical, horizontal, (0, 0)), mode="edge"))
