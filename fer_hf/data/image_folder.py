"""FER data from pictures in folders: train/angry/*.jpg, test/angry/*.jpg and so on.

The `imagefolder` builder of `datasets` is not used: it copies every face into a cache that outlives the command, takes
empty and misspelled class folders as they are, and cannot part Kaggle's test folder by file name.
"""

from pathlib import Path

from datasets import Dataset

from fer_hf.data.schema import SPLIT_OF_NAME, Source, as_dataset, class_index, stored_pictures
from fer_hf.errors import FerError
from fer_hf.labels import LABEL_OF_NAME, LABELS

# What file managers leave behind, beside names that begin with a dot.
IGNORED = ("thumbs.db", "desktop.ini", "__macosx")
CLASS_NAMES = ", ".join(LABELS)


def read_folder(path: Path) -> Source:
    """Read split folders that contain class folders, or class folders alone, which are all train.

    Kaggle's copy of FER2013 has both evaluation splits in `test/`, to be told apart by file name.

    Raises:
        FerError: a folder or file is not what its place asks for.
    """
    folders = [folder for folder in entries(path) if folder.is_dir()]
    names = {folder.name.lower() for folder in folders}
    if names.intersection(SPLIT_OF_NAME):
        files = {split: split_files(folder) for split, folder in split_folders(path, folders).items()}
    elif names.intersection(LABEL_OF_NAME):
        files = {"train": split_files(path)}
    else:
        raise FerError("folder_layout", path, labels=CLASS_NAMES)
    official = split_kaggle_test(files)
    return Source({split: picture_dataset(listed) for split, listed in files.items()}, official)


def entries(folder: Path) -> list[Path]:
    """The contents of a folder in the order of their names, without what file managers leave behind."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise FerError("file_unreadable", folder, reason=error.strerror or error) from error
    return [path for path in found if not path.name.startswith(".") and path.name.lower() not in IGNORED]


def split_folders(path: Path, folders: list[Path]) -> dict[str, Path]:
    """The folder of each split; files beside them, such as a licence, are ignored."""
    found = {}
    for folder in folders:
        split = SPLIT_OF_NAME.get(folder.name.lower())
        if split is None:
            raise FerError("split_folder_unknown", path, name=folder.name)
        if split in found:
            raise FerError("split_repeated", path, split=split, names=f"{found[split].name}, {folder.name}")
        found[split] = folder
    return found


def split_files(folder: Path) -> list[tuple[Path, int]]:
    """The file and class index of each picture in the class folders of one split."""
    files = []
    for class_folder in entries(folder):
        if not class_folder.is_dir():
            raise FerError("class_folder_expected", class_folder, labels=CLASS_NAMES)
        if class_folder.name.lower() not in LABEL_OF_NAME:
            raise FerError("class_folder_unknown", folder, name=class_folder.name, labels=CLASS_NAMES)
        label = class_index(class_folder.name, str(folder))
        pictures = entries(class_folder)
        if not pictures:
            raise FerError("class_folder_empty", class_folder)
        for picture in pictures:
            if not picture.is_file():
                raise FerError("picture_file_expected", picture)
            files.append((picture, label))
    if not files:
        raise FerError("split_empty", folder)
    return files


def split_kaggle_test(files: dict[str, list[tuple[Path, int]]]) -> bool:
    """Move the PublicTest_* pictures of test to validation.

    Returns:
        Whether all pictures of test are then PrivateTest by their file names.
    """
    public = [entry for entry in files.get("test", []) if entry[0].name.startswith("PublicTest_")]
    private = [entry for entry in files.get("test", []) if entry[0].name.startswith("PrivateTest_")]
    if public and private and len(public) + len(private) == len(files["test"]) and "validation" not in files:
        files["validation"], files["test"] = public, private
    return bool(private) and private == files["test"]


def picture_dataset(files: list[tuple[Path, int]]) -> Dataset:
    """A Dataset whose pictures are read from their files on access."""
    paths = [str(path.absolute()) for path, _ in files]
    return as_dataset(stored_pictures([None] * len(paths), paths), [label for _, label in files])
