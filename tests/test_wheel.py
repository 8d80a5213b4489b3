"""The package as a stranger gets it: a wheel in a fresh environment, used from another folder."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import urllib.request
import venv
import zipfile
from pathlib import Path

import pytest

from fer_hf.web import examples

ROOT = Path(__file__).parents[1]
PIP = ["-m", "pip", "--disable-pip-version-check"]
BUILT = "fer_hf/web/device/files/device.json"
SCRIPT = """
import json, fer_hf
from fer_hf import FaceAnalyzer
analyzer = FaceAnalyzer.from_pretrained()
result = analyzer.analyze("astronaut.png")
print(json.dumps([fer_hf.__file__, result.to_dict("astronaut.png")]))
"""

pytestmark = pytest.mark.slow


def run(*argv, cwd, **variables):
    """What a program prints, which must succeed, without our folder on its path."""
    environment = {name: value for name, value in os.environ.items() if name not in ("FER_MODEL", "PYTHONPATH")}
    environment |= {"HF_HUB_OFFLINE": "1", **variables}
    done = subprocess.run(argv, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def fresh(folder):
    """An environment that has nothing of its own, and sees the libraries of the one that runs the tests."""
    venv.create(folder, symlinks=True, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)}))
    (site / "shared.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Built from a copy of the tracked files, and of what `fer-hf build-device` leaves there."""
    folder, copy = tmp_path_factory.mktemp("wheel"), tmp_path_factory.mktemp("source")
    for name in run("git", "ls-files", cwd=ROOT).splitlines():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
    (copy / BUILT).parent.mkdir()
    (copy / BUILT).write_text("{}")
    run(sys.executable, *PIP, "wheel", copy, "--no-deps", "--no-build-isolation", "-w", folder, cwd=folder)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The programs of an environment with the wheel; without an index, pip fails where a requirement is not met."""
    programs = fresh(tmp_path_factory.mktemp("environment") / "venv")
    run(programs / "python", *PIP, "install", "--no-index", wheel, cwd=wheel.parent)
    return programs


@pytest.fixture
def elsewhere(tmp_path):
    examples.astronaut().save(tmp_path / "astronaut.png")
    return tmp_path


def test_the_wheel_holds_every_file_of_the_package_and_the_model(wheel):
    tracked = run("git", "ls-files", "fer_hf", cwd=ROOT).split()
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {*tracked, BUILT} - inside == set()
    model = {name for name in inside if name.startswith("fer_hf/models/fer-dinov2-small/")}
    assert {Path(name).name for name in model} >= {"config.json", "model.safetensors", "README.md", "LICENSE.md"}
    assert {name.partition("/")[0] for name in inside} == {
        "fer_hf",
        f"{wheel.stem.removesuffix('-py3-none-any')}.dist-info",
    }


def test_the_command_and_the_python_api_read_a_photo_elsewhere(installed, elsewhere):
    run(installed / "fer-hf", "predict", "astronaut.png", "--json", "faces.json", cwd=elsewhere)
    [told] = json.loads((elsewhere / "faces.json").read_text())
    where, result = json.loads(run(installed / "python", "-c", SCRIPT, cwd=elsewhere))
    assert Path(where).is_relative_to(installed.parent)
    assert [face["label"] for face in result["faces"]] == ["happy"]
    assert result == told


def test_the_page_is_served_from_the_wheel(installed, elsewhere, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(tmp_path / "uploads"), "HF_HUB_OFFLINE": "1"}
    page = subprocess.Popen([installed / "fer-hf", "app"], cwd=elsewhere, env=os.environ | variables)
    try:
        health = wait_for(f"http://127.0.0.1:{port}/health", page)
    finally:
        page.terminate()
        page.wait(60)
    assert (health["status"], health["model"]) == ("ok", "fer-dinov2-small")


def wait_for(url, process, seconds=240):
    """The JSON that an address answers, as soon as it does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            return json.load(urllib.request.urlopen(url))
        except OSError:
            time.sleep(0.5)
    raise AssertionError(f"{url} did not answer; the program ended with {process.poll()}")


def test_an_editable_install_takes_the_model_of_the_checkout(tmp_path):
    programs = fresh(tmp_path / "venv")
    options = ["--no-index", "--no-build-isolation", "--editable", f"{ROOT}[train,export,dev]"]
    run(programs / "python", *PIP, "install", *options, cwd=tmp_path)
    code = "from fer_hf.environment import default_model; print(default_model())"
    assert run(programs / "python", "-c", code, cwd=tmp_path).strip() == str(ROOT / "models" / "fer-dinov2-small")
