"""The parquet file made from Kaggle's CSV and FER+'s: the same data, whole or not at all."""

import numpy as np
import pytest
from datasets import load_dataset

from fer_hf.__main__ import main
from fer_hf.data.load import load_fer
from fer_hf.labels import LABELS
from tests.support.made_sources import pixels, write_csv, write_pictures, write_votes

USAGES = ["Training"] * 8 + ["PublicTest"] * 3 + ["PrivateTest"] * 3


@pytest.fixture
def table(tmp_path):
    return write_csv(tmp_path / "fer2013.csv", [(i % 7, pixels(i), usage) for i, usage in enumerate(USAGES)])


def test_round_trip(table, tmp_path, capsys):
    votes, output = write_votes(tmp_path / "fer2013new.csv", USAGES), tmp_path / "new" / "fer2013.parquet"
    assert main(["data", "--data", str(table), "--votes", str(votes), "--output", str(output)]) == 0
    assert capsys.readouterr().out == f"{output}: 14 pictures with FER+ votes\n"
    expected, found = load_fer(table, votes=votes), load_fer(output)
    for name, split in expected.items():
        assert found[name].column_names == split.column_names
        for column in set(split.column_names) - {"image"}:
            assert found[name][column][:] == split[column][:]
        pairs = zip(found[name]["image"], split["image"], strict=True)
        assert all(np.array_equal(np.asarray(one), np.asarray(other)) for one, other in pairs)


def test_datasets_reads_it_as_pictures_and_classes(table, tmp_path):
    output = tmp_path / "fer2013.parquet"
    assert main(["data", "--data", str(table), "--output", str(output)]) == 0
    rows = load_dataset("parquet", data_files=str(output), split="train", cache_dir=str(tmp_path / "cache"))
    assert rows.column_names == ["image", "label", "usage"]
    assert rows["usage"][:] == USAGES
    assert rows.features["label"].names == list(LABELS)
    assert rows[0]["image"].size == (48, 48)


def test_files_that_do_not_belong_together_leave_nothing(table, tmp_path, capsys):
    votes, output = write_votes(tmp_path / "fer2013new.csv", USAGES[1:]), tmp_path / "new" / "fer2013.parquet"
    assert main(["data", "--data", str(table), "--votes", str(votes), "--output", str(output)]) == 1
    assert "the rows do not match" in capsys.readouterr().err
    assert not output.parent.exists()


def test_a_disk_that_fails_leaves_nothing(table, tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "fer2013.parquet").mkdir()  # stands in the way of the rename
    assert main(["data", "--data", str(table), "--output", str(tmp_path / "folder" / "fer2013.parquet")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["fer2013.parquet"]


def test_other_sources_and_names_are_refused(table, tmp_path, capsys):
    write_pictures(tmp_path / "train" / "sad", [0])
    assert main(["data", "--data", str(tmp_path), "--output", str(tmp_path / "f.parquet")]) == 1
    assert "only a CSV file of FER2013 is written as parquet" in capsys.readouterr().err
    assert main(["data", "--data", str(table), "--output", str(tmp_path / "f.csv")]) == 1
    assert "f.csv: expected a file name that ends in .parquet" in capsys.readouterr().err
