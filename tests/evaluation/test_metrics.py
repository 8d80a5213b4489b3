import evaluate
import numpy as np
import pytest

from fer_hf.evaluation import metrics
from fer_hf.labels import LABELS


@pytest.fixture
def sample():
    rng = np.random.default_rng(0)
    scores = rng.dirichlet(np.full(7, 0.3), 400)
    labels = np.array([rng.choice(7, p=row) for row in scores])  # calibrated by construction
    return scores, labels


def test_accuracy_and_f1_by_hand():
    scores = np.eye(7)[[0, 0, 1, 3]]
    labels = np.array([0, 1, 1, 3])
    assert metrics.accuracy(scores, labels) == 0.75
    assert metrics.macro_f1(scores, labels) == pytest.approx((2 / 3 + 2 / 3 + 1) / 7)
    assert metrics.confusion_matrix(scores, labels)[1, 0] == 1
    assert metrics.per_class(scores, labels)["disgust"] == {
        "n": 2,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),
    }


def test_ece_by_hand():
    scores = np.full((10, 7), 0.2 / 6)
    scores[:, 2] = 0.8
    labels = np.array([2] * 5 + [0] * 5)  # half right at 80 % confidence
    assert metrics.ece(scores, labels) == pytest.approx(0.3)
    assert metrics.reliability(scores, labels) == [
        {"from": pytest.approx(12 / 15), "n": 10, "confidence": pytest.approx(0.8), "accuracy": 0.5}
    ]


def test_a_calibrated_model_is_near_the_floor_and_an_overconfident_one_is_not(sample):
    scores, labels = sample
    floor = metrics.ece_floor(scores)
    assert 0.01 < floor < 0.1
    assert metrics.ece(scores, labels) < 2 * floor
    sharp = scores**4 / (scores**4).sum(1, keepdims=True)
    assert metrics.ece(sharp, labels) > 2 * floor


def test_nll_and_brier_by_hand():
    scores, labels = np.full((1, 7), 1 / 7), np.array([4])
    assert metrics.nll(scores, labels) == pytest.approx(np.log(7))
    assert metrics.brier(scores, labels) == pytest.approx(6 / 7)


def test_coverage_takes_the_surest():
    scores = np.full((10, 7), 0.0)
    scores[:, 0] = np.linspace(1, 0.6, 10)
    scores[:, 1] = 1 - scores[:, 0]
    labels = np.array([0] * 8 + [1] * 2)
    assert metrics.accuracy(scores, labels) == 0.8
    assert metrics.coverage_80(scores, labels) == 1.0


def test_ferplus_majority_needs_more_than_half_of_all_votes():
    votes = np.zeros((3, 10))
    votes[0, [4, 0]] = 6, 4  # anger
    votes[1, [4, 0]] = 5, 5  # no majority
    votes[2, 9] = 10  # not a face
    assert metrics.ferplus_majority(votes).tolist() == [LABELS.index("angry"), -1, -1]


def test_six_class_f1_leaves_disgust_out():
    scores = np.eye(7)[[0, 1, 2, 3, 4, 5, 6, 1]]
    labels = np.array([0, 1, 2, 3, 4, 5, 6, 2])  # a face of fear is called disgust
    assert metrics.six_class_f1(scores, labels) == pytest.approx((5 + 2 / 3) / 6)


def test_votes_nll_is_of_the_votes_for_the_seven():
    votes = np.zeros((3, 10))
    votes[0, [0, 1, 9]] = 3, 1, 6  # three of four for neutral, one for happy, six for no face
    votes[1, 7] = 10  # contempt alone: no votes for the seven
    votes[2, 0] = 10
    scores = np.full((3, 7), 0.05)
    scores[0, [LABELS.index("neutral"), LABELS.index("happy")]] = 0.5, 0.25
    scores[2, LABELS.index("neutral")] = 0.7
    expected = (-(0.75 * np.log(0.5) + 0.25 * np.log(0.25)) - np.log(0.7)) / 2
    assert metrics.votes_nll(scores, votes) == pytest.approx(expected)


def test_agreement_scores_the_faces_with_a_majority():
    votes = np.zeros((30, 10))
    votes[:20, 0], votes[20:, 1], votes[20:, 2] = 10, 5, 5
    scores = np.eye(7)[[LABELS.index("neutral")] * 15 + [LABELS.index("happy")] * 15]
    found = metrics.agreement(scores, votes)
    assert (found["n"], found["accuracy"]) == (20, 0.75)
    assert found["six_class_f1"] == pytest.approx(2 * 0.75 / 1.75 / 6)
    assert found["ece"] == pytest.approx(0.25)
    low, high = found["interval_95"]["accuracy"]
    assert low < 0.75 < high
    assert set(found["interval_95"]) == {"accuracy", "six_class_f1", "ece"}


def test_interval_holds_the_score(sample):
    low, high = metrics.interval(metrics.accuracy, *sample, resamples=200)
    assert low < metrics.accuracy(*sample) < high
    assert 0.02 < high - low < 0.15


def test_the_interval_of_a_small_ece_holds_it():
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.4, 1, 2000)
    scores = np.tile((1 - confidence[:, None]) / 6, (1, 7))
    scores[:, 0] = confidence
    labels = (rng.random(2000) > confidence).astype(int)  # perfectly calibrated: what is measured is chance
    low, high = metrics.interval(metrics.ece, scores, labels, resamples=200)
    found = metrics.ece(scores, labels)
    assert low < found < high
    assert found - low > 0.2 * (high - low)


def test_evaluate_metrics_compute_add_and_combine(sample):
    scores, labels = sample
    whole = metrics.fer_metrics().compute(predictions=scores, references=labels)
    assert set(whole) == {"accuracy", "macro_f1", "ece", "nll", "brier"}
    assert whole["ece"] == pytest.approx(metrics.ece(scores, labels), abs=1e-3)
    metric = metrics.Accuracy(keep_in_memory=True)
    assert isinstance(metric, evaluate.Metric)
    for part in np.array_split(np.arange(len(labels)), 3):
        metric.add_batch(predictions=scores[part], references=labels[part])
    assert metric.compute()["accuracy"] == pytest.approx(whole["accuracy"])
