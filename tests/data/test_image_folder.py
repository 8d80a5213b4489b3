"""Pictures in folders: the layouts people have, and the ones that are refused."""

import pytest

from fer_hf.data.image_folder import read_folder
from fer_hf.errors import FerError
from tests.support.made_sources import write_pictures


def labels(source):
    return {name: split["label"][:] for name, split in source.splits.items()}


def test_three_splits_with_other_spellings(tmp_path):
    write_pictures(tmp_path / "Train" / "Angry", [0, 1])
    write_pictures(tmp_path / "Train" / "happiness", [2])
    write_pictures(tmp_path / "valid" / "4", [3])
    write_pictures(tmp_path / "TEST" / "Surprised", [4])
    (tmp_path / "LICENSE.txt").write_text("files beside the splits are left alone")
    source = read_folder(tmp_path)
    assert labels(source) == {"train": [0, 0, 3], "validation": [4], "test": [5]}
    assert not source.official
    assert source.splits["train"][0]["image"].size == (48, 48)


def test_what_file_managers_leave_is_not_data(tmp_path):
    write_pictures(tmp_path / "train" / "sad", [0])
    for litter in (tmp_path, tmp_path / "train", tmp_path / "train" / "sad"):
        (litter / ".DS_Store").write_bytes(b"x")
        (litter / "Thumbs.db").write_bytes(b"x")
    (tmp_path / "__MACOSX").mkdir()
    assert labels(read_folder(tmp_path)) == {"train": [4]}


def test_class_folders_alone_are_train(tmp_path):
    write_pictures(tmp_path / "fear", [0])
    write_pictures(tmp_path / "neutral", [1])
    assert labels(read_folder(tmp_path)) == {"train": [2, 6]}


def test_kaggle_file_names_give_the_official_splits(tmp_path):
    write_pictures(tmp_path / "train" / "angry", [0], "Training_{}.png")
    write_pictures(tmp_path / "test" / "angry", [1, 2], "PublicTest_{}.png")
    write_pictures(tmp_path / "test" / "sad", [3], "PrivateTest_{}.png")
    source = read_folder(tmp_path)
    assert labels(source) == {"train": [0], "validation": [0, 0], "test": [4]}
    assert source.official


def test_test_with_other_names_among_kaggles_is_not_official(tmp_path):
    write_pictures(tmp_path / "train" / "angry", [0])
    write_pictures(tmp_path / "test" / "angry", [1], "PublicTest_{}.png")
    write_pictures(tmp_path / "test" / "angry", [2], "PrivateTest_{}.png")
    write_pictures(tmp_path / "test" / "angry", [3], "mine_{}.png")
    source = read_folder(tmp_path)
    assert labels(source) == {"train": [0], "test": [0, 0, 0]}
    assert not source.official


def test_private_test_beside_a_validation_folder_is_official(tmp_path):
    write_pictures(tmp_path / "train" / "angry", [0])
    write_pictures(tmp_path / "val" / "angry", [1], "PublicTest_{}.png")
    write_pictures(tmp_path / "test" / "angry", [2], "PrivateTest_{}.png")
    assert read_folder(tmp_path).official


def make_empty_class(root):
    (root / "train" / "disgust").mkdir()
    return "class_folder_empty", "disgust: this class folder is empty"


def make_unknown_class(root):
    write_pictures(root / "train" / "contempt", [5])
    return (
        "class_folder_unknown",
        "unknown class folder 'contempt' (expected angry, disgust, fear,",
    )


def make_unknown_split(root):
    write_pictures(root / "extra" / "sad", [5])
    return "split_folder_unknown", "unknown split folder 'extra' (expected train, validation, test)"


def make_empty_split(root):
    (root / "test").mkdir()
    return "split_empty", "test: this split is empty"


def make_two_validations(root):
    write_pictures(root / "val" / "sad", [5])
    write_pictures(root / "valid" / "sad", [6])
    return "split_repeated", "several splits are validation: val, valid"


def make_loose_file(root):
    write_pictures(root / "train", [5])
    return "class_folder_expected", "5.png: a file where class folders are expected"


def make_folder_in_class(root):
    (root / "train" / "sad" / "more").mkdir()
    return "picture_file_expected", "more: not a file, where a picture is expected"


@pytest.mark.parametrize("spoil", [value for name, value in list(globals().items()) if name.startswith("make_")])
def test_spoiled_folder_is_refused(tmp_path, spoil):
    write_pictures(tmp_path / "train" / "sad", [0])
    code, message = spoil(tmp_path)
    with pytest.raises(FerError) as caught:
        read_folder(tmp_path)
    assert caught.value.code == code
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


def test_folder_without_splits_and_classes_is_refused(tmp_path):
    (tmp_path / "images").mkdir()
    with pytest.raises(FerError, match=r"contains neither split folders .* nor class folders"):
        read_folder(tmp_path)
