"""FER data from a dataset on the Hub: one with a picture column and a column of labels, as numbers or names."""

import re
import sys

from datasets import Dataset, DatasetDict, Image, load_dataset
from datasets.exceptions import DatasetsError
from huggingface_hub.errors import HFValidationError

from fer_hf.data.schema import LABEL, OFFICIAL_TEST, SPLIT_OF_NAME, VOTES, Source
from fer_hf.data.tabular import class_indices
from fer_hf.errors import FerError, first_line

LABEL_COLUMNS = ("label", "labels", "emotion", "expression")


def is_hub_id(source: str) -> bool:
    """Whether `source` looks like the id of a dataset, "user/name"."""
    return re.fullmatch(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*", source) is not None


def read_hub(name: str) -> Source:
    """Download a dataset, or take it from the local cache if that is up to date."""
    try:
        found = load_dataset(name)
    except (DatasetsError, HFValidationError, OSError, ValueError, RuntimeError) as error:
        reason = first_line(error)
        raise FerError("hub_dataset_unreadable", name, reason=reason) from error
    return standard_splits(found, name)


def standard_splits(found: DatasetDict, name: str) -> Source:
    """Rename the splits and columns of a Hub dataset to ours."""
    splits, official = {}, False
    for spelled, split in found.items():
        ours = SPLIT_OF_NAME.get(spelled.lower())
        if ours is None:
            print(f"{name}: split {spelled!r} is not one of train, validation, test and is not used", file=sys.stderr)
        elif ours in splits:
            raise FerError("split_repeated", name, split=ours, names=", ".join(found))
        else:
            splits[ours] = standard_columns(split, f"{name}: {spelled}")
            official |= spelled.lower() == OFFICIAL_TEST
    return Source(splits, official)


def standard_columns(split: Dataset, place: str) -> Dataset:
    """The columns image, label and, where there are some, votes of one split."""
    if not len(split):
        raise FerError("split_empty", place)
    images = [column for column, feature in split.features.items() if holds_pictures(feature)]
    labels = [column for column in LABEL_COLUMNS if column in split.features]
    if not labels or (len(images) != 1 and "image" not in images):
        raise FerError("hub_columns", place, found=", ".join(split.column_names))
    image = "image" if "image" in images else images[0]
    indices = class_indices(split[labels[0]][:], split.features[labels[0]], place)
    votes = ["votes"] if split.features.get("votes") == VOTES else []
    split = split.select_columns([image, *votes])
    split = split if image == "image" else split.rename_column(image, "image")
    return split.cast_column("image", Image()).add_column("label", indices, feature=LABEL)


def holds_pictures(feature: object) -> bool:
    """Whether a column is one of pictures, declared as such or only stored like them."""
    return isinstance(feature, Image) or (isinstance(feature, dict) and set(feature) == {"bytes", "path"})
