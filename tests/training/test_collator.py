import numpy as np
import pytest
import torch

from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.training.collator import Collator


def test_a_batch_is_grey_pictures_of_one_size_and_distributions():
    batch = Collator(28)([{"image": draw_face("happy", 0, size), "label": 3} for size in (28, 48)])
    assert (batch["pictures"].shape, batch["pictures"].dtype) == ((2, 1, 28, 28), torch.uint8)
    np.testing.assert_array_equal(batch["pictures"][0, 0], np.asarray(draw_face("happy", 0, 28)))
    np.testing.assert_array_equal(batch["targets"], np.eye(7)[[3, 3]])


def test_targets_blend_labels_and_votes():
    collate = Collator(28, ferplus_weight=0.5)
    votes = [0.0] * 10
    votes[4], votes[5], votes[9] = 6.0, 2.0, 2.0  # anger, disgust, not a face
    np.testing.assert_allclose(collate.target({"label": 2, "votes": votes}), [0.375, 0.125, 0.5, 0, 0, 0, 0])
    nothing = [0.0] * 9 + [10.0]
    np.testing.assert_allclose(collate.target({"label": 2, "votes": nothing}), np.eye(7)[2])
    np.testing.assert_allclose(
        collate.target({"label": 2, "target": [0.5, 0, 0.5, 0, 0, 0, 0]}), [0.5, 0, 0.5, 0, 0, 0, 0]
    )
    np.testing.assert_allclose(Collator(28).target({"label": 2, "votes": votes}), np.eye(7)[2])


def test_two_heads_have_targets_of_their_own():
    collate = Collator(28, two_heads=True)
    votes = [0.0] * 10
    votes[4], votes[5], votes[9] = 6.0, 2.0, 2.0  # anger, disgust, not a face
    share = [0.6, 0.2, 0, 0, 0, 0, 0]  # 0.2 are missing: the face weighs less
    np.testing.assert_allclose(collate.target({"label": 2, "votes": votes}), [*share, *np.eye(7)[2]])
    soft = [0.5, 0, 0.5, 0, 0, 0, 0]
    np.testing.assert_allclose(collate.target({"label": 2, "target": soft, "votes": votes}), [*share, *soft])
    nothing = [0.0] * 9 + [10.0]
    np.testing.assert_allclose(collate.target({"label": 2, "votes": nothing}), [*[0] * 7, *np.eye(7)[2]])
    np.testing.assert_allclose(collate.target({"label": 2, "votes": [0.0] * 10}), [*[0] * 7, *np.eye(7)[2]])
    batch = collate([{"image": draw_face("fear", 0), "label": 2, "votes": votes}])
    assert batch["targets"].shape == (1, 14)


def test_votes_are_not_in_both_targets():
    with pytest.raises(FerError) as caught:
        Collator(28, ferplus_weight=0.25, two_heads=True)
    assert caught.value.code == "two_heads_ferplus_weight"
