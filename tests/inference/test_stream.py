"""A live session fed with a real face that moves over a drawn background."""

import json

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from benchmarks.moving_faces import moving_faces
from fer_hf.errors import FerError
from fer_hf.inference.detection import CenterFaceDetector
from fer_hf.inference.stream import FACES, LiveSession, detect_small
from fer_hf.labels import LABELS
from tests.support.csv_file import read_csv

FACE = Image.fromarray(astronaut()).crop((150, 0, 310, 220))


def frame_with(*places, size=(640, 480)):
    """A grey RGB frame with the astronaut's face at each place (x, y)."""
    frame = Image.new("RGB", size, "#707070")
    for place in places:
        frame.paste(FACE, place)
    return np.asarray(frame)


@pytest.fixture
def session(analyzer):
    return LiveSession(analyzer)


def test_a_moving_face_keeps_its_number_and_its_box_moves_along(session):
    answers = [session.analyze(frame_with((40 + 30 * i, 120)), 5 + i / 10) for i in range(8)]
    assert [[face["number"] for face in answer["faces"]] for answer in answers] == [[1]] * 8
    lefts = [answer["faces"][0]["box"][0] for answer in answers]
    assert np.diff(lefts) == pytest.approx([30] * 7, abs=15)
    assert answers[-1]["faces"][0]["velocity"][0] == pytest.approx(300, abs=60)
    assert [answer["time"] for answer in answers] == pytest.approx([i / 10 for i in range(8)])


def test_the_answer_is_plain_data(session):
    answer = json.loads(json.dumps(session.analyze(frame_with((240, 120)), 0.0), allow_nan=False))
    assert (answer["width"], answer["height"]) == (640, 480)
    face = answer["faces"][0]
    assert set(face) == {
        "number",
        "box",
        "velocity",
        "label",
        "confidence",
        "unsure",
        "unsure_because",
        "pose",
        "adjusted",
        "scores",
    }
    assert tuple(face["scores"]) == LABELS
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-3)
    assert face["label"] == max(face["scores"], key=face["scores"].get)
    x1, y1, x2, y2 = face["box"]
    assert 240 <= x1 < x2 <= 240 + 160
    assert 120 <= y1 < y2 <= 120 + 220


def test_no_face_is_an_answer_too(session):
    assert session.analyze(frame_with(), 0.0)["faces"] == []
    assert session.summary()["faces"] == []


def test_scores_are_smoothed(session, monkeypatch):
    rows = iter([[1.0] + [0.0] * 6] + [[0.0] * 6 + [1.0]] * 30)
    monkeypatch.setattr(session._analyzer, "classify", lambda faces: np.array([next(rows) for _ in faces]))
    frame = frame_with((240, 120))
    neutral = [session.analyze(frame, i / 10)["faces"][0]["scores"]["neutral"] for i in range(20)]
    assert neutral[0] == 0
    assert 0.1 < neutral[1] < 0.3
    assert np.all(np.diff(neutral) > 0)
    assert neutral[-1] > 0.9


def test_two_labels_are_named_while_the_smoothed_scores_are_unsure(session, monkeypatch):
    rows = iter([[0.9, 0.1, 0, 0, 0, 0, 0]] + [[0.1, 0.9, 0, 0, 0, 0, 0]] * 30)
    monkeypatch.setattr(session._analyzer, "classify", lambda faces: np.array([next(rows) for _ in faces]))
    monkeypatch.setattr(session._analyzer, "unsure_below", 0.6)
    frame = frame_with((240, 120))
    unsure = [session.analyze(frame, i / 10)["faces"][0]["unsure"] for i in range(20)]
    assert unsure[0] == unsure[-1] == []
    assert ["angry", "disgust"] in unsure and ["disgust", "angry"] in unsure
    rows = read_csv(session.csv())
    assert [row["unsure"] != "" for row in rows] == [float(row["confidence"]) < 0.6 for row in rows]
    assert {"", "disgust or angry"} <= {row["unsure"] for row in rows}
    (face,) = session.summary()["faces"]
    assert face["share"]["unsure"] == pytest.approx(sum(row["unsure"] != "" for row in rows) / len(rows), abs=1e-3)


