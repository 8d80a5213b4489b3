"""The gallery of many photos: sorted, numbered, and honest about what was not read."""

import json
import re
from collections import Counter

import numpy as np
import pytest

from fer_hf.errors import FerError
from fer_hf.inference.batch import BatchResult, Failure, FoundFace
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import Face, PhotoResult
from fer_hf.labels import LABELS
from fer_hf.web.components import batch
from fer_hf.web.components.batch import batch_answer
from fer_hf.web.i18n import TEXT, TEXTS
from tests.support.csv_file import read_csv


def face(label, share, unsure=(), because=()):
    scores = {name: share if name == label else (1 - share) / 6 for name in LABELS}
    box = (1, 2, 30, 40)
    return Face(box, share, label, scores, Detection(box, 1.0, np.zeros((5, 2), np.float32)), unsure, because)


def photo_set(faces, failures=()):
    photos = [(f"{i}.jpg", PhotoResult(100, 80, (each,))) for i, each in enumerate(faces)]
    found = [FoundFace(f"{i}.jpg", 1, each, b"jpeg") for i, each in enumerate(faces)]
    return BatchResult([*photos, ("none.jpg", PhotoResult(100, 80, ()))], list(failures), found)


MIXED = photo_set(
    [face("sad", 0.6), face("happy", 0.7), face("happy", 0.9), face("fear", 0.3, ("fear", "sad"))],
    [Failure("=bad.jpg", FerError("file_empty")), Failure("<b>.zip", FerError("archive_damaged"))],
)


def answer(result, text=TEXT):
    return batch_answer(result, [f"data:,{file}" for file, _ in result.photos], text)


def test_faces_are_sorted_by_expression_the_surest_first_and_the_unsure_last():
    shown = answer(MIXED, TEXT)["html"]
    assert re.findall(r"<h3>([^<]+)</h3>", shown) == ["happy: 2", "sad: 1", "unsure: 1"]
    assert re.findall(r'</span>(\d)</b>.*?title="([^"]+)"', shown, re.S) == [
        ("1", "2.jpg"),
        ("1", "1.jpg"),
        ("1", "0.jpg"),
        ("1", "3.jpg"),
    ]  # the numbers are those of the CSV
    assert '<span class="label">fear or sad?</span> <span class="share">30 %</span>' in shown


@pytest.mark.parametrize("language", TEXTS)
def test_an_unsure_face_says_why(language):
    text = TEXTS[language]
    shown = answer(photo_set([face("sad", 0.9, ("sad", "fear"), ("too_blurred",))]), text)["html"]
    words = f"{text['either'].format(first=text['sad'], second=text['fear'])} ({text['too_blurred']})"
    assert f'<span class="label">{words}</span>' in shown
    assert f'data-words="{words}"' in shown


@pytest.mark.parametrize("language", TEXTS)
def test_counts_are_said_in_words(language):
    text = TEXTS[language]
    shown = answer(MIXED, text)["html"]
    chips = re.findall(r'<span class="chip[^>]*>([^<]+)</span>', shown)
    assert chips == [f"2 × {text['happy']}", f"1 × {text['sad']}", f"1 × {text['unsure']}"]
    assert text["batch_without_one"] in shown
    assert text["batch_failed"].format(count=2) in shown


def test_what_failed_is_listed_with_its_reason_as_text():
    shown = answer(MIXED, TEXT)["html"]
    assert "<strong>=bad.jpg</strong> the file is empty" in shown
    assert "<strong>&lt;b&gt;.zip</strong> the archive is damaged" in shown
    assert "<li>none.jpg</li>" in shown
    assert "<strong>=bad.jpg</strong> die Datei ist leer" in answer(MIXED, TEXTS["de"])["html"]


def test_the_files_hold_everything_and_run_nothing():
    result = photo_set([face("sad", 0.6)])
    result.photos[0] = ("=1+1.jpg", result.photos[0][1])
    found = answer(result)["files"]
    assert list(found) == ["faces.csv", "faces.json"]
    rows = read_csv(found["faces.csv"])
    assert [row["file"] for row in rows] == ["'=1+1.jpg", "none.jpg"]
    assert json.loads(found["faces.json"]) == result.to_dict()


def test_of_very_batch_the_first_are_shown_and_the_rest_is_counted(monkeypatch):
    monkeypatch.setattr(batch, "SHOWN", 2)
    shown = answer(photo_set([face("sad", 0.6)] * 5), TEXT)["html"]
    assert shown.count('class="card"') == 2
    assert "3 more in the CSV and JSON files" in shown


def test_a_card_has_the_scores_of_its_face_and_its_place_in_the_photo():
    shown = answer(MIXED)
    assert "none.jpg" not in shown["photos"]
    (found,) = shown["photos"]["2.jpg"]["faces"]
    assert found == {"scores": list(MIXED.faces[2].face.scores.values()), "box": [0.01, 0.025, 0.29, 0.475]}
    assert shown["photos"]["2.jpg"]["picture"] == "data:,2.jpg"


def test_the_page_the_json_and_the_csv_count_alike():
    shown = answer(MIXED)
    groups = dict(re.findall(r"<h3>(\w+): (\d+)</h3>", shown["html"]))
    counts = json.loads(shown["files"]["faces.json"])["counts"]
    assert {name: str(counts[name]) for name in (*LABELS, "unsure") if counts[name]} == groups
    rows = [row for row in read_csv(shown["files"]["faces.csv"]) if row["label"]]
    counted = Counter("unsure" if row["unsure"] else row["label"] for row in rows)
    assert {name: str(count) for name, count in counted.items()} == groups


def test_nothing_found_is_an_answer_too():
    result = photo_set([])
    shown = answer(result)["html"]
    assert TEXT["batch_title"].format(faces=0, photos=1) in shown
    assert "<section" not in shown
