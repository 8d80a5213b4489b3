"""Does it find close-ups? Faces cropped so closely that they more than fill the picture, and pictures without faces.

    python -m benchmarks.close_ups --photos DIR

Every face found in the photos of DIR is cut out as a square of 1, 0.85 and 0.7 of its height, at two sizes. The
pictures without faces are scikit-image's and scikit-learn's, whole and in tiles. Both are counted twice: as the
detector looks first, and with the second look that it takes where it has found nothing.
"""

from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import data
from tqdm import tqdm

from benchmarks import record
from fer_hf.inference.detection import CenterFaceDetector, Detection, detect_at_scales
from fer_hf.inference.image_io import open_photo

CLOSENESS = (1.0, 0.85, 0.7)  # side of the square, in heights of the face
SIDES = (350, 700)  # pixels
TILES = (160, 350)  # pixels; at most three of each size across and three down
# Not "astronaut" and "camera", which show people.
EMPTY = (
    *("brick", "cell", "chelsea", "clock", "coffee", "coins", "colorwheel", "grass", "gravel", "horse"),
    *("hubble_deep_field", "immunohistochemistry", "logo", "moon", "page", "retina", "rocket", "text"),
)


def without_faces() -> dict[str, Image.Image]:
    """Pictures without faces that come with packages, by their names."""
    found = {name: Image.fromarray(np.asarray(getattr(data, name)())).convert("RGB") for name in EMPTY}
    found["motorcycle"] = Image.fromarray(data.stereo_motorcycle()[0])
    folder = files("sklearn.datasets.images")
    return found | {name: open_photo(str(folder / f"{name}.jpg")) for name in ("china", "flower")}


def tiles(picture: Image.Image) -> Iterator[Image.Image]:
    """The picture and squares of it."""
    yield picture
    for side in TILES:
        steps = [range(0, length - side + 1, max(side, (length - side) // 2 + 1)) for length in picture.size]
        for y in steps[1]:
            for x in steps[0]:
                yield picture.crop((x, y, x + side, y + side))


def close_ups(photo: Image.Image, face: Detection, closeness: float) -> Iterator[Image.Image]:
    """A face cut out closely, at each of SIDES."""
    x1, y1, x2, y2 = face.box
    half = closeness * (y2 - y1) / 2
    x, y = (x1 + x2) / 2, (y1 + y2) / 2
    square = photo.crop(tuple(map(round, (x - half, y - half, x + half, y + half))))
    for side in SIDES:
        yield square.resize((side, side), Image.Resampling.BICUBIC)


class FirstLook(CenterFaceDetector):
    """The detector without its second look."""

    def detect(self, photo: Image.Image) -> list[Detection]:
        return detect_at_scales(photo, self._run)


def count(pictures: list[Image.Image], what: str) -> dict:
    """In how many of the pictures each look finds a face."""
    first, second = FirstLook(), CenterFaceDetector()
    found = {"first_look": 0, "with_second_look": 0}
    for picture in tqdm(pictures, desc=what, unit="picture"):
        seen = bool(first.detect(picture))
        found["first_look"] += seen
        found["with_second_look"] += seen or bool(second.detect(picture))
    return {"pictures": len(pictures), **found}


def measure(photos: list[Image.Image]) -> dict:
    """Finds on close-ups made of the photos' faces, by closeness, and false faces."""
    detector = CenterFaceDetector()
    faces = [(photo, face) for photo in photos for face in detector.detect(photo)]
    made = {
        closeness: [picture for photo, face in faces for picture in close_ups(photo, face, closeness)]
        for closeness in CLOSENESS
    }
    return {
        "faces": len(faces),
        "sides": list(SIDES),
        "close_ups": {f"{closeness:g}": count(made[closeness], f"close-ups {closeness:g}") for closeness in CLOSENESS},
        "without_faces": count([tile for picture in without_faces().values() for tile in tiles(picture)], "no faces"),
    }


def main(argv: list[str]) -> None:
    parser = record.bare_parser("benchmarks.close_ups", __doc__)
    parser.add_argument("--photos", type=Path, required=True, metavar="DIR", help="photos of people, JPEG or PNG")
    folder = parser.parse_args(argv).photos
    photos = [open_photo(path) for path in sorted(folder.iterdir()) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
    results = measure(photos)
    record.keep("benchmarks.close_ups", results)
    for name, row in {**results["close_ups"], "without faces": results["without_faces"]}.items():
        print(f"{name:<14} {row['first_look']:>4} then {row['with_second_look']:>4} of {row['pictures']}")


if __name__ == "__main__":
    record.run(main)
