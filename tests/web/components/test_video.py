"""A video's reading as HTML: every face, every number, and words where there are colours."""

import html
import json
import re

import pytest

from fer_hf.inference.timeline import CSV_COLUMNS, make_sample
from fer_hf.inference.unsure import REASONS, Limits, Measures
from fer_hf.inference.video import VideoResult
from fer_hf.labels import LABELS
from fer_hf.web.components.video import SHOWN_FACES, _ticks, clock, video_answer
from fer_hf.web.i18n import TEXT, TEXTS
from tests.support.csv_file import read_csv


def scores(label, share=0.7):
    return [share if name == label else (1 - share) / (len(LABELS) - 1) for name in LABELS]


def sample(time, face, label, share=0.7):
    return make_sample(time, face, (10, 20, 30, 50), scores(label, share), unsure_below=0.5)


def reading(samples, cut=False):
    portraits = dict.fromkeys((each.face for each in samples), b"jpeg")
    return VideoResult(320, 240, 10.0, cut, 0.2, samples, portraits)


TWO = [sample(t / 5, 1, "happy" if t < 25 else "sad") for t in range(50)] + [sample(8.0, 2, "fear")]


def answer(samples, name="party.mp4", text=TEXT, **options):
    return video_answer(reading(samples, **options), name, "/tmp/x/faces.mp4", text)


@pytest.mark.parametrize("language", TEXTS)
def test_every_face_has_a_lane_and_a_row_in_words(language):
    text = TEXTS[language]
    shown = html.unescape(answer(TWO, text=text)["html"])
    assert re.findall(r'class="lane" data-face="(\d+)"', shown) == ["1", "2"]
    times = [f"0:0{seconds}" for seconds in ("0.0", "5.0", "8.0", "8.2")]
    start, middle, other, end = (time.replace(".", text["about_decimal"]) for time in times)
    assert f"{start}–{middle} {text['happy']}; {middle}–0:10" in shown
    assert f"{other}–{end} {text['fear']}" in shown
    assert text["video_faces_many"].format(count=2, length=text["video_seconds"].format(seconds=10)) in shown


def test_strips_lie_where_the_face_showed_it_and_carry_the_word():
    shown = answer(TWO)["html"]
    stretches = re.findall(r'<span style="left:([\d.]+)%;width:([\d.]+)%[^"]*" title="([^"]*)"><b>(\w+)</b>', shown)
    assert stretches == [
        ("0.00", "50.00", "0:00.0 happy", "happy"),
        ("50.00", "50.00", "0:05.0 sad", "sad"),
        ("80.00", "2.00", "0:08.0 fear", "fear"),
    ]


def test_the_browser_gets_every_reading_of_a_face():
    points = answer(TWO)["faces"]["1"]
    assert [point[0] for point in points] == [each.time for each in TWO[:50]]
    assert [len(point) for point in points] == [3 + len(LABELS)] * 50


def test_unsure_stretches_are_said_to_be_unsure_and_so_is_the_face_that_mostly_is():
    shown = answer([sample(0.0, 1, "sad", 0.3), sample(0.2, 1, "sad", 0.8)])
    assert 'class="unsure"' in shown["html"]
    assert "0:00.0–0:00.2 unsure; 0:00.2–0:00.4 sad" in shown["html"]
    assert [point[1] for point in shown["faces"]["1"]] == [True, False]
    assert "mostly sad" in shown["html"]
    assert "mostly unsure" in answer([sample(0.0, 1, "sad", 0.3)])["html"]


@pytest.mark.parametrize("language", TEXTS)
def test_the_browser_gets_the_reasons_and_their_words(language):
    away = make_sample(0.0, 1, (10, 20, 30, 50), scores("happy"), 0.5, Measures(turn=1.0), Limits(turn=0.5))
    shown = answer([away, sample(0.2, 1, "happy")], text=TEXTS[language])
    assert [point[1:3] for point in shown["faces"]["1"]] == [[True, ("turned_away",)], [False, ()]]
    assert {shown["words"][reason] for reason in REASONS} == {TEXTS[language][reason] for reason in REASONS}


def test_the_table_and_the_json_hold_everything():
    files = answer(TWO, "=party.mp4")["files"]
    assert list(files) == ["=party-faces.csv", "=party-faces.json"]
    rows = read_csv(files["=party-faces.csv"])
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == len(TWO)
    values = json.loads(files["=party-faces.json"])
    assert values["file"] == "=party.mp4"
    assert [face["face"] for face in values["faces"]] == sorted({sample.face for sample in TWO})
    assert len(values["samples"]) == len(TWO)
    assert set(values["samples"][0]["scores"]) == set(LABELS)


def test_a_name_is_text_and_no_markup():
    assert '<img src="x">' not in answer(TWO, '<img src="x">.mp4')["html"]


def test_no_face_a_long_video_and_a_crowd_are_said():
    assert TEXT["video_faces_none_more"] in answer([])["html"]
    assert "the first 0:10 were read" in answer(TWO, cut=True)["html"]
    crowd = [sample(0.0, face, "sad") for face in range(1, SHOWN_FACES + 3)] + [sample(0.2, SHOWN_FACES + 2, "sad")]
    shown = answer(crowd)["html"]
    assert TEXT["video_more_faces"].format(shown=SHOWN_FACES) in shown
    faces = [int(face) for face in re.findall(r'class="lane" data-face="(\d+)"', shown)]
    assert len(faces) == SHOWN_FACES
    assert SHOWN_FACES + 2 in faces


def test_the_axis_is_labelled_at_even_times():
    assert _ticks(5.0) == [0, 1, 2, 3, 4, 5]
    assert _ticks(0.6) == [0]
    assert _ticks(119.9) == [0, 30, 60, 90]
    shown = answer(TWO)["html"]
    assert re.findall(r'<span style="--at:([\d.]+)%">([\d:]+)</span>', shown) == [
        (f"{10 * seconds}.00", f"0:{seconds:02d}") for seconds in range(0, 11, 2)
    ]


def test_times_are_rounded_down():
    assert [clock(seconds, TEXT) for seconds in (0, 59.99, 65.2)] == ["0:00", "0:59", "1:05"]
    assert [clock(seconds, TEXTS["de"], 1) for seconds in (0.6, 65.25)] == ["0:00,6", "1:05,2"]
