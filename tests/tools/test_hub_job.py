"""The script of a job on the Hub: what it declares, and a whole run of it against a Hub on loopback."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from fer_hf.data.synthetic import draw_face
from fer_hf.labels import LABELS
from tests.support.loopback_hub import LoopbackHub
from tools.requirements import JOB, requirements, with_dependencies

ROOT = Path(__file__).parents[2]


def head():
    """What the script declares (PEP 723)."""
    block = re.search(r"^# /// script\n(.*?)^# ///$", JOB.read_text(), re.MULTILINE | re.DOTALL)[1]
    return tomllib.loads("".join(line[2:] for line in block.splitlines(keepends=True)))


def test_it_declares_what_training_needs():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert head() == {"requires-python": project["requires-python"], "dependencies": requirements("train")}


def test_its_head_is_written_from_pyproject():
    text = JOB.read_text()
    assert with_dependencies(text, ["torch>=1,<2"]) != text
    assert with_dependencies(text, requirements("train")) == text, "run python -m tools.requirements"


def test_the_documents_show_a_command_that_the_hub_takes():
    """One line with a kind of machine, a time-out, a secret and this script."""
    line = next(line for line in (ROOT / "docs" / "training.md").read_text().splitlines() if "hf jobs uv run" in line)
    assert re.search(r"--flavor \S+ --timeout \d+h --secrets HF_TOKEN tools/hub_job.py --data \S+ --to \S+", line)
    assert line.strip() in JOB.read_text()


@pytest.fixture
def hub(tmp_path):
    with LoopbackHub(tmp_path / "home") as server:
        yield server


@pytest.fixture
def script(tmp_path):
    """The script alone, as a job is given it."""
    return shutil.copy(JOB, tmp_path / "hub_job.py")


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("git") or not (ROOT / ".git").exists(), reason="needs a Git checkout")
def test_it_trains_from_a_data_set_of_the_hub_and_publishes(hub, script, tmp_path):
    for number, split in enumerate(("train", "validation", "test")):
        for label in LABELS:
            (folder := tmp_path / "faces" / split / label).mkdir(parents=True)
            for seed in range(2):
                draw_face(label, 10 * number + seed).save(folder / f"{seed}.png")
    data = hub.run("alice-write", "-m", "fer_hf", "publish-data", "--data", tmp_path / "faces", "--to", "alice/faces")
    assert data.returncode == 0, data.stderr
    words = ("--data", "alice/faces", "--to", "alice/fer", "--recipe", "recipes/smoke.yaml", "--source", ROOT)
    more = ("--base", "", "--synthetic_faces", 0, "--output_dir", tmp_path / "run")
    done = hub.run("alice-write", script, *words, *more)
    assert done.returncode == 0, done.stderr[-3000:]
    files = hub.repos["model", "alice/fer"].files
    assert files["model.safetensors"] == (tmp_path / "run" / "model" / "model.safetensors").read_bytes()
    assert "- alice/faces" in files["README.md"].decode().split("---")[1]


@pytest.mark.skipif(not shutil.which("git"), reason="needs Git")
def test_it_trains_with_the_recipe_of_its_source_and_passes_on_what_it_does_not_know(script, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text("import sys\nprint(sys.argv[1:])\nsys.exit(3)\n")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", source]
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message", "all"]):
        subprocess.run([*git, *words], check=True)
    words = ["--data", "alice/faces", "--to", "alice/fer", "--source", source, "--seed", "1"]
    done = subprocess.run([sys.executable, script, *words], capture_output=True, text=True, check=False)
    base = ["--model_name_or_path", "facebook/dinov2-small"]
    expected = ["--data", "alice/faces", *base, "--push_to_hub", "--hub_model_id", "alice/fer", "--seed", "1"]
    assert (done.returncode, done.stdout) == (3, f"{['recipes/dinov2-small.yaml', *expected]}\n"), done.stderr


def test_a_source_that_is_not_there_ends_the_job(hub, script, tmp_path):
    words = ("--data", "alice/faces", "--to", "alice/fer", "--source", tmp_path / "nowhere")
    assert hub.run("alice-write", script, *words).returncode != 0
    assert not hub.repos
