"""The common form of all sources of faces: their splits, columns, class order and spellings.

The readers are `tabular` (CSV, parquet), `image_folder` (pictures in folders) and `hub_dataset`.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from datasets import ClassLabel, Dataset, DatasetInfo, Features, Image, List, Value

from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_COLUMNS, LABEL_OF_NAME, LABELS

SPLITS = ("train", "validation", "test")
# How sources spell the splits in the column Usage of FER2013, folder names and splits on the Hub, in any case.
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
    """Some or all of SPLITS; `official`: the source calls its test split PrivateTest, as FER2013 does."""

    splits: dict[str, Dataset]
    official: bool


def class_index(value: object, place: str) -> int:
    """Index in LABELS of a class that is given by its number or any of its names; `place` is for the error."""
    name = LABEL_OF_NAME.get(str(value).strip().lower())
    if name is None:
        raise FerError("label_unknown", place, value=value, labels=", ".join(LABELS))
    return LABELS.index(name)


def usage_name(value: object, place: str) -> str:
    """The usage in lower case, a key of SPLIT_OF_NAME; `place` is for the error."""
    name = str(value).strip().lower()
    if name not in SPLIT_OF_NAME:
        raise FerError("usage_unknown", place, value=value)
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
    """Encoded pictures, or the paths of their files, as `datasets` stores an Image column."""
    fields = [pa.array(content, pa.large_binary()).cast(pa.binary()), pa.array(paths, pa.string())]
    return pa.StructArray.from_arrays(fields, names=["bytes", "path"])


def split_by_usage(whole: Dataset, usages: Sequence[str] | None) -> Source:
    """Split a Dataset by the usage of each row, a key of SPLIT_OF_NAME; without usages all rows are train."""
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
