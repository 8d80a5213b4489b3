"""What `python -m fer_hf data` reports about a source."""

import json

import pytest
from PIL import Image

from fer_hf.__main__ import main
from fer_hf.data.inspect import format_report, inspect_source
from tests.support.made_sources import pixels, write_csv, write_pictures, write_votes

BLANK = " ".join(["9"] * 2304)
# One picture of test and one of validation stand in train; picture 3 carries two labels; one is blank.
ROWS = [
    (0, pixels(0), "Training"),
    (3, pixels(1), "Training"),
    (3, pixels(3), "Training"),
    (4, pixels(3), "Training"),
    (6, BLANK, "Training"),
    (3, pixels(1), "PublicTest"),
    (5, pixels(8), "PublicTest"),
    (0, pixels(0), "PrivateTest"),
    (5, pixels(8), "PrivateTest"),
    (1, pixels(9), "PrivateTest"),
]


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_csv(tmp_path_factory.mktemp("data") / "fer2013.csv", ROWS)


def test_findings(source):
    found = inspect_source(str(source), None, seed=0)
    assert found["private_test"] == "by its name"
    assert found["leaks"] == {
        "validation_in_train": 1,
        "test_in_train": 1,
        "test_in_validation": 1,
        "train_pictures_to_drop": 2,
    }
    assert found["near_duplicates"] == {"validation_in_train": 0, "test_in_train": 0, "test_in_validation": 0}
    assert found["conflicting_groups"] == 1
    assert found["distinct"] == 6
    train = found["splits"]["train"]
    assert train["per_class"] == {
        "angry": 1, "disgust": 0, "fear": 0, "happy": 2, "sad": 1, "surprise": 0, "neutral": 1
    }  # fmt: skip
    assert (train["pictures"], train["distinct"], train["blank"]) == (5, 4, 1)
    assert (train["sizes"], train["modes"]) == ({"48x48": 5}, {"L": 5})
    assert not train["ferplus_votes"]


def test_report_is_in_plain_words(source):
    report = format_report(inspect_source(str(source), None, seed=0))
    assert "angry                1           0           1           2" in report
    assert "called PrivateTest, but not with the original pixels" in report
    assert "1 of validation in train, 1 of test in train, 1 of test in validation" in report
    assert "training drops 2 of its pictures" in report
    assert "Pictures         all 48x48; all grey" in report
    assert "Blank            1 of a single shade" in report
    assert "Near duplicates  none" in report
    assert "FER+ votes       no" in report


def test_odd_sizes_and_modes_are_reported(tmp_path):
    for split, side in (("train", 50), ("val", 51), ("test", 52)):
        write_pictures(tmp_path / split / "sad", [side])
        Image.new("RGB", (side, side + 1), (side, 0, 0)).save(tmp_path / split / "sad" / "colour.png")
    report = format_report(inspect_source(str(tmp_path), None, seed=0))
    assert "3 48x48, 1 50x51, 1 51x52, 1 others; 3 grey, 3 colour" in report
    assert "Blank            3 of a single shade" in report


def test_command_prints_and_writes_the_same(source, tmp_path, capsys):
    votes = write_votes(tmp_path / "fer2013new.csv", [row[2] for row in ROWS])
    argv = ["data", "--data", str(source), "--votes", str(votes), "--json", str(tmp_path / "found.json")]
    assert main(argv) == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert capsys.readouterr().out == format_report(found) + "\n"
    assert all(split["ferplus_votes"] for split in found["splits"].values())


def test_command_refuses_in_one_line(tmp_path, capsys):
    assert main(["data", "--data", str(tmp_path / "gone")]) == 1
    message = capsys.readouterr().err
    assert message.startswith("error: ") and message.count("\n") == 1


def test_source_without_official_test(tmp_path):
    rows = [(label, pixels(10 * label + i)) for label in range(7) for i in range(3)]
    found = inspect_source(str(write_csv(tmp_path / "train.csv", rows, header="emotion,pixels")), None, seed=0)
    assert found["private_test"] is None
    report = format_report(found)
    assert "not FER2013's PrivateTest" in report
    assert "no validation and no test split in the source" in report
