"""Limits of what can be read: bins, the rule, and where limits are written."""

import json
import shutil

import numpy as np
import pytest

from benchmarks import unsure
from benchmarks.corruptions import small
from fer_hf.data.synthetic import draw_face
from fer_hf.inference.analyzer import FaceAnalyzer


def bins(*relative):
    return [{"edge": number, "relative_accuracy": each} for number, each in enumerate(relative, 1)]


@pytest.mark.parametrize(
    ("relative", "limit"), [((0.5, 0.8, 0.9, 0.7), 2), ((0.9, 0.5), None), ((0.5, 0.6), 2), ((), None)]
)
def test_a_limit_ends_the_bins_that_have_all_fallen(relative, limit):
    assert unsure.limit_of(bins(*relative)) == limit


def test_bins_hold_enough_faces_and_start_with_the_lowest():
    values = np.random.default_rng(0).permutation(250).astype(float)
    found = unsure.bins_of(values, values >= 125, np.full(250, 0.5))
    assert [(each["edge"], each["n"], each["relative_accuracy"]) for each in found] == [(124, 125, 0), (249, 125, 2)]
    assert unsure.bins_of(values[:99], values[:99] > 0, np.ones(99)) == []


def test_degraded_faces_are_compared_with_themselves(tiny_model):
    analyzer = FaceAnalyzer.from_pretrained(tiny_model)
    pictures = [draw_face("happy", seed=seed, size=48).convert("RGB") for seed in range(3)]
    truth = analyzer.scores(pictures).argmax(1)
    faces = unsure.Faces(analyzer, pictures, truth, unsure.read(analyzer, pictures, truth, "test"))
    assert faces.hits.all()
    (row,) = unsure.degraded(faces, small, (48, 50))  # not smaller than they are
    assert row == {"at": 48, "edge": 49, "n": 3, "relative_accuracy": 1}
    assert faces.first(2).hits.shape == (2,)


def test_limits_go_into_the_config(tiny_model, tmp_path, monkeypatch):
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    found = {"turn": bins(0.9), "roll": [], "size": bins(0.1), "sharpness": bins(0.1, 0.2)}
    monkeypatch.setattr(unsure, "load_fer", lambda data: {"validation": None})
    monkeypatch.setattr(unsure, "with_truth", lambda data, limit: ([draw_face("happy").convert("RGB")], np.array([3])))
    monkeypatch.setattr(unsure, "measure", lambda faces, count: found)
    monkeypatch.setattr(unsure.record, "path_of", lambda name: tmp_path / "unsure.json")
    unsure.main(["--data", "faces", "--model", str(folder)])
    limits = {"turn": None, "roll": None, "size": 1, "sharpness": 2}
    assert json.loads((folder / "config.json").read_text())["unsure_limits"] == limits
    assert json.loads((tmp_path / "unsure.json").read_text())["limits"] == limits
    assert FaceAnalyzer.from_pretrained(folder).unsure_limits._asdict() == limits
