"""The files that browsers need to read by themselves, and when a page with a server offers it."""

import json
import shutil

import pytest

from fer_hf.cli import main
from fer_hf.inference.runtime import weights_hash
from fer_hf.site.device_files import build_device
from fer_hf.web.device import FILES, MANIFEST, OnDevice, offer

WHOLE = {
    "weights": "ours",
    "runtime": {"wasm": {"bytes": 14 * 2**20}},
    "detector": {"bytes": 7 * 2**20},
    "classifier": {"bytes": 23 * 2**20},
}


@pytest.mark.parametrize(
    ("content", "offered"),
    [
        (json.dumps(WHOLE), OnDevice(44, choice=True)),
        (json.dumps(WHOLE | {"weights": "others"}), None),
        (json.dumps({"weights": "ours"}), None),
        ("{broken", None),
        (None, None),
    ],
    ids=["built", "of other weights", "incomplete", "broken", "missing"],
)
def test_it_is_offered_where_the_files_of_this_model_are(tmp_path, content, offered):
    if content:
        (tmp_path / MANIFEST).write_text(content)
    assert offer(tmp_path, "ours") == offered


def test_without_npm_one_line_says_so_and_older_files_stay(tmp_path, capsys, tiny_model, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    before = FILES.exists()
    assert main(["build-device", "--model", str(tiny_model)]) == 1
    assert "npm is not on the path" in capsys.readouterr().err
    assert FILES.exists() == before


@pytest.mark.slow
def test_the_files_of_a_model_take_the_place_of_another_ones(tiny_model, tmp_path):
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: nothing was checked")
    output = tmp_path / "files"
    output.mkdir()
    (output / "old.onnx").write_text("of another model")
    manifest = build_device(str(tiny_model), output)
    assert not (output / "old.onnx").exists()
    assert json.loads((output / MANIFEST).read_text()) == manifest
    assert manifest["weights"] == weights_hash(str(tiny_model))
    assert offer(output, manifest["weights"]).choice
    assert [path.name for path in tmp_path.iterdir()] == ["files"]
