"""What is in the static page's folder."""

import json
import re
import shutil

import pytest

from fer_hf.cli import main
from fer_hf.io import sha256_of
from fer_hf.site.build import FILES
from fer_hf.site.pages import POLICY
from fer_hf.web.device import MANIFEST
from fer_hf.web.i18n import LANGUAGES, TEXTS

pytestmark = pytest.mark.slow


def test_the_manifest_names_files_that_are_there(site_folder):
    folder = site_folder / FILES
    manifest = json.loads((folder / MANIFEST).read_text())
    for entry in (manifest["runtime"]["wasm"], manifest["detector"], manifest["classifier"]):
        assert sha256_of(folder / entry["url"]) == entry["sha256"]
        assert (folder / entry["url"]).stat().st_size == entry["bytes"]
    assert not (folder / "onnx" / "model.onnx").exists()  # float32, which nobody fetches


def test_there_is_a_page_in_every_language(site_folder):
    for language in LANGUAGES:
        path = site_folder / ("" if language == LANGUAGES[0] else language) / "index.html"
        html = path.read_text(encoding="utf-8")
        assert f'<html lang="{language}">' in html
        assert TEXTS[language]["device_lead"] in html
        assert TEXTS[language]["privacy"] not in html  # there is no server that could read anything


def test_no_other_host_is_allowed_or_asked(site_folder):
    assert not any("http" in sources or "*" in sources for sources in POLICY.values())
    assert "unsafe-eval" not in POLICY["script-src"].replace("wasm-unsafe-eval", "")
    html = (site_folder / "index.html").read_text(encoding="utf-8")
    assert not re.search(r'(src|href)="(https?:)?//', re.sub(r"<a [^>]*>", "", html))
    for path in [*site_folder.glob("site/*"), *site_folder.glob("components/**/*.js")]:
        assert not re.search(r"https?://", path.read_text(encoding="utf-8")), path.name


def test_the_service_worker_keeps_every_file_but_the_large_ones(site_folder):
    script = (site_folder / "service-worker.js").read_text(encoding="utf-8")
    kept = set(json.loads(re.search(r"const FILES = (\[.*?\]);", script, re.DOTALL).group(1)))
    files = {path.relative_to(site_folder).as_posix() for path in site_folder.rglob("*") if path.is_file()}
    missing = {name.removesuffix("index.html") or "./" for name in files - {"service-worker.js"}} - kept
    fetched_apart = {"onnx/model_quantized.onnx", "onnx/detector.onnx", "ort-wasm-simd-threaded.wasm"}
    for_python = {"config.json", "preprocessor_config.json"}
    assert missing == {f"device/files/{name}" for name in fetched_apart | for_python}


def test_a_folder_that_holds_something_is_left_alone(tmp_path, capsys, tiny_model):
    (tmp_path / "letter.txt").write_text("dear")
    assert main(["build-static", "--output", str(tmp_path), "--model", str(tiny_model)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_without_npm_one_line_says_so(tmp_path, capsys, tiny_model, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert main(["build-static", "--output", str(tmp_path / "site"), "--model", str(tiny_model)]) == 1
    assert "npm is not on the path" in capsys.readouterr().err
    assert not (tmp_path / "site").exists()
