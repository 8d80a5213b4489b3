"""FER data from one table: Kaggle's fer2013.csv, icml_face_data.csv or train.csv, or a parquet file.

The CSV is read row by row rather than by the `csv` builder of `datasets`, so that an error can name its line.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import ClassLabel, Dataset, Features
from datasets import Image as ImageFeature
from PIL import Image
from tqdm import tqdm

from fer_hf.data.schema import Source, as_dataset, class_index, split_by_usage, stored_pictures, usage_name
from fer_hf.errors import FerError, first_line
from fer_hf.labels import FERPLUS_COLUMNS, FERPLUS_INDEX

SIDE = 48  # pixels, width and height of a picture of FER2013
LONGEST_LINE = 100_000  # characters; a picture takes at most 9,216
# FER+ agrees with two thirds of the labels of FER2013, and with a fifth where its rows were shifted or shuffled.
MIN_AGREEMENT = 0.4
AGREEMENT_ROWS = 100  # fewer rows say nothing


def read_csv(path: Path, votes_path: Path | None = None) -> Source:
    """Read Kaggle's CSV with the columns emotion, pixels and perhaps Usage; FER+ votes are joined row by row."""
    return split_by_usage(*read_whole_csv(path, votes_path))


def read_whole_csv(path: Path, votes_path: Path | None = None) -> tuple[Dataset, list[str] | None]:
    """All rows of Kaggle's CSV in its order, and the usage of each (a key of SPLIT_OF_NAME) if the CSV has them."""
    pictures, labels, usages = [], [], []
    has_usage = False
    for line, row in csv_rows(path, required=("emotion", "pixels")):
        place = f"{path}: line {line}"
        labels.append(class_index(row["emotion"], place))
        pictures.append(encode_pixels(row["pixels"], place))
        has_usage = "usage" in row
        usages.append(usage_name(row["usage"], place) if has_usage else "train")
    if not pictures:
        raise FerError("table_empty", path)
    usages = usages if has_usage else None
    votes = None if votes_path is None else read_votes(votes_path, path, labels, usages)
    return as_dataset(stored_pictures(pictures, [None] * len(pictures)), labels, votes), usages