def test_a_late_frame_is_dropped(session):
    frame = frame_with((240, 120))
    assert session.analyze(frame, 1.0)
    assert session.analyze(frame, 1.0) is None
    assert session.analyze(frame, 0.5) is None
    assert session.analyze(frame, float("nan")) is None
    assert session.analyze(frame, 1.1)["faces"][0]["number"] == 1
    assert (session.summary()["frames"], session.summary()["dropped"]) == (2, 3)


def test_after_an_error_the_next_frame_is_read(session, monkeypatch):
    def fail(faces):
        raise RuntimeError("boom")

    frame = frame_with((240, 120))
    with monkeypatch.context() as patch:
        patch.setattr(session._analyzer, "classify", fail)
        for i in range(4):
            with pytest.raises(RuntimeError):
                session.analyze(frame, i / 10)
    assert session.analyze(frame, 1.0)["faces"]


def test_two_sessions_never_share_a_face(analyzer):
    one, other = LiveSession(analyzer), LiveSession(analyzer)
    one.analyze(frame_with((40, 120)), 0.0)
    assert other.analyze(frame_with(), 0.1)["faces"] == []
    assert other.analyze(frame_with((400, 120)), 0.2)["faces"][0]["number"] == 1


def test_four_faces_keep_their_numbers_while_they_cross(session):
    answers = [session.analyze(frame, i / 10) for i, frame in enumerate(moving_faces(4, 60))]
    numbers = [[face["number"] for face in answer["faces"]] for answer in answers]
    assert {number for each in numbers for number in each} == {1, 2, 3, 4}
    assert numbers.count([1, 2, 3, 4]) > 40  # behind another face one is not seen
    lefts = {face["number"]: face["box"][0] for face in answers[30]["faces"]}
    before = {face["number"]: face["box"][0] for face in answers[0]["faces"]}
    assert all((before[number] < 260) != (lefts[number] < 260) for number in (1, 2, 3, 4))  # all have changed sides


