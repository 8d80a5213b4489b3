"""The command: photos in; a table, JSON or CSV out."""

import json

import pytest
from PIL import Image
from skimage.data import astronaut

from fer_hf.__main__ import main
from fer_hf.labels import LABELS
from tests.support.csv_file import read_csv


@pytest.fixture
def folder(tmp_path, monkeypatch, group):
    """The working directory, with photos of four, one and no faces, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    group.save("group.png", compress_level=1)
    portrait = Image.fromarray(astronaut())
    exif = Image.Exif()
    exif[0x0112] = 3
    portrait.transpose(Image.Transpose.ROTATE_180).save("upside-down.jpg", exif=exif)
    Image.new("RGB", (200, 100)).save("=cmd.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    return tmp_path


def test_command_writes_json_and_csv_and_goes_on_after_a_bad_file(folder, tiny_model, capsys):
    photos = ["group.png", "broken.jpg", "=cmd.png", "upside-down.jpg", "missing.jpg"]
    code = main(["predict", *photos, "--model", str(tiny_model), "--json", "out/r.json", "--csv", "r.csv"])
    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert "error: broken.jpg: not a picture" in output.err
    assert "error: missing.jpg: no such file" in output.err
    assert "2 of 5 photos could not be read" in output.err
    assert "Traceback" not in output.err
    results = json.loads((folder / "out" / "r.json").read_text())
    assert [(one["file"], len(one["faces"])) for one in results] == [
        ("group.png", 4),
        ("=cmd.png", 0),
        ("upside-down.jpg", 1),
    ]
    assert set(results[0]) == {"file", "width", "height", "faces"}
    face = results[2]["faces"][0]
    assert list(face) == ["box", "confidence", "label", "unsure", "unsure_because", "pose", "scores"]
    assert list(face["scores"]) == list(LABELS)
    assert face["box"] == pytest.approx([182, 58, 270, 178], abs=8)  # of the upright photo
    rows = read_csv((folder / "r.csv").read_bytes())
    assert [row["file"] for row in rows] == ["group.png"] * 4 + ["'=cmd.png", "upside-down.jpg"]
    assert [row["face"] for row in rows] == ["1", "2", "3", "4", "", "1"]
    assert float(rows[5][face["label"]]) == float(rows[5]["confidence"]) == face["confidence"]


def test_command_prints_a_table(folder, tiny_model, capsys):
    assert main(["predict", "upside-down.jpg", "=cmd.png", "--model", str(tiny_model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "upside-down.jpg  512 x 512"
    assert lines[1].split()[0] == "1" and lines[1].split()[1] in LABELS
    assert lines[2:] == ["=cmd.png  200 x 100", "  no face found"]


def test_command_reads_crops(folder, tiny_model, capsys):
    assert main(["predict", "=cmd.png", "--crop", "--model", str(tiny_model), "--json", "r.json"]) == 0
    (result,) = json.loads((folder / "r.json").read_text())
    assert [face["box"] for face in result["faces"]] == [[0, 0, 200, 100]]


@pytest.mark.parametrize("option", ["--json", "--csv"])
@pytest.mark.parametrize("target", ["a-folder", "group.png/r.json"])
def test_unwritable_output_is_told_before_the_work(folder, option, target, capsys):
    (folder / "a-folder").mkdir()
    assert main(["predict", "group.png", "--model", "/no/model", option, target]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {target}: ") and error.count("\n") == 1


def test_names_that_no_text_can_hold(folder, tiny_model, capsys):
    name = "caf\udce9\x1b[31m.png"  # Latin-1 bytes and a terminal's command
    Image.new("RGB", (64, 64)).save(name)
    assert main(["predict", name, "--model", str(tiny_model), "--json", "r.json"]) == 0
    assert json.loads((folder / "r.json").read_text())[0]["file"] == "caf��[31m.png"
    assert main(["predict", name, "--model", str(tiny_model)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_unsure_is_told_everywhere(folder, with_threshold, capsys):
    words = ["predict", "=cmd.png", "--crop", "--model", str(with_threshold(0.95))]
    assert main([*words, "--json", "r.json", "--csv", "r.csv"]) == 0
    face = json.loads((folder / "r.json").read_text())[0]["faces"][0]
    assert face["unsure"] == sorted(face["scores"], key=face["scores"].get, reverse=True)[:2]
    (row,) = read_csv((folder / "r.csv").read_bytes())
    assert row["unsure"] == " or ".join(face["unsure"])
    assert main(words) == 0
    assert f"unsure: {row['unsure']}" in capsys.readouterr().out


def test_the_device_and_the_backend_can_be_named(folder, tiny_model, capsys):
    assert main(["predict", "=cmd.png", "--model", str(tiny_model), "--device", "cpu"]) == 0
    assert main(["predict", "=cmd.png", "--model", str(tiny_model), "--device", "abacus"]) == 1
    assert "error: device: no device abacus; expected one of auto, cpu" in capsys.readouterr().err
    assert main(["predict", "=cmd.png", "--model", str(tiny_model), "--backend", "onnx"]) == 1
    assert "holds no onnx/model.onnx or onnx/model_quantized.onnx; `fer-hf export` writes it" in capsys.readouterr().err
