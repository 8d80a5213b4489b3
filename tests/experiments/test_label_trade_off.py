import json
import shutil

import numpy as np
import pytest

from experiments import label_trade_off
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.errors import FerError
from fer_hf.evaluation.calibration import Calibration, softmax
from fer_hf.inference.analyzer import FaceAnalyzer


def test_the_rule_takes_the_most_accurate_of_those_that_agree_enough():
    rows = [{"ferplus": agreed, "accuracy": right} for agreed, right in ((0.84, 0.66), (0.81, 0.68), (0.79, 0.69))]
    assert label_trade_off.choose(rows) == rows[1]
    assert label_trade_off.choose([rows[2], {"ferplus": 0.7, "accuracy": 0.9}]) == rows[2]


def test_each_face_is_scored_by_a_calibration_of_the_others():
    logits = np.random.default_rng(0).normal(size=(500, 7))
    labels = logits.argmax(1)
    before = label_trade_off.cross_validated(logits, labels, 1.0)
    fold = np.random.default_rng(label_trade_off.SEED).permutation(500) % label_trade_off.FOLDS
    labels[fold == 0] = 0  # what its own fold's labels are does not touch a fold
    after = label_trade_off.cross_validated(logits, labels, 1.0)
    np.testing.assert_allclose(before[fold == 0], after[fold == 0])
    assert not np.allclose(before[fold == 1], after[fold == 1])


def test_raw_logits_are_those_before_the_calibration(tiny_model, tmp_path):
    analyzer, data = FaceAnalyzer.from_pretrained(str(tiny_model)), synthetic_splits(14)["validation"]
    calibration = Calibration(0.5, [0.3, -0.3, 0.0, 0.0, 0.1, -0.1, 0.0])
    model = shutil.copytree(tiny_model, tmp_path / "model")
    (model / "training.json").write_text(json.dumps(calibration._asdict()))
    raw = label_trade_off.raw_logits(analyzer, str(model), data)
    np.testing.assert_allclose(softmax(calibration.apply(raw)), analyzer.scores(data["image"][:]), atol=1e-6)
    with pytest.raises(FerError, match=r"no training\.json"):
        label_trade_off.raw_logits(analyzer, str(tmp_path / "other" / "model"), data)
    (model / "training.json").write_text(json.dumps(calibration._asdict() | {"sha256": "of others"}))
    with pytest.raises(FerError, match="is of other weights"):
        label_trade_off.raw_logits(analyzer, str(model), data)


def test_every_figure_has_its_interval():
    labels = np.arange(70) % 7
    scores = softmax(np.eye(7)[np.where(np.arange(70) < 50, labels, 0)])
    row = label_trade_off.score(scores, labels, np.where(labels < 5, labels, -1))
    assert set(row["interval_95"]) == set(row) - {"interval_95"}
    assert all(low <= row[name] <= high for name, (low, high) in row["interval_95"].items())
    assert "interval" not in label_trade_off.format_row({"share": 0.5, **row})


def test_the_frontier_is_drawn(tmp_path):
    rows = [
        {"share": share, "ferplus": 0.84 - 0.05 * share, "accuracy": 0.66 + 0.02 * share}
        for share in label_trade_off.SHARES
    ]
    label_trade_off.draw(rows, label_trade_off.choose(rows), tmp_path / "frontier.png")
    assert (tmp_path / "frontier.png").stat().st_size > 1000
