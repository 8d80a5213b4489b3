"""Sources of FER data in every format, made of noise or drawings."""

import csv
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset
from PIL import Image

from fer_hf.data.schema import as_dataset, stored_pictures
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.data.tabular import encode_pixels
from fer_hf.labels import FERPLUS_COLUMNS


def noise(seed: int) -> np.ndarray:
    """A picture, uint8 (48, 48), of its own for each seed."""
    return np.random.default_rng(seed).integers(0, 256, (48, 48), dtype=np.uint8)


def pixels(seed: int) -> str:
    """The same picture as Kaggle's CSV writes it."""
    return " ".join(map(str, noise(seed).ravel()))


def write_csv(path: Path, rows: list[tuple], header: str = "emotion,pixels,Usage") -> Path:
    """A CSV of rows as they are; the header's columns in the rows' order."""
    with path.open("w", newline="") as file:
        file.write(header + "\n")
        csv.writer(file).writerows(rows)
    return path


def write_votes(path: Path, usages: list[str]) -> Path:
    """FER+'s table: row i has i % 10 votes for neutral and the rest for nf."""
    rows = [(usage, f"fer{i:07}.png", i % 10, *[0] * 8, 10 - i % 10) for i, usage in enumerate(usages)]
    names = [*FERPLUS_COLUMNS[:-1], "NF"]
    return write_csv(path, rows, header=",".join(["Usage", "Image name", *names]))


def write_pictures(folder: Path, seeds: list[int], name: str = "{}.png") -> None:
    """Pictures in a folder, one per seed."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed in seeds:
        Image.fromarray(noise(seed)).save(folder / name.format(seed))


def write_parquet(path: Path, seeds: list[int], labels: list, **columns: list) -> Path:
    """A parquet file of pictures, labels and other columns."""
    content = [encode_pixels(pixels(seed), "made") for seed in seeds]
    image = stored_pictures(content, [None] * len(content))
    pq.write_table(pa.table({"image": image, "label": pa.array(labels), **columns}), path)
    return path


def noise_split(seeds: list[int], labels: list[int]) -> Dataset:
    """A Dataset of pictures and class indices."""
    return as_dataset(
        stored_pictures([encode_pixels(pixels(seed), "made") for seed in seeds], [None] * len(seeds)), labels
    )


def scored_split() -> Dataset:
    """A test split of 21 synthetic faces in the columns of `fer_hf.data.load`.

    The first seven are also in train, and the votes have a majority, for angry, on the first 14.
    """
    test = synthetic_splits(21)["test"]
    votes = np.zeros((21, 10))
    votes[:14, 4] = 10
    return test.add_column("in_train", [i < 7 for i in range(21)]).add_column("votes", votes.tolist())
