"""From a source of faces, whatever its format, to splits with one set of columns and one class order."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, DatasetInfo, Features, Image, List, Value

from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_COLUMNS, LABEL_OF_NAME, LABELS

# The Usage column of FER2013, and what other tables write there.
SPLIT_OF_USAGE = {
    "training": "train",
    "publictest": "validation",
    "privatetest": "test",
    "train": "train",
    "validation": "validation",
    "test": "test",
}
VOTES = List(Value("float32"), length=len(FERPLUS_COLUMNS))


class Source(NamedTuple):
    """What a source holds: some or all of train, validation and test, and whether test is FER2013's PrivateTest."""

    splits: dict[str, Dataset]
    official: bool


def read_source(source: str | Path) -> Source:
    """Read the splits that `source` has, as columns image, label and, where they are known, votes."""
    path = Path(source)
    if not path.exists():
        raise FerError(f"{source}: no such file or folder")
    return read_parquet(path)


def read_parquet(path: Path) -> Source:
    """A table with columns image and label, and perhaps usage and FER+ votes as fp_neutral to fp_nf."""
    try:
        file = pq.ParquetFile(path)
        present = set(file.schema_arrow.names)
        for column in ("image", "label"):
            if column not in present:
                raise FerError(f"{path}: has no column {column!r} (expected image, label and, if known, usage)")
        features = Features.from_arrow_schema(file.schema_arrow)
        votes = [f"fp_{column}" for column in FERPLUS_COLUMNS]
        votes = votes if present.issuperset(votes) else []
        table = file.read(columns=["image", "label", *votes, *present.intersection(["usage"])])
    except (OSError, pa.ArrowException) as error:
        raise FerError(f"{path}: is no parquet file that can be read ({str(error).splitlines()[0]})") from error
    labels = label_indices(table["label"].to_pylist(), features["label"], str(path))
    columns = {"image": stored_pictures(table["image"], path), "label": labels}
    if votes:
        columns["votes"] = np.stack([table[column].to_numpy() for column in votes], axis=1)
    usage = table["usage"].to_pylist() if "usage" in present else None
    return split_by_usage(columns, usage, str(path))


def stored_pictures(column: pa.ChunkedArray, path: Path) -> pa.Array:
    """The image column as `datasets` stores it; every picture must be inside the file, not behind a path or address."""
    column = Image().cast_storage(column.combine_chunks())
    empty = np.flatnonzero(column.field("bytes").is_null().to_numpy(zero_copy_only=False))
    if len(empty):
        raise FerError(f"{path}: row {empty[0] + 1}: column 'image' holds no picture")
    return column


def label_indices(values: list, feature: object, place: str) -> np.ndarray:
    """Class indices in the order of LABELS from numbers in that order, from names, or from a ClassLabel's own order."""
    names = feature.names if isinstance(feature, ClassLabel) else None
    index_of = {value: label_index(names[value] if names else value) for value in set(values)}
    unknown = [value for value, index in index_of.items() if index is None]
    if unknown:
        row = next(row for row, value in enumerate(values, 1) if value in unknown)
        raise FerError(f"{place}: row {row}: label {values[row - 1]!r} is none of {', '.join(LABELS)} or 0 to 6")
    return np.array([index_of[value] for value in values], dtype=np.int64)


def label_index(value: object) -> int | None:
    """Class index of a number or a name, None if it is none of the seven."""
    name = LABEL_OF_NAME.get(str(value).strip().lower())
    return None if name is None else LABELS.index(name)


def split_by_usage(columns: dict, usage: list | None, place: str) -> Source:
    """Part the rows by their usage; without one they are all train."""
    whole = as_dataset(columns)
    if usage is None:
        return Source({"train": whole}, official=False)
    words = [str(word).strip().lower() for word in usage]
    unknown = set(words) - set(SPLIT_OF_USAGE)
    if unknown:
        row = next(row for row, word in enumerate(words) if word in unknown)
        raise FerError(f"{place}: row {row + 1}: usage {usage[row]!r} is none of Training, PublicTest, PrivateTest")
    split_of_row = np.array([SPLIT_OF_USAGE[word] for word in words])
    rows = {name: np.flatnonzero(split_of_row == name) for name in dict.fromkeys(SPLIT_OF_USAGE.values())}
    table = whole.data.table
    splits = {name: Dataset(table.take(pa.array(row)), info=whole.info) for name, row in rows.items() if len(row)}
    return Source(splits, official=words.count("privatetest") == len(rows["test"]) > 0)


def as_dataset(columns: dict) -> Dataset:
    """Put columns image (stored cells), label (n,) and perhaps votes (n, 10) into a Dataset in memory."""
    features = Features({"image": Image(), "label": ClassLabel(names=list(LABELS))})
    arrays = {"image": columns["image"], "label": pa.array(columns["label"])}
    if "votes" in columns:
        features["votes"] = VOTES
        flat = pa.array(columns["votes"].astype(np.float32).ravel())
        arrays["votes"] = pa.FixedSizeListArray.from_arrays(flat, len(FERPLUS_COLUMNS))
    table = pa.table(arrays).cast(features.arrow_schema)
    return Dataset(table, info=DatasetInfo(features=features))
