import numpy as np
import pytest

from fer_hf.evaluation.calibration import fit_calibration, neutral_logits, softmax, unsure_threshold
from fer_hf.evaluation.metrics import nll
from fer_hf.labels import LABELS


def test_the_temperature_and_biases_that_spoiled_the_logits_are_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 7)) * 2
    labels = np.array([rng.choice(7, p=row) for row in softmax(logits)])
    biases = np.array([0.5, -0.5, 0.3, -0.3, 0.0, 0.4, -0.4])
    found = fit_calibration((logits - biases) * 3, labels)
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert sum(found.biases) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found.biases, biases, atol=0.15)


def test_a_share_of_the_biases_has_the_temperature_that_fits_it():
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(2000, 7)) * 2
    labels = np.array([rng.choice(7, p=row) for row in softmax(logits + np.array([1, 0, 0, 0, 0, 0, -1]))])
    whole, half, none = (fit_calibration(logits * 2, labels, share) for share in (1.0, 0.5, 0.0))
    np.testing.assert_allclose(half.biases, np.array(whole.biases) / 2)
    assert none.biases == [0.0] * 7
    for found in (whole, half, none):
        near = [found._replace(temperature=found.temperature * factor) for factor in (0.95, 1, 1.05)]
        losses = [nll(softmax(each.apply(logits * 2)), labels) for each in near]
        assert losses[1] == min(losses)


def test_a_fifth_of_the_faces_is_unsure():
    scores = softmax(np.random.default_rng(2).normal(size=(1000, 7)) * 2)
    assert (scores.max(1) < unsure_threshold(scores)).mean() == pytest.approx(0.2, abs=0.005)


def test_what_neutral_faces_are_read_as():
    neutral = LABELS.index("neutral")
    scores = softmax(np.random.default_rng(3).normal(size=(50, 7)) + 3 * np.eye(7)[neutral])
    truth = np.where(np.arange(50) < 40, neutral, 0)
    found = neutral_logits(scores, truth)
    assert np.argmax(found) == neutral and sum(found) == pytest.approx(0, abs=1e-3)
    assert found[neutral] - found[0] == pytest.approx(np.log(scores[:40, neutral] / scores[:40, 0]).mean(), abs=1e-3)
    assert neutral_logits(scores, np.zeros(50)) is None
