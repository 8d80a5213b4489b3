import numpy as np
import pytest

from fer_hf.evaluation.summary import unsure_summary


def test_how_right_the_model_is_where_it_is_unsure():
    scores = np.full((4, 7), 0.0)
    scores[:, :3] = [[0.9, 0.1, 0], [0.4, 0.35, 0.25], [0.4, 0.35, 0.25], [0.4, 0.35, 0.25]]
    found = unsure_summary(scores, np.array([0, 0, 1, 2]), 0.5)
    assert (found["share"], found["accuracy_sure"]) == (0.75, 1.0)
    assert (found["accuracy_unsure"], found["one_of_two_unsure"]) == (pytest.approx(1 / 3), pytest.approx(2 / 3))
    assert unsure_summary(scores, np.zeros(4, int), 0.1)["accuracy_unsure"] is None
