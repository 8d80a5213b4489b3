"""Datasets on the Hub: how their splits and columns are read, and one over real HTTP from a Hub on loopback."""

import json

import numpy as np
import pytest
from datasets import ClassLabel, DatasetDict

from fer_hf.data.hub_dataset import is_hub_id, standard_splits
from fer_hf.errors import FerError
from tests.support.loopback_hub import LoopbackHub, Repo
from tests.support.made_sources import noise, noise_split, write_parquet


def test_ids():
    assert is_hub_id("user/fer2013") and is_hub_id("My-Org/fer_2013.v2")
    for other in ("fer2013", "a/b/c", "/a/b", "../data", "data/", "user/ fer", "~/data"):
        assert not is_hub_id(other)


def test_spellings_of_splits_and_columns_are_made_ours(capsys):
    split = noise_split([0, 1], [3, 6]).rename_columns({"image": "img", "label": "emotion"}).add_column("id", [7, 8])
    source = standard_splits(DatasetDict(Training=split, valid=split, PrivateTest=split, extra=split), "u/d")
    assert list(source.splits) == ["train", "validation", "test"]
    assert source.official
    assert source.splits["test"].column_names == ["image", "label"]
    assert source.splits["test"]["label"][:] == [3, 6]
    np.testing.assert_array_equal(np.asarray(source.splits["train"][1]["image"]), noise(1))
    assert "split 'extra' is not one of train, validation, test and is not used" in capsys.readouterr().err


def test_class_label_of_another_order_goes_by_name():
    split = noise_split([0, 1], [0, 1]).remove_columns("label")
    split = split.add_column("label", [0, 1], feature=ClassLabel(names=["neutral", "Happiness"]))
    assert standard_splits(DatasetDict(train=split), "u/d").splits["train"]["label"][:] == [6, 3]


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        (
            {"train": noise_split([0], [0]).remove_columns("label")},
            "expected one picture column and a label column",
        ),
        (
            {"train": noise_split([0], [0]).remove_columns("image")},
            "expected one picture column and a label column",
        ),
        ({"train": noise_split([], [])}, "u/d: train: this split is empty"),
        (
            {"val": noise_split([0], [0]), "valid": noise_split([0], [0])},
            "several splits are validation: val, valid",
        ),
        (
            {"test": noise_split([0], [0]).remove_columns("label").add_column("label", ["bored"])},
            "u/d: test: row 1: label 'bored' is not one of",
        ),
    ],
)
def test_dataset_that_is_not_ours_is_refused(splits, message):
    with pytest.raises(FerError, match=message):
        standard_splits(DatasetDict(splits), "u/d")


def test_dataset_over_http(tmp_path):
    """HF_ENDPOINT is read when the library is imported, so the command runs in a process of its own."""
    files = {}
    for split, seeds in (("train", [0, 1, 2]), ("validation", [3]), ("test", [2])):
        path = write_parquet(tmp_path / f"{split}.parquet", seeds, ["Sadness"] * len(seeds))
        files[f"data/{split}-00000-of-00001.parquet"] = path.read_bytes()
    repo = Repo("dataset", "alice/faces", private=False)
    repo.commit(files)
    with LoopbackHub(tmp_path) as hub:
        hub.repos["dataset", "alice/faces"] = repo
        found = hub.run(None, "-m", "fer_hf", "data", "--data", "alice/faces", "--json", tmp_path / "found.json")
        missing = hub.run(None, "-m", "fer_hf", "data", "--data", "alice/nothing")
    assert found.returncode == 0, found.stderr
    facts = json.loads((tmp_path / "found.json").read_text())
    assert [split["per_class"]["sad"] for split in facts["splits"].values()] == [3, 1, 1]
    assert facts["leaks"]["test_in_train"] == 1
    assert missing.returncode == 1
    last = missing.stderr.strip().splitlines()[-1]
    assert last.startswith("error: alice/nothing: not a file or folder here, and not a dataset that the Hub can load")
    assert "Traceback" not in missing.stderr
