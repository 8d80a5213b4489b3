"""The CSV of a photo in the browser is the one of `fer_hf.inference`."""

import numpy as np
import pytest
from PIL import Image

from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import CSV_COLUMNS, Face, PhotoResult, csv_rows
from fer_hf.labels import LABELS
from tests.support.device_js import call

PHOTO = Image.new("RGB", (60, 40))
DETECTION = Detection((1.0, 2.0, 30.0, 40.0), 0.9, np.zeros((5, 2), np.float32))
SCORES = dict(zip(LABELS, (0.5, 0.25, 0.1, 0.05, 0.05, 0.049999, 0.000001), strict=True))


@pytest.mark.parametrize("file", ["party.jpg", "=1+1.jpg", 'a "b", c.png', "\tü\n.jpg", "-"])
@pytest.mark.parametrize("faces", [0, 2])
def test_it_is_pythons(file, faces):
    unsure = Face((1, 2, 30, 40), 0.5, "angry", SCORES, DETECTION, ("angry", "disgust"), ("too_small", "too_blurred"))
    all_faces = (Face((5, 6, 7, 8), 0.5, "angry", SCORES, DETECTION), unsure)[:faces]
    result = PhotoResult(*PHOTO.size, all_faces, PHOTO)
    (got,) = call("table.js", ("photoCsv", [file, result.to_dict(file), list(LABELS)]))
    assert got == csv_text(CSV_COLUMNS, csv_rows(file, result))
