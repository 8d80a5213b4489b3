"""Putting FER data on the Hub as a data set with a card: `python -m fer_hf publish-data --data D --to user/name`.

Private unless --public is given: FER2013 comes without a licence to pass its photos on. The data go up as they are,
leaks and all, in the source's splits; whoever reads them with this package gets them without leaks.
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from datasets import Dataset
from datasets.table import embed_table_storage
from huggingface_hub import DatasetCardData

from fer_hf.data.duplicates import pixel_hashes
from fer_hf.data.load import read_source
from fer_hf.data.schema import SPLITS
from fer_hf.errors import FerError
from fer_hf.hub.upload import check_repo_id, upload
from fer_hf.labels import FERPLUS_COLUMNS, LABELS

# FER2013's own names, so that a reader knows which test split it is.
OFFICIAL_NAMES = {"validation": "PublicTest", "test": "PrivateTest"}
SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))
CARD = """\
---
{metadata}
---

# {name}

Faces labelled by expression, made from `{source}` by `python -m fer_hf publish-data`.

| expression | {splits} |
|---|{lines}
{rows}

Columns: `image`; `label`, 0 to 6 in the order of the table{votes}.

```python
from datasets import load_dataset

faces = load_dataset("{repo_id}")
```

{leaks}

## Terms

{terms} The people in the pictures have not been asked. Do not publish the pictures, do not look for who they are, and
do not train what reads people's emotions at work or in education: the European Union forbids it (AI Act, Article
5(1)(f)).
"""
OFFICIAL = """\
This is FER2013 (Goodfellow et al., 2013), whose pictures a Kaggle competition gave out for research without an open
licence: keep this data set private."""
UNKNOWN = "The terms are those of the source; they are not known here."


def publish_data(
    source: str, to: str, *, votes: Path | None = None, public: bool = False, dry_run: bool = False
) -> None:
    """Make the Hub's data set `to` hold the faces of `source`, any that `fer_hf.data.load` reads.

    Raises:
        FerError: the source cannot be read; whatever the Hub refuses.
    """
    check_repo_id(to)
    found = read_source(source, votes)
    names = OFFICIAL_NAMES if found.official else {}
    splits = {names.get(name, name): with_pictures(found.splits[name]) for name in SPLITS if name in found.splits}
    with TemporaryDirectory() as folder:
        files = parquet_files(splits, Path(folder))
        files["README.md"] = card(splits, source, to, found.official).encode()
        upload(to, "dataset", files, "Publish the faces", private=not public, dry_run=dry_run)


def with_pictures(split: Dataset) -> Dataset:
    """The split with every picture inside it, and without the folders that they stood in."""
    inside = split.with_format("arrow").map(embed_table_storage, batched=True, batch_size=1000, keep_in_memory=True)
    return inside.with_format(None)


def parquet_files(splits: dict[str, Dataset], folder: Path) -> dict[str, Path | bytes]:
    """One parquet file per split."""
    files = {}
    for name, split in splits.items():
        path = folder / f"{name}.parquet"
        try:
            split.to_parquet(path)
        except OSError as error:
            raise FerError("file_unwritable", path, reason=error.strerror or error) from error
        files[f"data/{name}-00000-of-00001.parquet"] = path
    return files


def card(splits: dict[str, Dataset], source: str, to: str, official: bool) -> str:
    """The data set's README.md."""
    counts = np.stack([np.bincount(split["label"][:], minlength=len(LABELS)) for split in splits.values()], axis=1)
    rows = [*zip(LABELS, counts.tolist(), strict=True), ("all", counts.sum(0).tolist())]
    has_votes = any("votes" in split.column_names for split in splits.values())
    return CARD.format(
        metadata=metadata(splits, to).to_yaml(),
        name=to.rpartition("/")[2],
        source=Path(source).name if Path(source).exists() else source,
        splits=" | ".join(splits),
        lines="---|" * len(splits),
        rows="\n".join(f"| {label} | {' | '.join(f'{count:,}' for count in row)} |" for label, row in rows),
        votes=f"; `votes`, FER+'s ten taggers on {', '.join(FERPLUS_COLUMNS)}" if has_votes else "",
        repo_id=to,
        leaks=leaks(splits),
        terms=OFFICIAL if official else UNKNOWN,
    )


def leaks(splits: dict[str, Dataset]) -> str:
    """How many pictures stand in training and elsewhere."""
    hashes = {name: pixel_hashes(split, name) for name, split in splits.items()}
    train = hashes.pop("train", np.array([]))
    counts = {name: int(np.isin(each, train).sum()) for name, each in hashes.items()}
    words = " and ".join(f"{count:,} of {len(hashes[name]):,} in {name}" for name, count in counts.items())
    if not words:
        return "There is one split, so nothing can leak."
    return f"Pictures that also stand in train, pixel for pixel: {words}. They are left in."


def metadata(splits: dict[str, Dataset], to: str) -> DatasetCardData:
    """The card's YAML, with the file of each split."""
    total = sum(map(len, splits.values()))
    files = [{"split": name, "path": f"data/{name}-*.parquet"} for name in splits]
    return DatasetCardData(
        license="other",
        license_name="research-use",
        task_categories=["image-classification"],
        size_categories=[next((name for limit, name in SIZES if total < limit), "n>1M")],
        pretty_name=to.rpartition("/")[2],
        tags=["facial-expression-recognition"],
        configs=[{"config_name": "default", "data_files": files}],
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", required=True, metavar="D", help="a FER2013 source: see `python -m fer_hf data`")
    parser.add_argument("--votes", metavar="F", type=Path, help="FER+'s fer2013new.csv, beside a CSV of FER2013")
    parser.add_argument("--to", required=True, metavar="USER/NAME", help="the data set's name on the Hub")
    parser.add_argument("--public", action="store_true", help="show it to everybody: only if you may")
    parser.add_argument("--dry_run", action="store_true", help="say what would be done, and do nothing")


def run(arguments: argparse.Namespace) -> None:
    publish_data(
        arguments.data, arguments.to, votes=arguments.votes, public=arguments.public, dry_run=arguments.dry_run
    )
