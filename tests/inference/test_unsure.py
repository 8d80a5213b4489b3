"""Reasons to be unsure: what is measured of a face, limits, and where a reason is told."""

import csv
import json
import math

import numpy as np
import pytest
from PIL import Image, ImageFilter
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.results import csv_rows, make_face, whole_picture
from fer_hf.inference.stream import LiveSession
from fer_hf.inference.timeline import make_sample, timeline_csv
from fer_hf.inference.unsure import Limits, Measures, Pose, read_limits, reasons, sharpness, turn_and_roll
from fer_hf.labels import LABELS

SURE = [0.9 if label == "happy" else 0.1 / 6 for label in LABELS]
AWAY = Measures(turn=-0.6, roll=5.04, size=80, sharpness=0.5)


def landmarks(left, right, nose):
    return np.array([left, right, nose, (0, 0), (0, 0)], np.float32)


def test_turn_and_roll_follow_the_landmarks():
    assert turn_and_roll(landmarks((10, 10), (30, 10), (20, 25))) == pytest.approx((0, 0))
    assert turn_and_roll(landmarks((10, 10), (30, 10), (26, 25))) == pytest.approx((0.3, 0))
    turned = turn_and_roll(landmarks((10, 10), (10 + 20 / math.sqrt(2), 10 + 20 / math.sqrt(2)), (10, 10)))
    assert turned == pytest.approx((-0.5, 45))
    assert turn_and_roll(landmarks((10, 10), (10, 10), (30, 10)))[0] == pytest.approx(0)  # both eyes in one place
    assert turn_and_roll(landmarks((10, 10), (10.5, 10), (30, 10)))[0] == 2
    assert Measures(*turn_and_roll(whole_picture(Image.new("L", (9, 9))).landmarks)).pose is None


def test_sharpness_is_that_of_the_face_and_not_of_its_light():
    face = Image.fromarray(astronaut()).crop((166, 58, 286, 178))
    blurred = sharpness(face.filter(ImageFilter.GaussianBlur(5)))
    assert blurred < 0.5 * sharpness(face)
    assert sharpness(face.point(lambda value: value // 2)) == pytest.approx(sharpness(face), rel=0.1)
    assert sharpness(face.resize((24, 24))) > sharpness(face.resize((24, 24)).resize((120, 120)))
    assert sharpness(Image.new("RGB", (60, 80), "white")) == 0


def test_a_measure_beyond_its_limit_is_a_reason():
    limits = Limits(turn=0.4, roll=30, size=16, sharpness=0.1)
    assert reasons(Measures(-0.5, 0, 50, 0.3), limits) == ("turned_away",)
    assert reasons(Measures(0, -31, 15, 0.09), limits) == ("turned_away", "too_small", "too_blurred")
    assert reasons(Measures(0.4, 30, 16, 0.1), limits) == ()
    assert reasons(Measures(size=50, sharpness=0.3), limits) == ()  # a picture without landmarks
    assert reasons(Measures(2, 90, 1, 0), Limits()) == ()


def test_a_face_beyond_a_limit_is_unsure_whatever_its_score():
    detection = whole_picture(Image.new("RGB", (80, 80)))
    face = make_face(detection, SURE, (80, 80), 0.5, AWAY, Limits(turn=0.4))
    assert (face.unsure, face.unsure_because, face.counted_as) == (("happy", "angry"), ("turned_away",), "unsure")
    assert face.pose == Pose(-0.6, 5.0)
    sure = make_face(detection, SURE, (80, 80), 0.5, AWAY, Limits(turn=0.7))
    assert (sure.unsure, sure.unsure_because, sure.pose) == ((), (), face.pose)
    doubtful = make_face(detection, SURE, (80, 80), 0.95, AWAY, Limits(turn=0.7))
    assert (doubtful.unsure, doubtful.unsure_because) == (("happy", "angry"), ())


def test_a_sample_beyond_a_limit_is_unsure_too():
    sample = make_sample(0, 1, (0, 0, 9, 9), SURE, 0.5, AWAY, Limits(turn=0.4))
    assert (sample.unsure, sample.counted_as) == (("happy", "angry"), "unsure")
    written = sample.to_dict()
    assert (written["unsure_because"], written["pose"]) == (["turned_away"], {"turn": -0.6, "roll": 5.0})
    (row,) = csv.DictReader(timeline_csv([sample]).lstrip("\ufeff").splitlines())
    assert (row["unsure"], row["unsure_because"]) == ("happy or angry", "turned_away")


@pytest.mark.parametrize("limits", [[1], {"turn": "far"}, {"turn": -1}, {"size": float("nan")}, {"covered": 1}])
def test_limits_that_are_none_are_refused(limits):
    with pytest.raises(FerError, match=r"unsure_limits is .*by the names turn, roll, size, sharpness"):
        read_limits({"unsure_limits": limits})


def test_limits_of_a_config():
    assert read_limits({}) == read_limits({"unsure_limits": None}) == Limits()
    assert read_limits({"unsure_limits": {"size": 12, "turn": None}}) == Limits(size=12)


@pytest.fixture(scope="module")
def limited(tiny_model, tmp_path_factory):
    """A model for which every face is too small."""
    folder = tmp_path_factory.mktemp("limited")
    for file in tiny_model.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"unsure_limits": {"size": 9999, "turn": None}}))
    return FaceAnalyzer.from_pretrained(folder)


def test_a_photo_says_why_it_is_unsure(limited):
    result = limited.analyze(Image.fromarray(astronaut()))
    (face,) = result.to_dict("a.png")["faces"]
    assert face["unsure_because"] == ["too_small"]
    assert len(face["unsure"]) == 2
    assert abs(face["pose"]["turn"]) < 0.4
    assert abs(face["pose"]["roll"]) < 20
    assert csv_rows("a.png", result)[0][10:12] == [" or ".join(face["unsure"]), "too_small"]
    (crop,) = limited.analyze_crop(Image.new("RGB", (48, 48))).to_dict("a.png")["faces"]
    assert (crop["unsure_because"], crop["pose"]) == (["too_small"], None)


def test_a_live_session_says_why_it_is_unsure(limited):
    (face,) = LiveSession(limited).analyze(astronaut(), 0.0)["faces"]
    assert face["unsure_because"] == ["too_small"]
    assert len(face["unsure"]) == 2
    assert face["pose"].keys() == {"turn", "roll"}
