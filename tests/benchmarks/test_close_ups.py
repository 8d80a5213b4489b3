"""Close-ups: what is cut out, and what is counted."""

import numpy as np
from PIL import Image
from skimage.data import astronaut

from benchmarks import close_ups
from fer_hf.inference.detection import Detection


def test_a_close_up_is_a_square_in_the_middle_of_the_face():
    photo = Image.fromarray(np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 200, 3)))
    face = Detection((50, 40, 150, 160), 1.0, np.zeros((5, 2), np.float32))
    made = list(close_ups.close_ups(photo, face, 0.5))
    assert [picture.size for picture in made] == [(side, side) for side in close_ups.SIDES]
    grey = np.asarray(made[0])[:, :, 0]
    assert (abs(int(grey[0, 0]) - 70), abs(int(grey[-1, 0]) - 129)) <= (1, 1)


def test_tiles_lie_inside_the_picture():
    tiles = list(close_ups.tiles(Image.new("RGB", (400, 170))))
    assert [tile.size for tile in tiles] == [(400, 170)] + 2 * [(160, 160)]


def test_looks_are_counted():
    face = Image.fromarray(astronaut()).crop((180, 82, 252, 154)).resize((350, 350), Image.Resampling.BICUBIC)
    counted = close_ups.count([face, Image.new("RGB", (200, 200))], "test")
    assert counted == {"pictures": 2, "first_look": 0, "with_second_look": 1}
