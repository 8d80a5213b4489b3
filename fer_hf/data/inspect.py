"""What a source of FER data contains, to be known before training on it.

fer-hf data --data fer2013.csv
fer-hf data --data fer2013.csv --votes fer2013new.csv --output fer2013.parquet
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import numpy as np
from datasets import Dataset

from fer_hf.data.duplicates import conflicting_groups, pictures, pixel_hash
from fer_hf.data.load import is_private_test, read_splits
from fer_hf.data.near_duplicates import SIDE, near_duplicates, thumbnail
from fer_hf.data.parquet import csv_to_parquet
from fer_hf.data.schema import SPLITS
from fer_hf.io import write_json
from fer_hf.labels import LABELS

BAR = 30  # characters, length of the longest bar in the table
MODE_NAMES = {"L": "grey", "RGB": "colour", "RGBA": "colour with transparency", "P": "palette", "1": "black and white"}


class Survey(NamedTuple):
    """What was seen of the pictures of one split."""

    labels: np.ndarray  # (n,)
    hashes: np.ndarray  # (n,) of duplicates.pixel_hash
    thumbnails: np.ndarray  # (n, SIDE, SIDE) of near_duplicates.thumbnail
    sizes: Counter  # "48x48" -> number of pictures
    modes: Counter  # mode of Pillow -> number of pictures
    blank: int  # pictures of a single shade
    votes: bool


def survey(split: Dataset, what: str) -> Survey:
    """Decode each picture of `split` once and collect what the report needs."""
    hashes, sizes, modes, blank = [], Counter(), Counter(), 0
    thumbnails = np.zeros((len(split), SIDE, SIDE), dtype=np.uint8)
    for row, image in enumerate(pictures(split, what)):
        hashes.append(pixel_hash(image))
        thumbnails[row] = thumbnail(image)
        sizes[f"{image.width}x{image.height}"] += 1
        modes[image.mode] += 1
        blank += is_blank(image.getextrema())
    labels = np.array(split["label"][:])
    return Survey(labels, np.array(hashes), thumbnails, sizes, modes, blank, "votes" in split.column_names)


def is_blank(extrema: tuple) -> bool:
    """Whether the minimum and the maximum of every channel (`Image.getextrema`) are equal."""
    channels = extrema if isinstance(extrema[0], tuple) else (extrema,)
    return all(low == high for low, high in channels)


def inspect_source(source: str, votes: Path | None, seed: int) -> dict:
    """Everything that the command reports, as it is written to JSON.

    Raises:
        FerError: the source cannot be read as FER data.
    """
    splits, named_official, held_out = read_splits(source, votes, seed)
    surveys = {name: survey(split, f"{source}: {name}") for name, split in splits.items()}
    by_pixels = is_private_test(surveys["test"].hashes)
    all_hashes = np.concatenate([each.hashes for each in surveys.values()])
    all_labels = np.concatenate([each.labels for each in surveys.values()])
    evaluated = np.concatenate([surveys["validation"].hashes, surveys["test"].hashes])
    leaked = int(np.isin(surveys["train"].hashes, evaluated).sum())
    return {
        "source": source,
        "private_test": "by its pixels" if by_pixels else "by its name" if named_official else None,
        "held_out": list(held_out),
        "splits": {name: count_split(each) for name, each in surveys.items()},
        "leaks": {**across_splits(surveys, identical), "train_pictures_to_drop": leaked},
        "near_duplicates": across_splits(surveys, nearly_identical),
        "conflicting_groups": conflicting_groups(all_hashes, all_labels, len(LABELS)),
        "distinct": len(np.unique(all_hashes)),
    }


def count_split(found: Survey) -> dict:
    """The counts of one split."""
    counts = np.bincount(found.labels, minlength=len(LABELS)).tolist()
    return {
        "pictures": len(found.labels),
        "distinct": len(np.unique(found.hashes)),
        "per_class": dict(zip(LABELS, counts, strict=True)),
        "blank": found.blank,
        "sizes": dict(found.sizes.most_common()),
        "modes": dict(found.modes.most_common()),
        "ferplus_votes": found.votes,
    }


def across_splits(surveys: dict[str, Survey], count: Callable[[Survey, Survey, str], int]) -> dict[str, int]:
    """`count` the pictures of each later split that are also in an earlier one, as {"test_in_train": ...}."""
    return {
        f"{later}_in_{earlier}": count(surveys[later], surveys[earlier], f"{later} and {earlier}")
        for earlier, later in combinations(SPLITS, 2)
    }


def identical(later: Survey, earlier: Survey, what: str) -> int:
    return int(np.isin(later.hashes, earlier.hashes).sum())


def nearly_identical(later: Survey, earlier: Survey, what: str) -> int:
    near = near_duplicates(later.thumbnails, later.hashes, earlier.thumbnails, earlier.hashes, f"comparing {what}")
    return int(near.sum())


def format_report(found: dict) -> str:
    """The report as text."""
    entries = [
        ("Test split", format_test(found["private_test"])),
        ("Held out", format_held_out(found["held_out"])),
        ("Pictures", format_sizes(found["splits"].values())),
        ("Blank", format_count(sum(split["blank"] for split in found["splits"].values()), "of a single shade")),
        ("Same pixels", format_leaks(found["leaks"])),
        ("Near duplicates", format_near(found["near_duplicates"])),
        ("Conflicts", format_count(found["conflicting_groups"], "groups of identical pictures have different labels")),
        ("FER+ votes", format_votes(found["splits"])),
    ]
    lines = [f"{name:<17}{value}" for name, value in entries if value]
    return "\n".join([str(found["source"]), "", *format_table(found["splits"]), "", *lines])


def format_table(splits: dict[str, dict]) -> list[str]:
    """The number of pictures per class and split, with a bar for the share of the class in train."""
    head = f"{'':<10}" + "".join(f"{name:>12}" for name in (*splits, "all"))
    most = max(splits["train"]["per_class"].values())
    lines = [f"{head}   share of train"]
    for label in LABELS:
        counts = [split["per_class"][label] for split in splits.values()]
        share = counts[0] / splits["train"]["pictures"]
        bar = "█" * round(BAR * counts[0] / most) or "▏"
        lines.append(format_row(label, counts) + f"   {bar} {share:.1%}")
    lines.append(format_row("all", [split["pictures"] for split in splits.values()]))
    lines.append(format_row("distinct", [split["distinct"] for split in splits.values()], total=False))
    return lines


def format_row(name: str, counts: Sequence[int], total: bool = True) -> str:
    counts = [*counts, sum(counts)] if total else counts
    return f"{name:<10}" + "".join(f"{count:>12,}" for count in counts)


def format_count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count else "none"


def format_test(private_test: str | None) -> str:
    if private_test == "by its pixels":
        return "FER2013's PrivateTest: all 3,589 pictures, pixel for pixel"
    if private_test == "by its name":
        return "called PrivateTest, but not with the original pixels (encoded again, or incomplete)"
    return "not FER2013's PrivateTest: scores on it cannot be compared with published ones"


def format_held_out(held_out: list[str]) -> str:
    return f"no {' and no '.join(held_out)} split in the source: taken from train, by the seed" if held_out else ""


def format_sizes(splits: Sequence[dict]) -> str:
    sizes, modes = Counter(), Counter()
    for split in splits:
        sizes.update(split["sizes"])
        modes.update({MODE_NAMES.get(mode, mode): count for mode, count in split["modes"].items()})
    return f"{format_most(sizes)}; {format_most(modes)}"


def format_most(counts: Counter) -> str:
    """The three most common, with the number of each."""
    if len(counts) == 1:
        return f"all {next(iter(counts))}"
    rest = f", {len(counts) - 3:,} others" if len(counts) > 3 else ""
    return ", ".join(f"{count:,} {name}" for name, count in counts.most_common(3)) + rest


def format_leaks(leaks: dict[str, int]) -> str:
    pairs = format_pairs(leaks)
    drop = leaks["train_pictures_to_drop"]
    return f"{pairs}\n{'':<17}training drops {drop:,} of its pictures because of this" if drop else pairs


def format_pairs(pairs: dict[str, int]) -> str:
    found = [f"{pairs[f'{b}_in_{a}']:,} of {b} in {a}" for a, b in combinations(SPLITS, 2) if pairs[f"{b}_in_{a}"]]
    return ", ".join(found) or "none"


def format_near(pairs: dict[str, int]) -> str:
    found = format_pairs(pairs)
    note = f"\n{'':<17}shifted, mirrored or encoded again: only counted, not dropped"
    return found + note if found != "none" else found


def format_votes(splits: dict[str, dict]) -> str:
    with_votes = [name for name, split in splits.items() if split["ferplus_votes"]]
    return "yes" if len(with_votes) == len(splits) else f"only in {', '.join(with_votes)}" if with_votes else "no"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data",
        required=True,
        metavar="D",
        help="fer2013.csv, icml_face_data.csv or train.csv of Kaggle, a parquet file, a folder with train/ and test/,"
        " or a dataset on the Hub (user/name)",
    )
    parser.add_argument("--votes", type=Path, metavar="F", help="FER+'s fer2013new.csv, for a CSV with the same rows")
    parser.add_argument("--seed", type=int, default=0, help="for the random choice of splits that the source lacks")
    parser.add_argument("--json", type=Path, metavar="F", help="also write the report to this file, as JSON")
    parser.add_argument(
        "--output",
        type=Path,
        metavar="F.parquet",
        help="instead of the report, write the CSV and its votes to this parquet file, which every command reads",
    )


def run(arguments: argparse.Namespace) -> None:
    if arguments.output is not None:
        print(csv_to_parquet(Path(arguments.data), arguments.votes, arguments.output))
        return
    found = inspect_source(arguments.data, arguments.votes, arguments.seed)
    print(format_report(found))
    if arguments.json is not None:
        write_json(arguments.json, found)
