"""From a source of faces to the three splits that training and evaluation use.

    splits = load_fer("fer2013.csv")
    splits["train"][0]  # {"image": <PIL 48x48 L>, "label": 0, "target": [1.0, 0, 0, 0, 0, 0, 0]}

Training pictures that are also in validation or test are dropped, with a message on stderr.
"""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset, DatasetDict, List, Value

from fer_hf.data.duplicates import hash_of_all, label_shares, pixel_hashes
from fer_hf.data.hub_dataset import is_hub_id, read_hub
from fer_hf.data.image_folder import read_folder
from fer_hf.data.schema import SPLITS, Source
from fer_hf.data.tabular import read_csv, read_parquet
from fer_hf.errors import FerError
from fer_hf.labels import LABELS

CONFLICTS = ("soft", "drop", "keep")
HELD_OUT = 0.1  # fraction of train that becomes a missing validation or test split
PRIVATE_TEST = "fdd0bbc7f121b0e368e17e83bd6d69c1"  # hash_of_all of the 3,589 PrivateTest pictures, lossless
TARGET = List(Value("float32"), length=len(LABELS))


@dataclass(frozen=True)
class FerReport:
    """What was done to the source to make the splits, in numbers of pictures unless stated otherwise."""

    leaked: int  # training pictures that are also in validation or test
    dropped_leaks: int
    conflicting: int  # remaining training pictures that are identical to one with another label
    conflicting_groups: int
    dropped_conflicts: int
    held_out: tuple[str, ...]  # splits that the source lacks, taken from its train split


@dataclass(frozen=True)
class FerData:
    """The splits; `official`: test is FER2013's own PrivateTest, by the name of the split or by its pixels."""

    splits: DatasetDict
    official: bool
    report: FerReport


def load_fer(source: str | Path, **options: Any) -> DatasetDict:
    """The splits of `read_fer`, which takes the same options."""
    return read_fer(source, **options).splits


def read_fer(
    source: str | Path,
    *,
    votes: Path | None = None,
    drop_leaks: bool = True,
    conflicts: str = "soft",
    seed: int = 0,
) -> FerData:
    """Read train, validation and test from `source`, with no training picture in the other two.

    Every split has `image` and `label`, and `votes` (ten floats in the order of FERPLUS_COLUMNS) where they are known.
    Train has `target`, seven floats that sum to 1; validation and test have `in_train`: whether the picture was also in
    the training split of the source.

    Args:
        source: a CSV or parquet file, a folder of pictures, or the id of a dataset on the Hub.
        votes: FER+'s `fer2013new.csv`, for a CSV in the original row order.
        drop_leaks: drop the training pictures that are also in validation or test.
        conflicts: identical training pictures with conflicting labels get the mean of their labels as target ("soft"),
            are dropped ("drop") or keep their own label ("keep").
        seed: for the random choice of the splits that the source lacks.

    Raises:
        FerError: the source cannot be read as FER data; the error names the file and the line, row or folder.
    """
    if conflicts not in CONFLICTS:
        raise FerError("not_a_choice", "conflicts", value=conflicts, choices=", ".join(CONFLICTS))
    splits, named_official, held_out = read_splits(source, votes, seed)
    hashes = {name: pixel_hashes(splits[name], f"{source}: {name}") for name in SPLITS}
    for name in ("validation", "test"):
        in_train = np.isin(hashes[name], hashes["train"])
        splits[name] = splits[name].add_column("in_train", in_train, feature=Value("bool"))
    leaked = np.isin(hashes["train"], np.concatenate([hashes["validation"], hashes["test"]]))
    kept = ~leaked if drop_leaks else np.ones(len(leaked), dtype=bool)
    train, conflict_counts = with_targets(splits["train"], hashes["train"], kept, conflicts)
    report = FerReport(leaked=int(leaked.sum()), dropped_leaks=int((~kept).sum()), held_out=held_out, **conflict_counts)
    if not len(train):
        raise FerError("train_empty", source)
    print_report(report, source)
    splits = DatasetDict(train=train, validation=splits["validation"], test=splits["test"])
    return FerData(splits, named_official or is_private_test(hashes["test"]), report)


