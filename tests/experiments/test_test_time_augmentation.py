import json

import numpy as np
import pytest

from benchmarks import record
from experiments import test_time_augmentation
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.evaluation.calibration import softmax
from fer_hf.evaluation.views import CROP, views_of
from fer_hf.inference.analyzer import FaceAnalyzer


def test_a_row_scores_the_average_of_its_crops(tiny_model):
    analyzer, faces = FaceAnalyzer.from_pretrained(str(tiny_model)), synthetic_splits(3)["validation"]
    labels = np.asarray(faces["label"])
    row = test_time_augmentation.row_of(analyzer, faces, labels, labels, views=10, crop=0.8)
    scores = np.stack([analyzer.scores(views_of(face, 10, crop=0.8)).mean(0) for face in faces["image"]])
    expected = -np.log(scores[np.arange(3), labels]).mean()
    assert row["nll"] == pytest.approx(expected, rel=1e-4)
    other = test_time_augmentation.row_of(analyzer, faces, labels, labels, views=10, crop=0.5)
    assert (row["crop"], other["crop"]) == (0.8, 0.5) and other["nll"] != row["nll"]
    assert test_time_augmentation.row_of(analyzer, faces, labels, labels, views=2, crop=0.8)["crop"] is None


def test_every_figure_has_its_interval():
    labels = np.arange(70) % 7
    scores = softmax(np.eye(7)[np.where(np.arange(70) < 50, labels, 0)])
    row = test_time_augmentation.score(scores, labels, np.where(labels < 5, labels, -1))
    assert set(row["interval_95"]) == set(row) - {"interval_95"}
    assert all(low <= row[name] <= high for name, (low, high) in row["interval_95"].items())
    assert "interval" not in test_time_augmentation.format_row({"share": 0.5, **row})


def test_the_rule_takes_the_most_accurate_crop():
    rows = [{"crop": crop, "accuracy": right} for crop, right in ((None, 0.9), (0.9, 0.6), (0.95, 0.7))]
    assert test_time_augmentation.choose(rows) == 0.95


@pytest.mark.skipif(not record.path_of("experiments.test_time_augmentation").exists(), reason="not measured")
def test_evaluate_takes_the_crop_that_was_chosen():
    assert json.loads(record.path_of("experiments.test_time_augmentation").read_text())["chosen"] == CROP
