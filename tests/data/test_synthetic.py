import numpy as np

from fer_hf.data.synthetic import draw_face, synthetic_splits
from fer_hf.evaluation.metrics import ferplus_majority
from fer_hf.labels import LABELS


def test_a_face_is_a_function_of_its_label_and_seed():
    one, same, other = draw_face("happy", 1), draw_face("happy", 1), draw_face("happy", 2)
    assert one.size == (48, 48)
    assert one.mode == "L"
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_seven_look_different():
    assert len({draw_face(label, 1).tobytes() for label in LABELS}) == len(LABELS)


def test_splits_share_no_picture():
    splits = synthetic_splits(14)
    pictures = [picture.tobytes() for split in splits.values() for picture in split["image"]]
    assert len(set(pictures)) == 3 * 14
    assert splits["train"].features["label"].names == list(LABELS)
    assert "votes" not in splits["test"].column_names
    assert sorted(splits["test"]["label"]) == sorted([*range(7), *range(7)])


def test_all_ten_votes_are_for_the_label():
    train = synthetic_splits(14, votes=True)["train"]
    votes = np.asarray(train["votes"][:])
    assert votes.sum(1).tolist() == [10] * 14
    assert ferplus_majority(votes).tolist() == train["label"][:]
