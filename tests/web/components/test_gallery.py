"""The gallery of many photos: sorted, numbered, and honest about what was not read."""

import csv
import html
import io
import json
import re

import numpy as np
import pytest

from fer_hf.errors import FerError
from fer_hf.inference.batch import BatchResult, Failure, FoundFace
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.labels import LABELS
from fer_hf.web.components import gallery
from fer_hf.web.components.gallery import gallery_html
from fer_hf.web.i18n import TEXT, TEXTS


def face(label, share, unsure=()):
    scores = {name: share if name == label else (1 - share) / 6 for name in LABELS}
    box = (1, 2, 30, 40)
    return Face(box, share, label, scores, Detection(box, 1.0, np.zeros((5, 2), np.float32)), unsure)


def photo_set(faces, failures=()):
    photos = [(f"{i}.jpg", PhotoResult(100, 80, (each,))) for i, each in enumerate(faces)]
    found = [FoundFace(f"{i}.jpg", 1, each, b"jpeg") for i, each in enumerate(faces)]
    return BatchResult([*photos, ("none.jpg", PhotoResult(100, 80, ()))], list(failures), found)


MIXED = photo_set(
    [face("sad", 0.6), face("happy", 0.7), face("happy", 0.9), face("fear", 0.3, ("fear", "sad"))],
    [Failure("=bad.jpg", FerError("file_empty")), Failure("<b>.zip", FerError("archive_damaged"))],
)


def files(shown):
    found = re.findall(r'data-save="([^"]+)">[^<]*</button><span hidden>(.*?)</span>', shown, re.S)
    return {name: html.unescape(content) for name, content in found}


def test_faces_are_sorted_by_expression_the_surest_first_and_the_unsure_last():
    shown = gallery_html(MIXED, TEXT)
    assert re.findall(r"<h3>([^<]+)</h3>", shown) == ["happy: 2", "sad: 1", "unsure: 1"]
    assert re.findall(r'alt="([^"]+)"', shown) == [
        "1: happy, 90 %; face 1 in 2.jpg",
        "2: happy, 70 %; face 1 in 1.jpg",
        "3: sad, 60 %; face 1 in 0.jpg",
        "4: fear or sad?, 30 %; face 1 in 3.jpg",
    ]


@pytest.mark.parametrize("language", TEXTS)
def test_counts_are_said_in_words(language):
    text = TEXTS[language]
    shown = gallery_html(MIXED, text)
    chips = re.findall(r'<span class="chip[^>]*>([^<]+)</span>', shown)
    assert chips == [f"2 {text['happy']}", f"1 {text['sad']}", f"1 {text['many_unsure']}"]
    assert text["many_without_one"] in shown
    assert text["many_failed"].format(count=2) in shown


def test_what_failed_is_listed_with_its_reason_as_text():
    shown = gallery_html(MIXED, TEXT)
    assert "<strong>=bad.jpg</strong> the file is empty" in shown
    assert "<strong>&lt;b&gt;.zip</strong> the archive is damaged" in shown
    assert "<li>none.jpg</li>" in shown
    assert "<strong>=bad.jpg</strong> die Datei ist leer" in gallery_html(MIXED, TEXTS["de"])


def test_the_files_hold_everything_and_run_nothing():
    result = photo_set([face("sad", 0.6)])
    result.photos[0] = ("=1+1.jpg", result.photos[0][1])
    found = files(gallery_html(result, TEXT))
    assert list(found) == ["faces.csv", "faces.json"]
    rows = list(csv.DictReader(io.StringIO(found["faces.csv"])))
    assert [row["file"] for row in rows] == ["'=1+1.jpg", "none.jpg"]
    assert json.loads(found["faces.json"]) == result.to_dict()


def test_of_very_many_the_first_are_shown_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(gallery, "SHOWN", 2)
    shown = gallery_html(photo_set([face("sad", 0.6)] * 5), TEXT)
    assert shown.count('class="card"') == 2
    assert "3 more in CSV and JSON" in shown


def test_nothing_found_is_an_answer_too():
    shown = gallery_html(BatchResult(), TEXT)
    assert TEXT["many_title"].format(faces=0, photos=0) in shown
    assert "<section" not in shown
