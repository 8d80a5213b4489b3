"""The browser's modules find the faces that Python finds, and score them as Python does, with the same weights."""

import csv
import io

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from benchmarks.device_parity import LIMITS, InNode, compare, noise
from fer_hf.inference.stream import FACES, LiveSession
from fer_hf.inference.unsure import REASONS
from fer_hf.web.device import device_config
from fer_hf.web.drawn_faces import Features, drawn_face

PHOTO = Image.fromarray(astronaut())
SKINS = ((240, 200, 170), (200, 150, 110), (120, 80, 60))
LOOKS = (
    *(Features(curve=1.0), Features(curve=-0.8, slant=-0.8), Features(opening=1.0, lift=2.0, eye=1.3)),
    *(Features(slant=1.0, curve=-0.4), Features(), Features(curve=0.7, opening=0.5)),
)

pytestmark = pytest.mark.slow


def drawn_group():
    """Six drawn faces, the lower ones turned."""
    faces = [drawn_face(look, SKINS[i % 3], (60, 40, 30)) for i, look in enumerate(LOOKS)]
    group = Image.new("RGB", (3 * 256, 2 * 256))
    for i, face in enumerate(faces):
        group.paste(face.rotate(20 if i > 2 else 0, fillcolor=face.getpixel((0, 0))), (256 * (i % 3), 256 * (i // 3)))
    return group


# Found at the fine scale, at both, at half size, only with a margin, blurred, turned, small, not at all; tall and wide.
PICTURES = {
    "drawn": drawn_group(),
    "astronaut": PHOTO,
    "large": PHOTO.resize((1700, 1700)),
    "tall": PHOTO.crop((130, 0, 330, 512)),
    "close": PHOTO.crop((180, 62, 272, 175)).resize((700, 860)),
    "closer": PHOTO.crop((190, 72, 262, 165)).resize((350, 452)),
    "blurred": PHOTO.crop((100, 0, 350, 300)).resize((20, 24)).resize((500, 600)),
    "turned": PHOTO.crop((120, 10, 330, 220)).rotate(-70),
    "small": PHOTO.resize((44, 44)),
    "none": Image.fromarray(np.random.default_rng(0).integers(0, 255, (90, 300, 3), np.uint8)),
}


@pytest.fixture(scope="module")
def answers(exported):
    """What Python and the browser's modules say of each picture."""
    expected = [exported.analyzer.analyze(picture).to_dict(name) for name, picture in PICTURES.items()]
    got = InNode(exported.folder, device_config(exported.analyzer)).read(list(PICTURES.values()))
    return expected, got


def test_they_agree(answers, exported):
    result = compare(*answers)
    assert result["same_number_of_faces"] == result["pictures"] == len(PICTURES)
    assert result["faces"] >= 12
    assert result["same_label"] >= LIMITS["labels"] * result["faces"]
    assert result["largest_box_difference"] <= LIMITS["box"]
    # In a face that is read as one of two, rounding to 8 bits alone moves the scores by more than the limit.
    assert result["scores_within_limit"] >= result["faces"] - 1
    assert result["largest_score_difference"] <= 2 * noise(exported.analyzer, list(PICTURES.values()))


def test_what_is_unsure_and_why_is_the_same(answers):
    for one, other in zip(*answers, strict=True):
        for face, ours in zip(one["faces"], other["faces"], strict=True):
            assert list(face) == list(ours)  # the same fields
            assert ours["unsure_because"] == face["unsure_because"]
            assert ours["pose"] == pytest.approx(face["pose"], abs=0.2)
            assert sum(ours["scores"].values()) == pytest.approx(1, abs=1e-4)


def test_the_pictures_are_of_every_kind(answers):
    """Else the tests above would not show what they say."""
    expected, _ = answers
    faces = [face for picture in expected for face in picture["faces"]]
    assert {reason for face in faces for reason in face["unsure_because"]} == set(REASONS)
    assert len({face["label"] for face in faces}) >= 3
    assert [each["file"] for each in expected if not each["faces"]] == ["none"]


def moving_frames():
    """The camera pans over six faces, more than one frame scores; one is away for a while, and a frame comes late."""
    wide = Image.new("RGB", (1000, 480), (90, 90, 90))
    close = PHOTO.crop((130, 0, 330, 230))
    for i in range(6):
        wide.paste(close.resize((150, 172)), (10 + 190 * (i // 2) + 60 * (i % 2), 20 + 230 * (i % 2)))
    times = [0.0, 0.1, 0.2, 0.33, 0.3, 0.5, 0.7, 2.4, 2.6]
    return [(wide.crop((20 * i, 0, 20 * i + 640, 480)), 5 + time) for i, time in enumerate(times)]


def same_answers(expected, got):
    """Whether two live sessions gave the same answers to each frame, within what the scores may differ by."""
    assert [answer is None for answer in got] == [answer is None for answer in expected]
    for one, other in zip(filter(None, expected), filter(None, got), strict=True):
        assert {**one, "faces": None} == {**other, "faces": None}
        for face, ours in zip(one["faces"], other["faces"], strict=True):
            assert set(face) == set(ours)
            assert [face[key] for key in ("number", "adjusted")] == [ours[key] for key in ("number", "adjusted")]
            assert ours["box"] == pytest.approx(face["box"], abs=2)
            assert ours["velocity"] == pytest.approx(face["velocity"], abs=20)
            assert ours["scores"] == pytest.approx(face["scores"], abs=LIMITS["score"])


def same_history(session, got):
    """Whether the summary and the table say the same, within what the scores may differ by."""
    summary = session.summary()
    assert {**got["summary"], "faces": None} == {**summary, "faces": None}
    for face, ours in zip(summary["faces"], got["summary"]["faces"], strict=True):
        assert ours["share"] == pytest.approx(face["share"], abs=0.35)  # a sample or two at the threshold
        assert ours["mean"] == pytest.approx(face["mean"], abs=LIMITS["score"])
        assert {**ours, "share": 0, "mean": 0, "dominant": 0} == {**face, "share": 0, "mean": 0, "dominant": 0}
    expected, ours = (list(csv.DictReader(io.StringIO(text, newline=""))) for text in (session.csv(), got["csv"]))
    exact = [*list(expected[0])[:2], "label", *(["adjusted"] if "adjusted" in expected[0] else [])]
    assert expected and list(expected[0]) == list(ours[0])
    assert [[row[key] for key in exact] for row in ours] == [[row[key] for key in exact] for row in expected]


def test_a_live_session_is_the_same(exported):
    frames = moving_frames()
    session = LiveSession(exported.analyzer)
    expected = [session.analyze(np.asarray(frame), time) for frame, time in frames]
    got = InNode(exported.folder, device_config(exported.analyzer)).follow(frames)
    same_answers(expected, got["frames"])
    same_history(session, got)
    assert max(len(answer["faces"]) for answer in filter(None, expected)) > FACES


@pytest.mark.parametrize("faces", [1, 2])
def test_a_resting_face_is_taken_alike(exported, monkeypatch, faces):
    monkeypatch.setattr(exported.analyzer, "neutral_logits", np.array([0.5, -2.0, -1.0, 0.2, 0.8, -0.9, 2.4]))
    close = PHOTO.crop((130, 0, 330, 230))
    frame = Image.new("RGB", (640, 240), (90, 90, 90))
    for i in range(faces):
        frame.paste(close, (20 + 300 * i, 5))
    frames = [(frame, 0.3 * i) for i in range(14)]
    session = LiveSession(exported.analyzer)
    expected = []
    for i, (picture, time) in enumerate(frames):
        if i == 1:
            session.take_baseline()
        expected.append(session.analyze(np.asarray(picture), time))
    got = InNode(exported.folder, device_config(exported.analyzer)).follow(frames, baseline_at=1)
    same_answers(expected, got["frames"])
    same_history(session, got)
    states = [answer["baseline"]["state"] for answer in expected if "baseline" in answer]
    assert set(states) == {"taking", "taken" if faces == 1 else "failed"}
    assert expected[-1]["faces"][0]["adjusted"] == (faces == 1)
