"""CSV and parquet: what is read, and how each broken file is refused."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import ClassLabel, Dataset, Features, Image
from PIL import Image as Picture

from fer_hf.data.tabular import read_csv, read_parquet
from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_COLUMNS, LABEL_OF_NAME, LABELS
from tests.support.made_sources import noise, noise_split, pixels, write_csv, write_parquet, write_votes

USAGES = ["Training", "Training", "PublicTest", "PrivateTest"]


def shown(split, row):
    return np.asarray(split[row]["image"])


def test_csv_is_read_pixel_for_pixel(tmp_path):
    rows = [(i, pixels(i), usage) for i, usage in enumerate(USAGES)]
    source = read_csv(write_csv(tmp_path / "fer2013.csv", rows))
    assert source.official
    assert {name: len(split) for name, split in source.splits.items()} == {"train": 2, "validation": 1, "test": 1}
    assert source.splits["test"][0]["label"] == 3
    assert source.splits["train"][1]["image"].mode == "L"
    np.testing.assert_array_equal(shown(source.splits["train"], 1), noise(1))
    np.testing.assert_array_equal(shown(source.splits["test"], 0), noise(3))


def test_csv_of_icml_has_spaces_in_its_header(tmp_path):
    rows = [(i, f" {usage}", pixels(i)) for i, usage in enumerate(USAGES)]
    source = read_csv(write_csv(tmp_path / "icml_face_data.csv", rows, header="emotion, Usage, pixels"))
    assert source.official
    np.testing.assert_array_equal(shown(source.splits["validation"], 0), noise(2))


def test_csv_without_usage_is_all_train(tmp_path):
    source = read_csv(write_csv(tmp_path / "train.csv", [(0, pixels(0)), (6, pixels(1))], header="emotion,pixels"))
    assert not source.official
    assert source.splits["train"]["label"][:] == [0, 6]
    assert list(source.splits) == ["train"]


GOOD = (0, pixels(0), "Training")


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ((7, pixels(1), "Training"), "line 3: label '7' is not one of angry"),
        (("", pixels(1), "Training"), "line 3: label '' is not one of angry"),
        ((0, "1 2 3", "Training"), "line 3: 3 pixels, expected 48 x 48 = 2,304"),
        ((0, "", "Training"), "line 3: 0 pixels, expected"),
        ((0, "256" + pixels(1)[pixels(1).index(" ") :], "Training"), "line 3: pixel '256' is not a whole number"),
        ((0, "-1" + pixels(1)[pixels(1).index(" ") :], "Training"), "line 3: pixel '-1' is not a whole number"),
        ((0, "9" * 30 + pixels(1)[pixels(1).index(" ") :], "Training"), "is not a whole number from 0 to 255"),
        ((0, "x" + pixels(1)[pixels(1).index(" ") :], "Training"), "line 3: pixel 'x' is not a whole number"),
        ((0, "1.5" + pixels(1)[pixels(1).index(" ") :], "Training"), "line 3: pixel '1.5' is not a whole number"),
        ((0, pixels(1), "Practice"), "line 3: usage 'Practice' is not one of Training, PublicTest, PrivateTest"),
        ((0, pixels(1)), "line 3: 2 columns, expected 3"),
        ((0, "1 " * 100_000, "Training"), "line 3: more than 100,000 characters"),
        ((0, "1 " * 30_000 + "\n" + "1 " * 49_000, "Training"), "line 3: broken CSV"),
    ],
)
def test_broken_csv_row_is_refused_by_its_line(tmp_path, bad, message):
    path = write_csv(tmp_path / "fer2013.csv", [GOOD, bad])
    with pytest.raises(FerError, match=r"fer2013\.csv") as caught:
        read_csv(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"emotion,Usage\n0,Training\n", "no column 'pixels'"),
        (b"pixels\n1 2 3\n", "no column 'emotion'"),
        (b"", "no column 'emotion'"),
        (b"emotion,pixels\n", "the table has no rows"),
        (b"emotion,pixels\n0,\xff\xfe\n", "not UTF-8 text after line 1"),
    ],
)
def test_csv_that_is_no_fer_table_is_refused(tmp_path, content, message):
    path = tmp_path / "fer2013.csv"
    path.write_bytes(content)
    with pytest.raises(FerError, match=message):
        read_csv(path)


def test_votes_join_row_by_row(tmp_path):
    table = write_csv(tmp_path / "fer2013.csv", [(i, pixels(i), usage) for i, usage in enumerate(USAGES)])
    source = read_csv(table, write_votes(tmp_path / "fer2013new.csv", USAGES))
    assert source.splits["test"][0]["votes"] == [3.0, 0, 0, 0, 0, 0, 0, 0, 0, 7.0]
    assert source.splits["train"][1]["votes"][0] == 1.0


@pytest.mark.parametrize(
    ("usages", "message"),
    [
        (USAGES[:3], "3 rows where .* has 4"),
        ([*USAGES, "PrivateTest"], "5 rows where .* has 4"),
        (["Training", "PublicTest", "Training", "PrivateTest"], "line 3: publictest where .* has training"),
    ],
)
def test_votes_of_other_rows_are_refused(tmp_path, usages, message):
    table = write_csv(tmp_path / "fer2013.csv", [(i, pixels(i), usage) for i, usage in enumerate(USAGES)])
    with pytest.raises(FerError, match=message):
        read_csv(table, write_votes(tmp_path / "votes.csv", usages))


def test_votes_that_are_no_numbers_are_refused(tmp_path):
    table = write_csv(tmp_path / "fer2013.csv", [GOOD])
    votes = write_votes(tmp_path / "votes.csv", ["Training"])
    votes.write_text(votes.read_text().replace(",0,", ",many,", 1))
    with pytest.raises(FerError, match=r"votes.csv: line 2: votes .* are not ten whole numbers"):
        read_csv(table, votes)


def test_votes_that_were_shuffled_are_refused(tmp_path):
    labels = np.random.default_rng(0).integers(0, 7, 100).tolist()
    table = write_csv(tmp_path / "fer2013.csv", [(label, pixels(0), "Training") for label in labels])
    column = [LABEL_OF_NAME.get(name) for name in FERPLUS_COLUMNS]

    def votes_for(classes):
        rows = [("Training", "", *[10 * (name == LABELS[each]) for name in column]) for each in classes]
        return write_csv(tmp_path / "votes.csv", rows, header=",".join(["Usage", "Image name", *FERPLUS_COLUMNS]))

    assert len(read_csv(table, votes_for(labels)).splits["train"]) == 100
    with pytest.raises(FerError, match=r"votes.csv: the votes agree with only .* the rows do not match") as caught:
        read_csv(table, votes_for(labels[1:] + labels[:1]))
    assert caught.value.code == "votes_disagree"


def test_parquet_with_usage_and_votes(tmp_path):
    votes = {f"fp_{name}": pa.array([i, i, i, i], pa.int8()) for i, name in enumerate(FERPLUS_COLUMNS)}
    source = read_parquet(write_parquet(tmp_path / "f.parquet", [0, 1, 2, 3], [0, 1, 2, 3], usage=USAGES, **votes))
    assert source.official
    assert source.splits["test"][0]["votes"] == [float(i) for i in range(10)]
    np.testing.assert_array_equal(shown(source.splits["validation"], 0), noise(2))


def test_parquet_labels_go_by_name_when_it_has_an_order_of_its_own(tmp_path):
    features = Features({"image": Image(), "label": ClassLabel(names=["happiness", "Anger"])})
    rows = {"image": [Picture.fromarray(noise(0)), Picture.fromarray(noise(1))], "label": [0, 1]}
    Dataset.from_dict(rows, features=features).to_parquet(tmp_path / "own.parquet")
    assert read_parquet(tmp_path / "own.parquet").splits["train"]["label"][:] == [3, 0]


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, 9], "row 2: label 9 is not one of"),
        (["sad", "bored"], "row 2: label 'bored' is not one of"),
        ([0, None], "row 2: label None is not one of"),
        ([0, -1], "row 2: label -1 is not one of"),
    ],
)
def test_parquet_label_out_of_range_is_refused(tmp_path, labels, message):
    with pytest.raises(FerError, match=message):
        read_parquet(write_parquet(tmp_path / "f.parquet", [0, 1], labels))


def test_class_label_that_means_unlabelled_is_refused(tmp_path):
    """-1 must not be taken for the last name."""
    split = noise_split([0, 1], [6, 6])
    table = split.data.table.set_column(1, "label", pa.array([6, -1]))
    pq.write_table(table.replace_schema_metadata(split.data.table.schema.metadata), tmp_path / "f.parquet")
    with pytest.raises(FerError, match="row 2: label -1 is not one of"):
        read_parquet(tmp_path / "f.parquet")


def test_parquet_without_what_it_needs_is_refused(tmp_path):
    path = tmp_path / "f.parquet"
    with pytest.raises(FerError, match="row 1: usage 'Exam' is not one of"):
        read_parquet(write_parquet(path, [0], [0], usage=["Exam"]))
    with pytest.raises(FerError, match="the table has no rows"):
        read_parquet(write_parquet(path, [], []))
    with pytest.raises(FerError, match="fp_nf: not a column of numbers"):
        votes = {f"fp_{name}": ["x"] for name in FERPLUS_COLUMNS} | {f"fp_{n}": [0] for n in FERPLUS_COLUMNS[:-1]}
        read_parquet(write_parquet(path, [0], [0], **votes))
    pq.write_table(pa.table({"label": [0]}), path)
    with pytest.raises(FerError, match="no column 'image'"):
        read_parquet(path)
    path.write_bytes(b"PAR1 and nothing else")
    with pytest.raises(FerError, match="not a parquet file that can be read"):
        read_parquet(path)


@pytest.mark.parametrize("image", [[{"bytes": None, "path": "/etc/hostname"}], ["https://example.org/a.png"]])
def test_parquet_cannot_make_us_open_a_path_or_an_address(tmp_path, image):
    pq.write_table(pa.table({"image": image, "label": [0]}), tmp_path / "f.parquet")
    with pytest.raises(FerError, match="row 1: no picture in column 'image'"):
        read_parquet(tmp_path / "f.parquet")


def test_parquet_whose_pictures_are_numbers_is_refused(tmp_path):
    pq.write_table(pa.table({"image": [1, 2], "label": [0, 1]}), tmp_path / "f.parquet")
    with pytest.raises(FerError, match="column 'image' contains no pictures but int64"):
        read_parquet(tmp_path / "f.parquet")