def read_splits(source: str | Path, votes: Path | None, seed: int) -> tuple[dict[str, Dataset], bool, tuple[str, ...]]:
    """The three splits as they are in the source, whether it calls test PrivateTest, and which splits were held out."""
    found = read_source(source, votes)
    if "train" not in found.splits:
        raise FerError("train_missing", source, found=" and ".join(found.splits))
    splits = dict(found.splits)
    held_out = tuple(name for name in SPLITS if name not in splits)
    for name in held_out:
        splits["train"], splits[name] = hold_out(splits["train"], seed)
        if not len(splits[name]):
            raise FerError("too_few_to_hold_out", source, split=name)
    return {name: splits[name] for name in SPLITS}, found.official, held_out


def read_source(source: str | Path, votes: Path | None = None) -> Source:
    """Read a folder, a CSV or parquet file, or a dataset on the Hub."""
    path = Path(source)
    suffix = path.suffix.lower()
    if votes is not None and (suffix != ".csv" or path.is_dir()):
        raise FerError("votes_need_csv", votes, data=source)
    if path.is_dir():
        return read_folder(path)
    if path.is_file():
        if suffix == ".csv":
            return read_csv(path, votes)
        if suffix == ".parquet":
            return read_parquet(path)
        raise FerError("source_type", source)
    if suffix in (".csv", ".parquet") or not is_hub_id(str(source)):
        raise FerError("source_missing", source)
    return read_hub(str(source))


def is_private_test(hashes: np.ndarray) -> bool:
    """Whether these `pixel_hashes` are exactly those of FER2013's PrivateTest."""
    return hash_of_all(hashes) == PRIVATE_TEST


def with_targets(
    train: Dataset, hashes: np.ndarray, kept: np.ndarray, conflicts: str
) -> tuple[Dataset, dict[str, int]]:
    """The `kept` rows of train with their `target`, and the counts of conflicting labels among them."""
    labels = np.array(train["label"][:])
    own = np.eye(len(LABELS), dtype=np.float32)[labels]
    target = own.copy()
    target[kept] = label_shares(hashes[kept], labels[kept], len(LABELS))
    conflicting = kept & (target.max(axis=1) < 1)
    counts = {
        "conflicting": int(conflicting.sum()),
        "conflicting_groups": len(np.unique(hashes[conflicting])),
        "dropped_conflicts": int(conflicting.sum()) if conflicts == "drop" else 0,
    }
    if conflicts == "drop":
        kept = kept & ~conflicting
    target = own if conflicts == "keep" else target
    train = train.add_column("target", list(target), feature=TARGET)
    return train.select(np.flatnonzero(kept)), counts


def hold_out(train: Dataset, seed: int) -> tuple[Dataset, Dataset]:
    """Split train into the rest and a random tenth of each class, at least one picture of a class that has two."""
    labels = np.array(train["label"][:])
    generator = np.random.default_rng(seed)
    taken = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        taken[rows[: max(round(HELD_OUT * len(rows)), min(1, len(rows) - 1))]] = True
    return train.select(np.flatnonzero(~taken)), train.select(np.flatnonzero(taken))


def print_report(report: FerReport, source: str | Path) -> None:
    """Print on stderr what was done to the source, if anything."""
    lines = []
    if report.held_out:
        lines.append(f"no {' and no '.join(report.held_out)} split: a tenth of each class of train is held out instead")
    if report.leaked:
        done = "dropped" if report.dropped_leaks else "KEPT"
        lines.append(f"{report.leaked:,} training pictures are also in validation or test: {done}")
    if report.conflicting:
        done = "dropped" if report.dropped_conflicts else "kept"
        lines.append(
            f"{report.conflicting:,} training pictures in {report.conflicting_groups:,} groups of identical pictures"
            f" have conflicting labels: {done}"
        )
    for line in lines:
        print(f"{source}: {line}", file=sys.stderr)
