"""The Space: its files and settings, and publishing it to a Hub on loopback."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from PIL import Image

from fer_hf.hub import space
from fer_hf.hub.space import space_files
from fer_hf.web import limits
from fer_hf.web.tabs import batch, video
from tests.support.loopback_hub import LoopbackHub, Repo

ROOT = Path(__file__).parents[2]


@pytest.fixture
def hub(tmp_path):
    with LoopbackHub(tmp_path / "home") as server:
        for name, private in (("alice/fer", False), ("alice/secret", True)):
            server.repos["model", name] = Repo("model", name, private)
            server.repos["model", name].commit({})
        yield server


def publish_space(hub, model="alice/fer", *words, token="alice-write"):
    return hub.run(token, "-m", "fer_hf", "publish-space", "--to", "alice/faces", "--model", model, *words)


def test_the_space_has_what_it_needs_and_no_more():
    files = space_files("alice/faces", "alice/fer")
    assert {
        "app.py",
        "start.py",
        "requirements.txt",
        "packages.txt",
        "README.md",
        "LICENSE",
        "fer_hf/inference/analyzer.py",
    } <= set(files)
    folders = {name.partition("/")[0] for name in files if "/" in name}
    assert folders == {"fer_hf"}
    assert not [name for name in files if "__pycache__" in name or name.endswith((".pyc", ".pyi", ".tmp"))]
    assert not [name for name in files if "node_modules" in name]
    tracked = subprocess.run(
        ["git", "ls-files", "fer_hf"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout
    hidden = {name for name in tracked.split() if Path(name).name.startswith(".")}  # settings of npm
    assert set(tracked.split()) - hidden <= set(files), "the Space lacks a file of the package"
    assert all(isinstance(content, bytes) or content.is_file() for content in files.values())


def test_what_browsers_need_goes_along_where_it_was_built(tmp_path, monkeypatch):
    shutil.copytree(ROOT / "fer_hf", tmp_path / "fer_hf", ignore=shutil.ignore_patterns("node_modules", "files"))
    for name in space.FILES:
        shutil.copyfile(ROOT / name, tmp_path / name)
    monkeypatch.setattr(space, "ROOT", tmp_path)
    device = tmp_path / "fer_hf" / "web" / "device"
    names = ("files/device.json", "files/onnx/model_quantized.onnx", "node_modules/nunjucks/index.js")
    for name in names:
        (device / name).parent.mkdir(parents=True, exist_ok=True)
        (device / name).write_text("of a build")
    files = space_files("alice/faces", "alice/fer")
    assert [f"fer_hf/web/device/{name}" in files for name in names] == [True, True, False]


def test_its_settings():
    readme = space_files("alice/faces", "alice/fer")["README.md"].decode()
    settings = yaml.safe_load(readme.split("---\n")[1])
    assert (settings["sdk"], settings["app_file"]) == ("gradio", "start.py")
    assert (settings["python_version"], settings["suggested_hardware"]) == ("3.12", "zero-a10g")
    assert settings["models"] == settings["preload_from_hub"] == ["alice/fer"]
    assert len(settings["short_description"]) <= 60
    assert settings["thumbnail"].endswith("alice/faces/resolve/main/thumbnail.png")
    low, high = re.search(r"gradio\[mcp\]>=([\d.]+),<([\d.]+)", (ROOT / "requirements-space.txt").read_text()).groups()
    assert number(low) <= number(settings["sdk_version"]) < number(high)
    low, high = re.findall(
        r"[\d.]+", tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    )
    assert number(low) <= number(settings["python_version"]) < number(high)


def test_it_installs_what_serving_needs_with_a_pytorch_of_zerogpu():
    files = space_files("alice/faces", "alice/fer")
    lines = files["requirements.txt"].read_text().splitlines()
    assert "torch==2.11.0" in lines
    assert [line for line in lines if line.startswith("spaces>=")]
    assert not [line for line in lines if re.match("datasets|evaluate|accelerate|scikit-learn|matplotlib", line)]
    names = [re.match(r"[\w.-]+", line)[0] for line in lines[1:]]
    assert len(names) == len(set(names))


def test_its_card_says_what_it_must_not_be_used_for_its_endpoints_and_limits():
    text = space_files("al_ice/My.Faces", "alice/fer")["README.md"].decode()
    assert "inferring emotions at work and in education is unlawful" in text
    assert "https://al-ice-my-faces.hf.space/gradio_api/run/read_photo" in text
    assert 'Client("al_ice/My.Faces")' in text
    for name in ("/read_photo", "/read_face", "/about_model"):
        assert name in text
    limits_told = (
        f"| a photo | {limits.MEGABYTES} MB, {limits.MAX_PIXELS // 10**6} million pixels |",
        f"| a video | {limits.UPLOAD_MEGABYTES} MB; its first {video.SECONDS // 60} minutes are read |",
        f"| a set of photos | {batch.PHOTOS} photos, {limits.UPLOAD_MEGABYTES} MB, {batch.SECONDS // 60} minutes |",
        f"| requests at a time | {limits.WAITING} that wait; more are answered 503 |",
    )
    for line in limits_told:
        assert line in text


def test_a_free_account_gets_zerogpu(hub):
    hub.paid = ("cpu-basic",)
    result = publish_space(hub)
    assert result.returncode == 0, result.stderr
    assert "create the public space alice/faces on zero-a10g" in result.stdout
    assert hub.repos["space", "alice/faces"].hardware == "zero-a10g"


def test_hardware_that_needs_a_plan_is_explained_in_one_line(hub):
    hub.paid = ("cpu-basic",)
    result = publish_space(hub, "alice/fer", "--hardware", "cpu-basic")
    assert (result.returncode, "Traceback" in result.stderr) == (1, False), result
    lines = [line for line in result.stderr.splitlines() if "paid plan" in line]
    assert lines == [
        "error: alice/faces: the Hub asks alice for a paid plan to create a Space on cpu-basic; "
        "a free account gets two on zero-a10g"
    ]
    assert ("space", "alice/faces") not in hub.repos


def test_hardware_that_the_hub_does_not_have_is_refused(hub):
    result = publish_space(hub, "alice/fer", "--hardware", "a-mainframe")
    assert result.returncode == 2
    assert "zero-a10g" in result.stderr


def number(version):
    return tuple(map(int, version.split(".")))


def test_the_thumbnail_is_a_picture(tmp_path):
    path = tmp_path / "thumbnail.png"
    path.write_bytes(space_files("alice/faces", "alice/fer")["thumbnail.png"])
    with Image.open(path) as picture:
        assert picture.size == (1200, 630)
        assert len(picture.getcolors(1 << 20)) > 50


def test_publishing_the_space_twice_uploads_once(hub):
    first = publish_space(hub)
    space = hub.repos["space", "alice/faces"]
    assert first.returncode == 0, first.stderr
    assert "create the public space alice/faces" in first.stdout
    assert space.files["app.py"] == (ROOT / "app.py").read_bytes()
    hub.log.clear()
    again = publish_space(hub)
    assert "nothing has changed, nothing to upload" in again.stdout
    assert {method for method, *_ in hub.log} == {"GET"}


def test_a_dry_run_needs_no_token_and_does_nothing(hub):
    result = publish_space(hub, "alice/fer", "--dry_run", token=None)
    assert result.returncode == 0, result.stderr
    assert "create the public space alice/faces" in result.stdout
    assert ("space", "alice/faces") not in hub.repos


@pytest.mark.parametrize("model", ["alice/none", "alice/secret"])
def test_a_dry_run_without_a_token_says_that_it_does_not_see_the_model(hub, model):
    result = publish_space(hub, model, "--dry_run", token=None)
    assert (result.returncode, "Traceback" in result.stderr) == (1, False)
    assert f"error: {model}: no such public model on the Hub; publish it first" in result.stderr


def test_the_page_moves_to_another_model_in_one_commit(hub):
    assert publish_space(hub).returncode == 0
    hub.repos["model", "alice/better"] = Repo("model", "alice/better", private=False, commits=[("0" * 40, {})])
    result = publish_space(hub, "alice/better")
    assert re.findall(r"replace (\S+)", result.stdout) == ["README.md", "start.py"]
    assert len(hub.repos["space", "alice/faces"].commits) == 3


def test_the_space_starts_the_page_with_its_model(tmp_path):
    """`start.py` beside a page that only says which model it was given."""
    (tmp_path / "start.py").write_bytes(space_files("alice/faces", "alice/fer")["start.py"])
    (tmp_path / "app.py").write_text("import os\nprint(os.environ['FER_MODEL'], __name__)\nraise SystemExit(3)\n")
    own = {key: value for key, value in os.environ.items() if key != "FER_MODEL"}
    for environment, model in ((own, "alice/fer"), (own | {"FER_MODEL": "bob/fer"}, "bob/fer")):
        command = [sys.executable, "start.py"]
        result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert (result.returncode, result.stdout) == (3, f"{model} __main__\n")


def test_trusted_publishing_needs_no_stored_token(hub):
    """As publish.yml does it: the identity of the workflow for a token that is good for this Space."""
    words = ("-m", "fer_hf", "publish-space", "--to", "alice/faces", "--model", "alice/fer")
    result = hub.run(None, *words, HF_OIDC_RESOURCE="spaces/alice/faces", HF_OIDC_ID_TOKEN="alice")
    assert result.returncode == 0, result.stderr
    assert hub.count("POST", "/oauth/token") == 1
    assert hub.repos["space", "alice/faces"].files["start.py"]


def test_without_a_name_it_is_the_users_model_of_the_repository(hub):
    result = hub.run("alice-write", "-m", "fer_hf", "publish-space", "--to", "alice/faces")
    assert result.returncode == 1
    assert "alice/fer-dinov2-small: no such public model on the Hub; publish it first" in result.stderr


@pytest.mark.parametrize(
    ("model", "message"),
    [("alice/none", "no such public model on the Hub; publish it first"), ("alice/secret", "is private, so the Space")],
)
def test_a_model_that_the_space_could_not_read_is_refused(hub, model, message):
    result = publish_space(hub, model)
    assert (result.returncode, message in result.stderr, "Traceback" in result.stderr) == (1, True, False), result
    assert ("space", "alice/faces") not in hub.repos