def test_a_crowd_is_read_in_turns(session):
    """More faces than are read in one frame: all are read after a few, none is left out for ever."""
    small = FACE.resize((80, 110))
    frame = Image.new("RGB", (640, 480), "#707070")
    for i in range(2 * FACES):
        frame.paste(small, (20 + 155 * (i % 4), 60 + 200 * (i // 4)))
    counts = [len(session.analyze(np.asarray(frame), i / 10)["faces"]) for i in range(3)]
    assert counts[0] == FACES
    assert counts[-1] == 2 * FACES


def test_history_summary_and_csv(session):
    for i in range(21):
        session.analyze(frame_with((240, 120)), 100 + i / 10)
    summary = json.loads(json.dumps(session.summary(), allow_nan=False))
    assert (summary["seconds"], summary["frames"], summary["dropped"]) == (2.0, 21, 0)
    assert [(face["face"], face["readings"]) for face in summary["faces"]] == [(1, 11)]
    rows = read_csv(session.csv())
    assert [row["face"] for row in rows] == ["1"] * 11
    assert [float(row["time"]) for row in rows] == pytest.approx([i / 5 for i in range(11)], abs=0.01)  # five a second


def test_the_history_is_bounded(analyzer, monkeypatch):
    monkeypatch.setattr("fer_hf.inference.stream.HISTORY", 3)
    session = LiveSession(analyzer)
    for i in range(6):
        session.analyze(frame_with((240, 120)), i / 4)
    assert [row["time"] for row in read_csv(session.csv())] == ["0.75", "1.0", "1.25"]


def test_reset_forgets_everything(session):
    session.analyze(frame_with((40, 120), (400, 120)), 50.0)
    session.reset()
    answer = session.analyze(frame_with((400, 120)), 1.0)
    assert ([face["number"] for face in answer["faces"]], answer["time"]) == ([1], 0.0)
    assert session.summary()["frames"] == 1


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (np.zeros((480, 640), np.uint8), "expected an RGB picture"),
        (np.zeros((480, 640, 4), np.uint8), "expected an RGB picture"),
        (np.zeros((480, 640, 3), np.float32), "expected an RGB picture"),
        (np.zeros((0, 640, 3), np.uint8), "expected an RGB picture"),
        (np.zeros((10, 5000, 3), np.uint8), "at most 1920 pixels"),
    ],
)
def test_what_is_no_frame_is_refused(session, frame, message):
    with pytest.raises(FerError, match=message):
        session.analyze(frame, 0.0)


def test_a_small_look_finds_the_face_where_a_fine_one_does(analyzer):
    frame = frame_with((240, 120))
    small = detect_small(analyzer, frame, 320)
    fine = CenterFaceDetector().detect(Image.fromarray(frame))
    assert len(small) == len(fine) == 1
    assert small[0].box == pytest.approx(fine[0].box, abs=12)
    assert small[0].landmarks == pytest.approx(fine[0].landmarks, abs=8)


def resting(session, frames=35, places=((240, 120),), start=0.0):
    """The answers of a session that takes a resting face."""
    session.take_baseline()
    return [session.analyze(frame_with(*places), start + i / 10) for i in range(frames)]


def test_a_resting_face_becomes_neutral_and_every_answer_says_that_it_is_adjusted(session):
    before = session.analyze(frame_with((240, 120)), 0.0)["faces"][0]
    answers = resting(session, start=0.1)
    states = [answer.get("baseline", {}).get("state") for answer in answers]
    assert states[:30] == ["taking"] * 30 and states[30] == "taken" and set(states[31:]) == {None}
    assert answers[10]["baseline"]["share"] == pytest.approx(0.33, abs=0.01)
    assert [answer["faces"][0]["adjusted"] for answer in answers] == [False] * 30 + [True] * 5
    after = answers[-1]["faces"][0]
    assert after["scores"]["neutral"] > before["scores"]["neutral"]
    rows = read_csv(session.csv())
    assert (rows[0]["adjusted"], rows[-1]["adjusted"]) == ("", "adjusted, not calibrated")
    assert session.summary()["faces"][0]["adjusted"] is True
    session.forget_baseline()
    again = session.analyze(frame_with((240, 120)), 9.0)["faces"][0]
    assert not again["adjusted"]
    assert again["scores"] == pytest.approx(before["scores"], abs=1e-3)


def test_a_reset_forgets_the_resting_face_and_an_unadjusted_table_has_no_such_column(session):
    resting(session)
    session.reset()
    assert session.analyze(frame_with((240, 120)), 20.0)["faces"][0]["adjusted"] is False
    assert "adjusted" not in read_csv(session.csv())[0]
    assert "adjusted" not in session.summary()["faces"][0]


def test_nobody_else_is_adjusted_and_who_comes_back_alone_still_is(session):
    resting(session, places=((40, 120),))
    both = session.analyze(frame_with((40, 120), (400, 120)), 3.5)["faces"]
    assert [face["adjusted"] for face in both] == [True, False]
    session.analyze(frame_with(), 6.0)
    back = session.analyze(frame_with((200, 120)), 8.0)["faces"]
    assert [(face["number"] > 1, face["adjusted"]) for face in back] == [(True, True)]


@pytest.mark.parametrize(
    ("places", "why"), [((), "baseline_no_face"), (((40, 120), (400, 120)), "baseline_several_faces")]
)
def test_a_resting_face_that_cannot_be_taken_says_why(session, places, why):
    answers = resting(session, places=places)
    assert answers[30]["baseline"] == {"state": "failed", "why": why}
    assert not any(face["adjusted"] for face in answers[-1]["faces"])


def test_a_model_that_does_not_know_neutral_faces_takes_none(analyzer):
    session = LiveSession(analyzer)
    neutral, analyzer.neutral_logits = analyzer.neutral_logits, None
    try:
        with pytest.raises(FerError, match="no neutral_logits"):
            session.take_baseline()
    finally:
        analyzer.neutral_logits = neutral
