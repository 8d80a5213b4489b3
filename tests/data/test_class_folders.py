"""Class folders of other data sets: what their names mean, what is left out, what is refused."""

import pytest

from fer_hf.data.class_folders import NUMBERINGS, are_class_folders, read_class_folders
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.labels import LABELS


def make(root, *paths):
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        draw_face("happy").save(root / path)
    return root


def test_names_are_mapped_classes_may_be_missing_and_others_are_left_out(tmp_path):
    make(tmp_path, "Happiness/a.png", "calm/f.png", "anger/s1/b.png", "anger/c.png", "Contempt/d.png", ".hidden/e.png")
    (tmp_path / "README.txt").write_text("of this data set")
    found = read_class_folders(tmp_path)
    assert [path.name for path in found.pictures] == ["a.png", "c.png", "b.png", "f.png"]
    assert [LABELS[label] for label in found.labels] == ["happy", "angry", "angry", "neutral"]
    assert found.left_out == ["Contempt"]


def test_a_number_means_what_its_data_set_says(tmp_path):
    make(tmp_path, "1/a.png", "6/b.png", "7/c.png")
    named = {name: [LABELS[label] for label in read_class_folders(tmp_path, name).labels] for name in ("raf-db",)}
    assert named == {"raf-db": ["surprise", "angry", "neutral"]}
    affectnet = read_class_folders(tmp_path, "affectnet")
    assert [LABELS[label] for label in affectnet.labels] == ["happy", "angry"] and affectnet.left_out == ["7"]
    assert [NUMBERINGS["affectnet"][number] for number in range(7, 11)] == [None] * 4
    with pytest.raises(FerError, match=r"1: is called by a number.*--numbering \(fer2013, raf-db, affectnet\)"):
        read_class_folders(tmp_path)
    with pytest.raises(FerError, match="7: is no class of fer2013"):
        read_class_folders(tmp_path, "fer2013")


def test_every_numbering_names_all_seven():
    for numbers in NUMBERINGS.values():
        assert sorted(filter(None, numbers.values())) == sorted(LABELS)


def test_a_name_that_says_nothing_and_an_empty_folder_are_refused(tmp_path):
    (tmp_path / "happy").mkdir()
    with pytest.raises(FerError, match="holds no pictures in class folders"):
        read_class_folders(tmp_path)
    make(tmp_path, "bored/a.png")
    with pytest.raises(FerError, match="bored: is no class; expected angry"):
        read_class_folders(tmp_path)


def test_splits_and_files_are_no_class_folders(tmp_path):
    make(tmp_path, "set/train/happy/a.png", "other/happy/a.png")
    assert not are_class_folders(tmp_path / "set")
    assert not are_class_folders(tmp_path / "other" / "happy" / "a.png")
    assert are_class_folders(tmp_path / "other")
