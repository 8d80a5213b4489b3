"""FER data in one table: Kaggle's fer2013.csv, icml_face_data.csv and train.csv, or a parquet file."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Features
from datasets import Image as ImageFeature
from PIL import Image
from tqdm import tqdm

from fer_hf.data.schema import Source, as_dataset, class_index, part_by_usage, stored_pictures, usage_name
from fer_hf.errors import FerError
from fer_hf.labels import FERPLUS_COLUMNS

SIDE = 48  # pixels of a FER2013 picture, each way
LONGEST_LINE = 100_000  # characters; a picture takes at most 9,216


def read_csv(path: Path, votes_path: Path | None = None) -> Source:
    """Kaggle's table: columns emotion, pixels and perhaps Usage; FER+'s votes join by row."""
    pictures, labels, usages = [], [], []
    has_usage = False
    for line, row in csv_rows(path, required=("emotion", "pixels")):
        place = f"{path}: line {line}"
        labels.append(class_index(row["emotion"], place))
        pictures.append(encode_pixels(row["pixels"], place))
        has_usage = "usage" in row
        usages.append(usage_name(row["usage"], place) if has_usage else "train")
    if not pictures:
        raise FerError(f"{path}: holds no rows below its header")
    usages = usages if has_usage else None
    votes = None if votes_path is None else read_votes(votes_path, path, len(labels), usages)
    whole = as_dataset(stored_pictures(pictures, [None] * len(pictures)), labels, votes)
    return part_by_usage(whole, usages)


def csv_rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line of the file, row by column name); column names are stripped and in lower case.

    Raises:
        FerError: a required column is missing, or a row is broken; names the line.
    """
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, csv_bar(path) as bar:
            reader = csv.reader(bounded_lines(file, path))
            header = [name.strip().lower() for name in next(reader, [])]
            for name in required:
                if name not in header:
                    raise FerError(f"{path}: has no column {name!r}; its first line should name {', '.join(required)}")
            for cells in reader:
                line = reader.line_num
                bar.update(sum(map(len, cells)) + len(cells))
                if len(cells) != len(header):
                    raise FerError(f"{path}: line {line}: has {len(cells)} columns, not {len(header)}")
                yield line, dict(zip(header, cells, strict=True))
    except UnicodeDecodeError as error:
        raise FerError(f"{path}: is no UTF-8 text after line {line}, so no CSV file") from error
    except csv.Error as error:
        raise FerError(f"{path}: line {line + 1}: broken CSV ({error})") from error
    except OSError as error:
        raise FerError(f"{path}: cannot be read ({error.strerror or error})") from error


def bounded_lines(file: TextIO, path: Path) -> Iterator[str]:
    """The lines of a text file, refusing one so long that it is no row of a table before it fills the memory."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise FerError(f"{path}: line {number}: is longer than {LONGEST_LINE:,} characters")
        yield line


def csv_bar(path: Path) -> tqdm:
    """A bar in bytes, shown once reading takes over two seconds."""
    return tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, leave=False, delay=2)


def encode_pixels(text: str, place: str) -> bytes:
    """PNG of a picture written as 48 * 48 numbers from 0 to 255, row by row."""
    try:
        pixels = np.fromstring(text, sep=" ", dtype=np.int64)
    except ValueError:
        wrong = next((word for word in text.split() if not word.isdecimal()), text[:20])
        raise FerError(f"{place}: pixel {wrong[:20]!r} is no whole number from 0 to 255") from None
    if len(pixels) != SIDE * SIDE:
        raise FerError(f"{place}: has {len(pixels):,} pixels, not {SIDE} * {SIDE} = {SIDE * SIDE:,}")
    outside = pixels[(pixels < 0) | (pixels > 255)]
    if len(outside):
        raise FerError(f"{place}: pixel {outside[0]} is no whole number from 0 to 255")
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8).reshape(SIDE, SIDE)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def read_votes(path: Path, data_path: Path, count: int, usages: list[str] | None) -> np.ndarray:
    """FER+'s `fer2013new.csv`: votes (count, 10) in the order of FERPLUS_COLUMNS, row by row those of fer2013.csv."""
    votes = []
    for line, row in csv_rows(path, required=FERPLUS_COLUMNS):
        place = f"{path}: line {line}"
        words = [row[column] for column in FERPLUS_COLUMNS]
        if not all(word.strip().isdecimal() and len(word) < 4 for word in words):
            raise FerError(f"{place}: votes {','.join(words)[:60]!r} are not ten whole numbers")
        if usages and "usage" in row and len(votes) < count:
            expected, found = usages[len(votes)], usage_name(row["usage"], place)
            if found != expected:
                raise FerError(f"{place}: is {found} where {data_path} has {expected}: the rows do not match")
        votes.append([float(word) for word in words])
    if len(votes) != count:
        raise FerError(f"{path}: has {len(votes):,} rows where {data_path} has {count:,}: the rows do not match")
    return np.array(votes, dtype=np.float32)


def read_parquet(path: Path) -> Source:
    """A table with columns image and label, and perhaps usage and FER+'s votes as fp_neutral to fp_nf."""
    vote_columns = [f"fp_{column}" for column in FERPLUS_COLUMNS]
    try:
        file = pq.ParquetFile(path)
        present = set(file.schema_arrow.names)
        for column in ("image", "label"):
            if column not in present:
                raise FerError(f"{path}: has no column {column!r} (expected image, label and, if known, usage)")
        features = Features.from_arrow_schema(file.schema_arrow)
        has_votes = present.issuperset(vote_columns)
        wanted = ["image", "label", *present.intersection(["usage"]), *(vote_columns if has_votes else [])]
        table = file.read(columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise FerError(f"{path}: is no parquet file that can be read ({str(error).splitlines()[0]})") from error
    if not table.num_rows:
        raise FerError(f"{path}: holds no rows")
    labels = class_indices(table["label"].to_pylist(), features["label"], str(path))
    votes = usages = None
    if has_votes:
        votes = np.stack([vote_numbers(table[column], f"{path}: {column}") for column in vote_columns], axis=1)
    if "usage" in present:
        usages = [usage_name(v, f"{path}: row {row}") for row, v in enumerate(table["usage"].to_pylist(), 1)]
    return part_by_usage(as_dataset(parquet_pictures(table["image"], path), labels, votes), usages)


def class_indices(values: list, feature: object, place: str) -> list[int]:
    """Class indices from numbers in FER2013's order, from names, or from a ClassLabel in whatever order it has."""
    if isinstance(feature, ClassLabel):
        names = dict(enumerate(feature.names))
        values = [names.get(value, value) for value in values]
    return [class_index(value, f"{place}: row {row}") for row, value in enumerate(values, 1)]


def vote_numbers(column: pa.ChunkedArray, place: str) -> np.ndarray:
    """One column of votes as float32 (n,)."""
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)) or column.null_count:
        raise FerError(f"{place}: holds something that is no number of votes")
    return column.to_numpy().astype(np.float32)


def parquet_pictures(column: pa.ChunkedArray, path: Path) -> pa.Array:
    """The image column as `datasets` stores it; each picture must be in the file, never behind a path or an address."""
    try:
        pictures = ImageFeature().cast_storage(column.combine_chunks())
        content = pictures.field("bytes")
    except (pa.ArrowException, TypeError, KeyError) as error:
        raise FerError(f"{path}: column 'image' holds no pictures but {column.type}") from error
    missing = np.flatnonzero(content.is_null().to_numpy(zero_copy_only=False))
    if len(missing):
        raise FerError(f"{path}: row {missing[0] + 1}: column 'image' holds no picture")
    return pictures
