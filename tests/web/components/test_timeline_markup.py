"""A video's reading as HTML: every face, every number, and words where there are colours."""

import csv
import html
import io
import json
import re

import pytest

from fer_hf.inference.timeline import CSV_COLUMNS, make_sample
from fer_hf.inference.video import VideoResult
from fer_hf.labels import LABELS
from fer_hf.web.components.timeline_markup import SHOWN_FACES, video_html
from fer_hf.web.i18n import TEXT, TEXTS


def scores(label, share=0.7):
    return [share if name == label else (1 - share) / (len(LABELS) - 1) for name in LABELS]


def sample(time, face, label, share=0.7):
    return make_sample(time, face, (10, 20, 30, 50), scores(label, share), unsure_below=0.5)


def reading(samples, cut=False):
    portraits = dict.fromkeys((each.face for each in samples), b"jpeg")
    return VideoResult(320, 240, 10.0, cut, 0.2, samples, portraits)


TWO = [sample(t / 5, 1, "happy" if t < 25 else "sad") for t in range(50)] + [sample(8.0, 2, "fear")]


@pytest.mark.parametrize("language", TEXTS)
def test_every_face_has_a_lane_a_chart_and_a_row_in_words(language):
    text = TEXTS[language]
    shown = video_html(reading(TWO), "party.mp4", "/tmp/x/faces.mp4", text)
    assert re.findall(r'class="lane" data-face="(\d+)"', shown) == ["1", "2"]
    assert re.findall(r'class="chart" data-face="(\d+)"', shown) == ["1", "2"]
    assert f"0:00–0:05 {text['happy']}; 0:05–0:10 {text['sad']}" in shown
    assert f"0:08–0:08 {text['fear']}" in shown
    assert (
        html.escape(text["video_faces_many"].format(count=2, length=text["video_seconds"].format(seconds=10))) in shown
    )


def test_strips_lie_where_the_face_showed_it_and_carry_the_word():
    shown = video_html(reading(TWO), "a.mp4", "/x", TEXT)
    stretches = re.findall(r'<span style="left:([\d.]+)%;width:([\d.]+)%[^"]*" title="([^"]*)"><b>(\w+)</b>', shown)
    assert stretches == [
        ("0.00", "50.00", "0:00 happy", "happy"),
        ("50.00", "50.00", "0:05 sad", "sad"),
        ("80.00", "2.00", "0:08 fear", "fear"),
    ]


def test_areas_are_stacked_and_the_large_ones_carry_their_name():
    shown = video_html(reading(TWO[:50]), "a.mp4", "/x", TEXT)
    paths = re.findall(r'<path d="([^"]+)" fill="(#\w+)"/>', shown)
    assert len(paths) == len(LABELS)
    tops = [float(re.search(r"L([\d.]+),([\d.]+)", path).group(2)) for path, _ in paths]
    assert tops == sorted(tops)  # painted from the highest to the lowest
    assert tops[0] == pytest.approx(0, abs=0.11)
    chart = shown[shown.index('class="areas"') : shown.index("</div>", shown.index('class="areas"'))]
    assert set(re.findall(r">(\w+)</span>", chart)) == {"happy", "sad"}


def test_the_browser_gets_every_reading_of_a_face():
    shown = video_html(reading(TWO), "a.mp4", "/x", TEXT)
    data = json.loads(html.unescape(re.search(r'data-samples="([^"]+)"', shown).group(1)))
    assert data["t"] == [each.time for each in TWO[:50]]
    assert [len(row) for row in data["s"]] == [7] * 50


def test_unsure_stretches_are_said_to_be_unsure():
    shown = video_html(reading([sample(0.0, 1, "sad", 0.3), sample(0.2, 1, "sad", 0.8)]), "a.mp4", "/x", TEXT)
    assert 'class="unsure"' in shown
    assert "0:00–0:00 unsure; 0:00–0:00 sad" in shown


def test_the_table_is_the_whole_csv():
    shown = video_html(reading(TWO), "=party.mp4", "/x", TEXT)
    name, content = re.search(r'data-save="([^"]+)">[^<]*</button><span hidden>(.*?)</span>', shown, re.S).groups()
    assert name == "=party-faces.csv"
    rows = list(csv.DictReader(io.StringIO(html.unescape(content))))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert len(rows) == len(TWO)


def test_a_name_is_text_and_no_markup():
    shown = video_html(reading(TWO), '<img src="x">.mp4', "/tmp/<b>", TEXT)
    assert '<img src="x">' not in shown
    assert "<b>" not in re.search(r'data-file="([^"]*)"', shown).group(1)


def test_no_face_a_long_video_and_a_crowd_are_said():
    assert TEXT["video_faces_none_more"] in video_html(reading([]), "a.mp4", "/x", TEXT)
    assert "the first 0:10 were read" in video_html(reading(TWO, cut=True), "a.mp4", "/x", TEXT)
    crowd = [sample(0.0, face, "sad") for face in range(1, SHOWN_FACES + 3)] + [sample(0.2, SHOWN_FACES + 2, "sad")]
    shown = video_html(reading(crowd), "a.mp4", "/x", TEXT)
    assert TEXT["video_more_faces"].format(shown=SHOWN_FACES) in shown
    faces = [int(face) for face in re.findall(r'class="lane" data-face="(\d+)"', shown)]
    assert len(faces) == SHOWN_FACES
    assert SHOWN_FACES + 2 in faces
