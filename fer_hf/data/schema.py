"""What every source of faces is turned into: splits with one set of columns, one class order, one spelling.

The analyzers are `tabular` (CSV, parquet), `image_folder` (pictures in folders) and `hub_dataset`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetInfo, Features, Image, List, Value

from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_COLUMNS, LABEL_OF_NAME, LABELS

SPLITS = ("train", "validation", "test")
# How sources spell the splits: FER2013's Usage column, folder names, splits on the Hub; all in any case.
SPLIT_OF_NAME = {
    "training": "train",
    "publictest": "validation",
    "privatetest": "test",
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
OFFICIAL_TEST = "privatetest"

LABEL = ClassLabel(names=list(LABELS))
VOTES = List(Value("float32"), length=len(FERPLUS_COLUMNS))


class Source(NamedTuple):
    """What a source holds: some or all of SPLITS, and whether it calls its test split FER2013's PrivateTest."""

    splits: dict[str, Dataset]
    official: bool


def class_index(value: object, place: str) -> int:
    """Index in LABELS of a class given by number or by any of its names; `place` is for the error."""
    name = LABEL_OF_NAME.get(str(value).strip().lower())
    if name is None:
        raise FerError(f"{place}: label {value!r} is none of {', '.join(LABELS)} or 0 to 6")
    return LABELS.index(name)


def usage_name(value: object, place: str) -> str:
    """The usage in lower case, a key of SPLIT_OF_NAME; `place` is for the error."""
    name = str(value).strip().lower()
    if name not in SPLIT_OF_NAME:
        raise FerError(f"{place}: usage {value!r} is none of Training, PublicTest, PrivateTest")
    return name


def as_dataset(pictures: pa.Array, labels: Sequence[int], votes: np.ndarray | None = None) -> Dataset:
    """A Dataset in memory from stored pictures (n structs of bytes and path), n class indices and votes (n, 10)."""
    features = Features({"image": Image(), "label": LABEL})
    columns = {"image": pictures, "label": pa.array(labels, pa.int64())}
    if votes is not None:
        features["votes"] = VOTES
        columns["votes"] = pa.FixedSizeListArray.from_arrays(pa.array(votes.ravel(), pa.float32()), votes.shape[1])
    return Dataset(pa.table(columns).cast(features.arrow_schema), info=DatasetInfo(features=features))


def stored_pictures(content: Sequence[bytes | None], paths: Sequence[str | None]) -> pa.Array:
    """Encoded pictures, or the paths where they stand, as `datasets` stores its Image column."""
    fields = [pa.array(content, pa.large_binary()).cast(pa.binary()), pa.array(paths, pa.string())]
    return pa.StructArray.from_arrays(fields, names=["bytes", "path"])


def part_by_usage(whole: Dataset, usages: Sequence[str] | None) -> Source:
    """Part a Dataset in memory by the usage (key of SPLIT_OF_NAME) of each row; without usages all rows are train."""
    if usages is None:
        return Source({"train": whole}, official=False)
    split_of_row = np.array([SPLIT_OF_NAME[usage] for usage in usages])
    splits = {}
    for name in SPLITS:
        rows = np.flatnonzero(split_of_row == name)
        if len(rows):
            splits[name] = Dataset(whole.data.table.take(pa.array(rows)), info=whole.info)
    tests = {usage for usage in usages if SPLIT_OF_NAME[usage] == "test"}
    return Source(splits, official=tests == {OFFICIAL_TEST})
