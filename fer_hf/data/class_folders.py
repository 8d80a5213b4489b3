"""Labelled pictures of any data set, in one folder per expression: RAF-DB, AffectNet, CK+, SFEW, or one's own photos.

Unlike a source for training (`image_folder`), classes may be missing, and folders whose class is none of the seven are
left out and named.
"""

from pathlib import Path
from typing import NamedTuple

from fer_hf.data.image_folder import entries
from fer_hf.data.schema import SPLIT_OF_NAME
from fer_hf.errors import FerError
from fer_hf.labels import LABEL_OF_NAME, LABELS

# What data sets mean by a number; the same number is another expression in each.
NUMBERINGS = {
    "fer2013": dict(enumerate(LABELS)),
    "raf-db": {1: "surprise", 2: "fear", 3: "disgust", 4: "happy", 5: "sad", 6: "angry", 7: "neutral"},
    "affectnet": {0: "neutral", 1: "happy", 2: "sad", 3: "surprise", 4: "fear", 5: "disgust", 6: "angry"}
    | dict.fromkeys((7, 8, 9, 10)),  # contempt, none, uncertain, no face
}
# Classes of such data sets that are none of the seven.
LEFT_OUT = ("contempt", "none", "uncertain", "unknown", "no-face", "noface", "nf", "other")


class ClassFolders(NamedTuple):
    """The pictures of some class folders."""

    pictures: list[Path]
    labels: list[int]  # class indices
    left_out: list[str]  # names of the folders whose class is none of the seven


def are_class_folders(path: Path) -> bool:
    """Whether this is a folder of class folders, not one of splits, nor a file."""
    return path.is_dir() and not any(each.name.lower() in SPLIT_OF_NAME for each in entries(path))


def read_class_folders(path: Path, numbering: str | None = None) -> ClassFolders:
    """List the pictures under each class folder, in subfolders too.

    Args:
        numbering: one of NUMBERINGS, where the folders are called by numbers.

    Raises:
        FerError: a folder's name says no class, or a number without a numbering; or there is no picture at all.
    """
    found = ClassFolders([], [], [])
    for folder in (each for each in entries(path) if each.is_dir()):
        label = class_of(folder, numbering)
        if label is None:
            found.left_out.append(folder.name)
            continue
        pictures = pictures_in(folder)
        found.pictures.extend(pictures)
        found.labels.extend([LABELS.index(label)] * len(pictures))
    if not found.pictures:
        raise FerError("class_folders_empty", path, labels=", ".join(LABELS))
    return found


def class_of(folder: Path, numbering: str | None) -> str | None:
    """The expression that a folder's name says; None where it is one of LEFT_OUT.

    Raises:
        FerError: it says neither.
    """
    name = folder.name.strip().lower()
    if name in LEFT_OUT:
        return None
    if name.isdecimal():
        if numbering is None:
            raise FerError("class_folder_number", folder, numberings=", ".join(NUMBERINGS))
        if int(name) not in NUMBERINGS[numbering]:
            raise FerError("class_folder_not_numbered", folder, numbering=numbering)
        return NUMBERINGS[numbering][int(name)]
    if name not in LABEL_OF_NAME:
        raise FerError("class_folder_strange", folder, labels=", ".join(LABELS), left_out=", ".join(LEFT_OUT))
    return LABEL_OF_NAME[name]


def pictures_in(folder: Path) -> list[Path]:
    """All files below a folder in the order of their paths, without what file managers leave behind."""
    listed = []
    for each in entries(folder):
        listed += pictures_in(each) if each.is_dir() else [each]
    return listed
