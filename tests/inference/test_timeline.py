"""Tables and summaries of what faces showed over time."""

import pytest

from fer_hf.inference.timeline import (
    CSV_COLUMNS,
    UNSURE,
    by_face,
    caption,
    make_sample,
    segments,
    summarise,
    timeline_csv,
)
from fer_hf.labels import LABELS
from tests.support.csv_file import read_csv


def scores(label, share=0.7):
    rest = (1 - share) / (len(LABELS) - 1)
    return [share if name == label else rest for name in LABELS]


def samples_of(face, label, times):
    return [make_sample(time, face, (10, 20, 30, 50), scores(label)) for time in times]


def test_a_sample_names_the_highest_score_and_has_whole_pixels():
    sample = make_sample(1.23456, 2, (1.4, 2.6, 30.5, 40.2), scores("fear"))
    assert (sample.time, sample.face, sample.box, sample.label) == (1.235, 2, (1, 3, 30, 40), "fear")


def unsure_then_fear(unsure_below=0.5):
    shares = {0: 0.3, 0.5: 0.6}
    return [make_sample(time, 1, (0, 0, 9, 9), scores("fear", share), unsure_below) for time, share in shares.items()]


def test_faces_are_told_apart_and_stand_in_order():
    samples = samples_of(3, "sad", [0.0, 0.1]) + samples_of(1, "happy", [0.1])
    assert {face: len(own) for face, own in by_face(samples).items()} == {1: 1, 3: 2}
    assert list(by_face(samples)) == [1, 3]


def test_csv_has_a_row_a_sample():
    rows = read_csv(timeline_csv(samples_of(1, "happy", [0.0, 0.5])))
    assert tuple(rows[0]) == CSV_COLUMNS
    assert [row["time"] for row in rows] == ["0.0", "0.5"]
    assert [rows[0][name] for name in ("face", "x1", "y1", "x2", "y2", "label")] == [
        "1",
        "10",
        "20",
        "30",
        "50",
        "happy",
    ]
    assert float(rows[0]["confidence"]) == float(rows[0]["happy"]) == 0.7
    assert sum(float(rows[0][name]) for name in LABELS) == pytest.approx(1, abs=1e-5)


def test_csv_names_the_two_best_where_no_score_is_high():
    rows = read_csv(timeline_csv(unsure_then_fear()))
    assert [row["unsure"] for row in rows] == ["fear or angry", ""]  # of equals, the first


def test_summary_of_each_face():
    samples = samples_of(1, "happy", [0.0, 1.0, 2.0]) + samples_of(1, "sad", [3.0]) + samples_of(2, "fear", [4.0])
    first, second = summarise(samples)
    assert (first["face"], first["first"], first["last"], first["readings"], first["dominant"]) == (1, 0, 3, 4, "happy")
    assert (first["share"]["happy"], first["share"]["sad"], first["share"]["fear"]) == (0.75, 0.25, 0)
    assert first["mean"]["happy"] == pytest.approx(0.75 * 0.7 + 0.25 * 0.05)
    assert (second["face"], second["dominant"]) == (2, "fear")
    assert summarise([]) == []


def test_the_dominant_expression_is_the_highest_mean_not_the_most_frequent_leader():
    barely, clearly = [0.0] * 7, [0.0] * 7
    barely[LABELS.index("neutral")], barely[LABELS.index("happy")] = 0.51, 0.49
    clearly[LABELS.index("happy")] = 1.0
    samples = [make_sample(time, 1, (0, 0, 1, 1), barely if time < 2 else clearly) for time in range(3)]
    assert summarise(samples)[0]["share"]["neutral"] > 0.5
    assert summarise(samples)[0]["dominant"] == "happy"


def test_stretches_hold_until_the_next_reading_and_break_where_the_face_was_away():
    samples = samples_of(1, "happy", [0.0, 0.2, 0.4]) + samples_of(1, "sad", [0.6, 0.8, 3.0])
    assert segments(samples, every=0.2) == [(0.0, 0.6, "happy"), (0.6, 1.0, "sad"), (3.0, 3.2, "sad")]


def test_stretches_without_a_high_score_are_unsure():
    assert [label for _, _, label in segments(unsure_then_fear(), 0.5)] == [UNSURE, "fear"]
    assert [label for _, _, label in segments(unsure_then_fear(unsure_below=0.0), 0.5)] == ["fear"]


def test_the_summary_counts_unsure_readings_apart_and_says_when_they_are_most():
    (row,) = summarise(unsure_then_fear())
    assert (row["share"]["fear"], row["share"][UNSURE], row["dominant"]) == (0.5, 0.5, "fear")
    assert sum(row["share"].values()) == 1
    (row,) = summarise(unsure_then_fear() + unsure_then_fear()[:1])
    assert row["dominant"] == UNSURE


def test_captions_name_one_expression_or_two():
    assert [caption(sample) for sample in unsure_then_fear()] == ["1 fear or angry?", "1 fear 60 %"]
