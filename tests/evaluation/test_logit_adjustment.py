import numpy as np
import pytest

from fer_hf.evaluation.logit_adjustment import choose_tau, log_prior_of, votes_score
from fer_hf.labels import LABELS

PRIOR = np.array([0.05, 0.05, 0.05, 0.3, 0.1, 0.05, 0.4])


def faces(count, balanced, seed=0):
    """Logits of a model that learnt PRIOR, and the classes of faces that follow it or are balanced."""
    rng = np.random.default_rng(seed)
    majority = rng.choice(7, count, p=np.full(7, 1 / 7) if balanced else PRIOR)
    evidence = 2.0 * np.eye(7)[majority] + rng.standard_normal((count, 7))
    return evidence + np.log(PRIOR), majority


def test_where_the_prior_only_harms_all_of_it_is_taken_out():
    assert choose_tau(*faces(2000, balanced=True), np.log(PRIOR), resamples=50) == 1


def test_where_the_prior_holds_less_is_taken_out():
    logits, majority = faces(4000, balanced=False)
    assert choose_tau(logits, majority, np.log(PRIOR), resamples=50) < 1


def test_a_tie_is_won_by_the_larger_tau():
    majority = np.arange(70) % 7
    logits = 100.0 * np.eye(7)[majority]  # no tau changes an answer
    assert choose_tau(logits, majority, np.log(PRIOR), resamples=20) == 1


@pytest.mark.parametrize(("lost", "tau"), [(1, 1), (60, 0.75)])
def test_a_difference_by_chance_counts_as_none(lost, tau):
    """With all of the prior taken out, `lost` of 210 neutral faces are called angry."""
    majority = np.repeat(np.arange(7), [10, 10, 10, 10, 10, 10, 210])
    logits = 100.0 * np.eye(7)[majority]
    logits[-lost:] = -100.0
    logits[-lost:, 0], logits[-lost:, 6] = 0.9 * np.log(PRIOR[[0, 6]])
    assert choose_tau(logits, majority, np.log(PRIOR), resamples=200) == tau


def test_votes_score_is_the_mean_of_accuracy_and_six_class_f1():
    scores = np.eye(7)[[0, 1, 2, 3, 4, 5, 6]]
    labels = np.array([0, 2, 2, 3, 4, 5, 6])  # a face of fear is called disgust
    assert votes_score(scores, labels) == pytest.approx((6 / 7 + (5 + 2 / 3) / 6) / 2)


def test_the_prior_is_the_share_of_votes_for_the_seven():
    votes = np.zeros((10, 10))
    votes[:, 0], votes[:, 1], votes[:, 7], votes[:, 9] = 6, 2, 1, 1  # neutral, happiness; contempt and no face
    prior = np.exp(log_prior_of(votes))
    assert prior.sum() == pytest.approx(1)
    assert prior[LABELS.index("neutral")] == pytest.approx(61 / 87)
    assert prior[LABELS.index("happy")] == pytest.approx(21 / 87)
    assert prior[LABELS.index("fear")] == pytest.approx(1 / 87)
