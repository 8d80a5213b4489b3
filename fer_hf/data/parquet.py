"""Kaggle's CSV and Microsoft's FER+ votes in one parquet file, which is smaller and read faster.

The columns are those that `fer_hf.data.tabular` reads: image (PNG), label (0 to 6), usage and ten columns of votes.
"""

from pathlib import Path

import numpy as np
from datasets import Dataset, Value

from fer_hf.data.tabular import read_whole_csv
from fer_hf.errors import FerError
from fer_hf.io import replacing
from fer_hf.labels import FERPLUS_COLUMNS

USAGES = {usage.lower(): usage for usage in ("Training", "PublicTest", "PrivateTest")}  # as FER2013 spells them


def csv_to_parquet(data: Path, votes: Path | None, output: Path) -> str:
    """Write the CSV at `data`, joined with `votes` if given, to `output`; return what was written, in one line.

    Raises:
        FerError: one of the files cannot be read or written, or the two do not belong together; nothing is written.
    """
    if output.suffix.lower() != ".parquet":
        raise FerError("output_not_parquet", output)
    if data.suffix.lower() != ".csv":
        raise FerError("parquet_needs_csv", data)
    whole, usages = read_whole_csv(data, votes)
    if usages:
        whole = whole.add_column("usage", [USAGES.get(usage, usage) for usage in usages], feature=Value("string"))
    if votes is not None:
        whole = vote_columns(whole)
    with replacing(output) as temporary:
        whole.to_parquet(temporary)
    return f"{output}: {len(whole):,} pictures{' with FER+ votes' if votes else ''}"


def vote_columns(whole: Dataset) -> Dataset:
    """The rows with the column votes as ten columns, fp_neutral to fp_nf."""
    votes = np.asarray(whole["votes"][:], dtype=np.int16)
    whole = whole.remove_columns("votes")
    for name, column in zip(FERPLUS_COLUMNS, votes.T, strict=True):
        whole = whole.add_column(f"fp_{name}", column)
    return whole
