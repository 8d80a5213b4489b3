"""FER data as pictures in folders: train/angry/*.jpg, test/angry/*.jpg and so on."""

from pathlib import Path

from datasets import Dataset

from fer_hf.data.schema import SPLIT_OF_NAME, Source, as_dataset, class_index, stored_pictures
from fer_hf.errors import FerError
from fer_hf.labels import LABEL_OF_NAME, LABELS

# What file managers leave behind; so are names that begin with a dot.
NOT_OURS = ("thumbs.db", "desktop.ini", "__macosx")


def read_folder(path: Path) -> Source:
    """Split folders with class folders inside, or class folders alone (all train). Pictures stay where they are.

    Kaggle's copy of FER2013 puts both evaluation splits into `test/`; the file names tell them apart.
    """
    folders = [folder for folder in entries(path) if folder.is_dir()]
    names = {folder.name.lower() for folder in folders}
    if names.intersection(SPLIT_OF_NAME):
        files = {split: split_files(folder) for split, folder in split_folders(path, folders).items()}
    elif names.intersection(LABEL_OF_NAME):
        files = {"train": split_files(path)}
    else:
        raise FerError(f"{path}: has neither split folders (train, validation, test) nor class folders ({the_seven()})")
    official = part_kaggle_test(files)
    return Source({split: picture_dataset(listed) for split, listed in files.items()}, official)


def entries(folder: Path) -> list[Path]:
    """What stands in a folder, in the order of names, without what file managers leave behind."""
    try:
        found = sorted(folder.iterdir())
    except OSError as error:
        raise FerError(f"{folder}: cannot be read ({error.strerror or error})") from error
    return [path for path in found if not path.name.startswith(".") and path.name.lower() not in NOT_OURS]


def split_folders(path: Path, folders: list[Path]) -> dict[str, Path]:
    """Folder of each split; files beside them (a licence, a CSV) are left alone."""
    found = {}
    for folder in folders:
        split = SPLIT_OF_NAME.get(folder.name.lower())
        if split is None:
            raise FerError(f"{path}: unknown split folder {folder.name!r} (expected train, validation, test)")
        if split in found:
            raise FerError(f"{path}: both {found[split].name!r} and {folder.name!r} are {split}")
        found[split] = folder
    return found


def split_files(folder: Path) -> list[tuple[Path, int]]:
    """(file, class index) of all pictures in the class folders of one split."""
    files = []
    for class_folder in entries(folder):
        if not class_folder.is_dir():
            raise FerError(f"{class_folder}: stands where class folders are expected ({the_seven()})")
        if class_folder.name.lower() not in LABEL_OF_NAME:
            raise FerError(f"{folder}: unknown class folder {class_folder.name!r} (expected {the_seven()})")
        label = class_index(class_folder.name, str(folder))
        pictures = entries(class_folder)
        if not pictures:
            raise FerError(f"{class_folder}: this class folder is empty")
        for picture in pictures:
            if not picture.is_file():
                raise FerError(f"{picture}: is no picture file")
            files.append((picture, label))
    if not files:
        raise FerError(f"{folder}: this split is empty (expected class folders {the_seven()})")
    return files


def part_kaggle_test(files: dict[str, list[tuple[Path, int]]]) -> bool:
    """Move test's PublicTest_* pictures to validation; return whether test is then PrivateTest by its file names."""
    public = [entry for entry in files.get("test", []) if entry[0].name.startswith("PublicTest_")]
    private = [entry for entry in files.get("test", []) if entry[0].name.startswith("PrivateTest_")]
    if public and private and len(public) + len(private) == len(files["test"]) and "validation" not in files:
        files["validation"], files["test"] = public, private
    return bool(private) and private == files["test"]


def picture_dataset(files: list[tuple[Path, int]]) -> Dataset:
    """A Dataset of pictures that are read from their files when they are asked for."""
    paths = [str(path.absolute()) for path, _ in files]
    return as_dataset(stored_pictures([None] * len(paths), paths), [label for _, label in files])


def the_seven() -> str:
    return ", ".join(LABELS)
