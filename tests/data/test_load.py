"""From any source to three splits: what is dropped, added and reported."""

import numpy as np
import pytest

from fer_hf.data.load import hold_out, load_fer, read_fer
from fer_hf.errors import FerError
from fer_hf.labels import LABELS
from tests.support.made_sources import noise_split, pixels, write_csv, write_pictures, write_votes

# Seeds are pictures. 20 stands in train and test, 21 in train twice and in validation; 5 stands in train with two
# labels, 30 in validation and test.
TRAIN = [(0, 0), (1, 1), (5, 3), (5, 3), (5, 4), (20, 2), (21, 2), (21, 6)]
VALIDATION = [(21, 2), (30, 1), (31, 5)]
TEST = [(20, 2), (30, 1), (32, 6)]


@pytest.fixture(scope="module")
def leaky(tmp_path_factory):
    rows = [
        (label, pixels(seed), usage)
        for usage, split in (("Training", TRAIN), ("PublicTest", VALIDATION), ("PrivateTest", TEST))
        for seed, label in split
    ]
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", rows)


def test_leaks_are_dropped_and_reported(leaky, capsys):
    data = read_fer(leaky)
    assert data.official
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 5, "validation": 3, "test": 3}
    assert data.splits["train"]["label"][:] == [0, 1, 3, 3, 4]
    assert (data.report.leaked, data.report.dropped_leaks) == (3, 3)
    message = capsys.readouterr().err
    assert "3 training pictures are also in validation or test: dropped" in message
    assert "3 training pictures in 1 groups of identical pictures have conflicting labels" in message


def test_in_train_tells_of_the_source_before_dropping(leaky):
    splits = load_fer(leaky)
    assert splits["validation"]["in_train"][:] == [True, False, False]
    assert splits["test"]["in_train"][:] == [True, False, False]
    assert "in_train" not in splits["train"].column_names


def test_leaks_can_be_kept_but_are_reported(leaky, capsys):
    data = read_fer(leaky, drop_leaks=False)
    assert len(data.splits["train"]) == len(TRAIN)
    assert (data.report.leaked, data.report.dropped_leaks) == (3, 0)
    assert "KEPT" in capsys.readouterr().err


def test_conflicts_soft_drop_and_keep(leaky):
    soft = np.array(load_fer(leaky)["train"]["target"][:])
    assert soft.shape == (5, len(LABELS))
    np.testing.assert_allclose(soft.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(soft[2], [0, 0, 0, 2 / 3, 1 / 3, 0, 0], rtol=1e-6)
    np.testing.assert_array_equal(soft[2], soft[4])
    np.testing.assert_array_equal(soft[0], np.eye(7)[0])

    dropped = read_fer(leaky, conflicts="drop")
    assert dropped.splits["train"]["label"][:] == [0, 1]
    assert dropped.report.dropped_conflicts == 3

    kept = load_fer(leaky, conflicts="keep")["train"]
    np.testing.assert_array_equal(kept["target"][:], np.eye(7)[[0, 1, 3, 3, 4]])

    with pytest.raises(FerError, match="conflicts: 'hard' is not one of soft, drop, keep"):
        load_fer(leaky, conflicts="hard")


def test_row_has_the_columns_that_training_reads(leaky):
    row = load_fer(leaky)["train"][2]
    assert row["image"].size == (48, 48) and row["image"].mode == "L"
    assert row["label"] == 3
    assert list(row) == ["image", "label", "target"]


def test_votes_stay_with_their_rows(leaky, tmp_path):
    usages = ["Training"] * 8 + ["PublicTest"] * 3 + ["PrivateTest"] * 3
    splits = load_fer(leaky, votes=write_votes(tmp_path / "fer2013new.csv", usages))
    neutral = {name: [votes[0] for votes in split["votes"][:]] for name, split in splits.items()}
    assert neutral == {"train": [0, 1, 2, 3, 4], "validation": [8, 9, 0], "test": [1, 2, 3]}


def test_votes_are_refused_where_rows_are_not_known(tmp_path):
    write_pictures(tmp_path / "train" / "sad", [0])
    with pytest.raises(FerError, match="votes are joined by row"):
        load_fer(tmp_path, votes=tmp_path / "fer2013new.csv")


def test_missing_splits_are_held_out_by_class_and_seed(tmp_path, capsys):
    rows = [(label, pixels(100 * label + i)) for label in (0, 3) for i in range(20)]
    path = write_csv(tmp_path / "train.csv", rows, header="emotion,pixels")
    data = read_fer(path, seed=1)
    assert not data.official
    assert data.report.held_out == ("validation", "test")
    counts = {name: np.bincount(split["label"][:], minlength=4).tolist() for name, split in data.splits.items()}
    assert counts == {"train": [16, 0, 0, 16], "validation": [2, 0, 0, 2], "test": [2, 0, 0, 2]}
    assert "no validation and no test split" in capsys.readouterr().err
    first, again, other = (
        [image.tobytes() for image in load_fer(path, seed=seed)["test"]["image"]] for seed in (1, 1, 2)
    )
    assert first == again != other


def test_hold_out_of_a_small_class_leaves_it_in_train():
    rest, taken = hold_out(noise_split([0, 1, 2, 3], [0, 0, 0, 5]), seed=0)
    assert sorted(rest["label"][:]) == [0, 0, 5]
    assert taken["label"][:] == [0]


def test_folder_without_validation_gets_one(tmp_path):
    write_pictures(tmp_path / "train" / "sad", list(range(10)))
    write_pictures(tmp_path / "test" / "sad", [10, 11])
    data = read_fer(tmp_path)
    assert data.report.held_out == ("validation",)
    assert {name: len(split) for name, split in data.splits.items()} == {"train": 9, "validation": 1, "test": 2}


def test_source_that_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    for source in ("nowhere/fer2013.csv", tmp_path / "gone", "nowhere.parquet"):
        with pytest.raises(FerError, match="no such file or folder"):
            load_fer(source)
    with pytest.raises(FerError, match=r"notes.txt: expected a .csv file, a .parquet file or a folder"):
        load_fer(tmp_path / "notes.txt")


def test_broken_picture_in_a_folder_is_named(tmp_path):
    write_pictures(tmp_path / "train" / "sad", list(range(4)))
    write_pictures(tmp_path / "test" / "sad", [9])
    (tmp_path / "test" / "sad" / "note.txt").write_text("no picture")
    with pytest.raises(FerError, match=r"note.txt: not a picture"):
        load_fer(tmp_path)


def test_split_that_is_missing_or_too_small_is_refused(tmp_path):
    with pytest.raises(FerError, match="no train split, only test"):
        load_fer(write_csv(tmp_path / "fer2013.csv", [(0, pixels(0), "PrivateTest")]))
    with pytest.raises(FerError, match="too few pictures of each class to hold one out"):
        load_fer(write_csv(tmp_path / "train.csv", [(0, pixels(0))], header="emotion,pixels"))
    rows = [(0, pixels(0), usage) for usage in ("Training", "PublicTest", "PrivateTest")]
    with pytest.raises(FerError, match="no training picture is left"):
        load_fer(write_csv(tmp_path / "same.csv", rows))