def csv_rows(path: Path, required: tuple[str, ...]) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the line number and the cells by column name of each row; column names are stripped and in lower case.

    Raises:
        FerError: a required column is missing, or a row is broken.
    """
    line = 1
    try:
        with path.open(encoding="utf-8-sig", newline="") as file, csv_bar(path) as bar:
            reader = csv.reader(bounded_lines(file, path))
            header = [name.strip().lower() for name in next(reader, [])]
            for name in required:
                if name not in header:
                    raise FerError("column_missing", path, column=name, expected=", ".join(required))
            for cells in reader:
                line = reader.line_num
                bar.update(sum(map(len, cells)) + len(cells))
                if len(cells) != len(header):
                    raise FerError("cell_count", f"{path}: line {line}", found=len(cells), expected=len(header))
                yield line, dict(zip(header, cells, strict=True))
    except UnicodeDecodeError as error:
        raise FerError("not_utf8", path, line=line) from error
    except csv.Error as error:
        raise FerError("csv_broken", f"{path}: line {line + 1}", reason=error) from error
    except OSError as error:
        raise FerError("file_unreadable", path, reason=error.strerror or error) from error


def bounded_lines(file: TextIO, path: Path) -> Iterator[str]:
    """The lines of a text file; one that is too long for a row is refused before it fills the memory."""
    number = 0
    while line := file.readline(LONGEST_LINE):
        number += 1
        if len(line) == LONGEST_LINE:
            raise FerError("line_too_long", f"{path}: line {number}", limit=LONGEST_LINE)
        yield line


def csv_bar(path: Path) -> tqdm:
    """A progress bar in bytes that appears after two seconds."""
    return tqdm(total=path.stat().st_size, desc=path.name, unit="B", unit_scale=True, leave=False, delay=2)


def encode_pixels(text: str, place: str) -> bytes:
    """The PNG file of a picture that is given as 48 x 48 numbers from 0 to 255, row by row."""
    try:
        pixels = np.fromstring(text, sep=" ", dtype=np.int64)
    except ValueError:
        wrong = next((word for word in text.split() if not word.isdecimal()), text[:20])
        raise FerError("pixel_value", place, value=wrong[:20]) from None
    if len(pixels) != SIDE * SIDE:
        raise FerError("pixel_count", place, found=len(pixels), expected=SIDE * SIDE)
    outside = pixels[(pixels < 0) | (pixels > 255)]
    if len(outside):
        raise FerError("pixel_value", place, value=outside[0])
    file = io.BytesIO()
    Image.fromarray(pixels.astype(np.uint8).reshape(SIDE, SIDE)).save(file, "PNG", compress_level=1)
    return file.getvalue()


def read_votes(path: Path, data_path: Path, labels: list[int], usages: list[str] | None) -> np.ndarray:
    """The votes of FER+'s `fer2013new.csv`, (n, 10) in the order of FERPLUS_COLUMNS, for each row of fer2013.csv.

    Raises:
        FerError: the rows are not those of `data_path`: their number, their usage, or most of the votes differ.
    """
    votes = []
    for line, row in csv_rows(path, required=FERPLUS_COLUMNS):
        place = f"{path}: line {line}"
        cells = [row[column] for column in FERPLUS_COLUMNS]
        if not all(cell.strip().isdecimal() and len(cell) < 4 for cell in cells):
            raise FerError("votes_not_numbers", place, votes=",".join(cells)[:60])
        if usages and "usage" in row and len(votes) < len(labels):
            expected, found = usages[len(votes)], usage_name(row["usage"], place)
            if found != expected:
                raise FerError("votes_usage", place, found=found, data=data_path, expected=expected)
        votes.append([float(cell) for cell in cells])
    if len(votes) != len(labels):
        raise FerError("votes_row_count", path, found=len(votes), data=data_path, expected=len(labels))
    votes = np.array(votes, dtype=np.float32)
    agreement = float((votes[:, list(FERPLUS_INDEX)].argmax(1) == labels).mean())
    if len(labels) >= AGREEMENT_ROWS and agreement < MIN_AGREEMENT:
        raise FerError("votes_disagree", path, data=data_path, share=agreement)
    return votes


def read_parquet(path: Path) -> Source:
    """Read a parquet file with the columns image and label, and perhaps usage and FER+ votes (fp_neutral to fp_nf)."""
    vote_columns = [f"fp_{column}" for column in FERPLUS_COLUMNS]
    try:
        file = pq.ParquetFile(path)
        present = set(file.schema_arrow.names)
        for column in ("image", "label"):
            if column not in present:
                raise FerError("column_missing", path, column=column, expected="image, label")
        features = Features.from_arrow_schema(file.schema_arrow)
        has_votes = present.issuperset(vote_columns)
        wanted = ["image", "label", *present.intersection(["usage"]), *(vote_columns if has_votes else [])]
        table = file.read(columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise FerError("parquet_broken", path, reason=first_line(error)) from error
    if not table.num_rows:
        raise FerError("table_empty", path)
    labels = class_indices(table["label"].to_pylist(), features["label"], str(path))
    votes = usages = None
    if has_votes:
        votes = np.stack([vote_numbers(table[column], f"{path}: {column}") for column in vote_columns], axis=1)
    if "usage" in present:
        usages = [usage_name(v, f"{path}: row {row}") for row, v in enumerate(table["usage"].to_pylist(), 1)]
    return split_by_usage(as_dataset(parquet_pictures(table["image"], path), labels, votes), usages)


def class_indices(values: list, feature: object, place: str) -> list[int]:
    """Class indices from numbers in the order of FER2013, from names, or from a ClassLabel in any order."""
    if isinstance(feature, ClassLabel):
        names = dict(enumerate(feature.names))
        values = [names.get(value, value) for value in values]
    return [class_index(value, f"{place}: row {row}") for row, value in enumerate(values, 1)]


def vote_numbers(column: pa.ChunkedArray, place: str) -> np.ndarray:
    """One column of votes as float32 (n,)."""
    if not (pa.types.is_integer(column.type) or pa.types.is_floating(column.type)) or column.null_count:
        raise FerError("votes_column", place)
    return column.to_numpy().astype(np.float32)


def parquet_pictures(column: pa.ChunkedArray, path: Path) -> pa.Array:
    """The image column as `datasets` stores it; a picture must be in the file itself, not at a path or address."""
    try:
        pictures = ImageFeature().cast_storage(column.combine_chunks())
        content = pictures.field("bytes")
    except (pa.ArrowException, TypeError, KeyError) as error:
        raise FerError("image_column_type", path, found=column.type) from error
    missing = np.flatnonzero(content.is_null().to_numpy(zero_copy_only=False))
    if len(missing):
        raise FerError("image_missing", f"{path}: row {missing[0] + 1}")
    return pictures
