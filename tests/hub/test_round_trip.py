"""The whole way over a Hub on loopback: data up, train from them, model up, read it, show it, nothing twice."""

import io
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from gradio_client import Client, handle_file
from safetensors.torch import load_file

from fer_hf.data.synthetic import draw_face
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.labels import LABELS
from fer_hf.web import examples
from tests.support.loopback_hub import LoopbackHub

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
ALICE = "alice-write"
READ = """
import json, sys
from transformers import pipeline
read = pipeline("image-classification", model=sys.argv[1], revision=sys.argv[3] if len(sys.argv) > 3 else None)
print(json.dumps({each["label"]: each["score"] for each in read(sys.argv[2], top_k=7)}))
"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with LoopbackHub(tmp_path_factory.mktemp("home")) as server:
        yield server


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    """Drawn faces in folders, two of each expression in each split."""
    root = tmp_path_factory.mktemp("data")
    for number, split in enumerate(("train", "validation", "test")):
        for label in LABELS:
            folder = root / split / label
            folder.mkdir(parents=True)
            for seed in range(2):
                draw_face(label, 100 * number + seed).save(folder / f"{seed}.png")
    return root


@pytest.fixture(scope="module")
def published_data(hub, faces):
    return hub.run(ALICE, "-m", "fer_hf", "publish-data", "--data", faces, "--to", "alice/faces")


@pytest.fixture(scope="module")
def trained(hub, published_data, tmp_path_factory):
    """A run of two steps on the published data, pushed."""
    output = tmp_path_factory.mktemp("run")
    return train(hub, ALICE, output), output


def train(hub, token, output, to="alice/fer", *words):
    steps = ("--data", "alice/faces", "--synthetic_faces", 0, "--max_steps", 2, "--eval_steps", 0.5)
    push = ("--push_to_hub", "--hub_model_id", to, "--output_dir", output)
    return hub.run(token, "train.py", "recipes/smoke.yaml", *steps, *push, *words)


def test_data_go_up_privately_and_whole(hub, faces, published_data):
    assert published_data.returncode == 0, published_data.stderr
    repo = hub.repos["dataset", "alice/faces"]
    assert repo.private
    card = repo.files["README.md"].decode()
    assert "| happy | 2 | 2 | 2 |" in card
    assert "0 of 14 in validation and 0 of 14 in test" in card
    table = pq.read_table(io.BytesIO(repo.files["data/test-00000-of-00001.parquet"]))
    pictures = table["image"].to_pylist()
    assert pictures[0]["bytes"] == (faces / "test" / "angry" / "0.png").read_bytes()
    assert not [each["path"] for each in pictures if "/" in (each["path"] or "")], "folders of this machine are told"


def test_data_go_up_once(hub, faces, published_data):
    hub.log.clear()
    again = hub.run(ALICE, "-m", "fer_hf", "publish-data", "--data", faces, "--to", "alice/faces")
    assert "nothing has changed, nothing to upload" in again.stdout, again
    assert {method for method, *_ in hub.log} == {"GET"}


def test_training_from_the_hub_pushes_the_finished_model(hub, trained):
    result, output = trained
    assert result.returncode == 0, result.stderr
    repo = hub.repos["model", "alice/fer"]
    assert repo.files["model.safetensors"] == (output / "model" / "model.safetensors").read_bytes()
    assert not [name for commit in repo.commits for name in commit[1] if "checkpoint" in name or name.endswith(".bin")]
    assert len(repo.commits) == 2, "the empty repository, and the finished model at once"
    training = json.loads(repo.files["training.json"])
    assert (training["data"], training["steps"]) == ("alice/faces", 2)
    card = repo.files["README.md"].decode()
    assert "- alice/faces" in card.split("---")[1]
    assert str(output) not in card


def test_a_wrong_token_is_told_before_training(hub, trained, tmp_path):
    result = train(hub, "alice-read", tmp_path)
    assert result.returncode != 0
    assert "no permission to write there" in result.stderr
    assert "Traceback" not in result.stderr
    assert not list(tmp_path.rglob("checkpoint-*"))


def test_no_space_at_the_end_costs_no_training(hub, trained, tmp_path):
    """Trained on from the first model; the finished one finds no space on the Hub, then the same command goes on."""
    _, output = trained
    words = ("alice/fer-on", "--model_config", "{}", "--model_name_or_path", output / "model")
    hub.full = True
    result = train(hub, ALICE, tmp_path, *words)
    hub.full = False
    assert (result.returncode, "Traceback" in result.stderr) == (1, False), result.stderr
    assert "error: alice/fer-on: no space is left in alice's storage" in result.stderr
    weights = (tmp_path / "model" / "model.safetensors").read_bytes()
    assert not [name for name in hub.repos["model", "alice/fer-on"].files if name != ".gitattributes"]

    again = train(hub, ALICE, tmp_path, *words)
    assert again.returncode == 0, again.stderr
    files = hub.repos["model", "alice/fer-on"].files
    assert files["model.safetensors"] == weights
    first, second = (
        json.loads(hub.repos["model", name].files["training.json"]) for name in ("alice/fer", "alice/fer-on")
    )
    assert second["before"] == first
    assert second["steps"] == 2
    assert second["seconds"] > 0
    assert "In 2 parts" in files["README.md"].decode()
    for name, content in files.items():
        for folder in (ROOT, output, tmp_path, Path.home()):
            assert str(folder).encode() not in content, f"{name} tells a folder of this machine"


def test_a_fresh_process_reads_the_same_scores(hub, faces, trained):
    _, output = trained
    picture = faces / "test" / "happy" / "0.png"
    there, here = (hub.run(ALICE, "-c", READ, model, picture) for model in ("alice/fer", output / "model"))
    assert there.returncode == here.returncode == 0, there.stderr + here.stderr
    scores = json.loads(there.stdout.splitlines()[-1])
    assert scores == json.loads(here.stdout.splitlines()[-1])
    assert sorted(scores) == sorted(LABELS)


def test_each_head_is_a_pipeline_of_its_own(hub, faces, trained, tmp_path):
    _, output = trained
    model, picture = shutil.copytree(output / "model", tmp_path / "model"), faces / "test" / "happy" / "0.png"
    weight = load_file(model / "model.safetensors")["classifier.weight"]
    surprised = torch.tensor([0.0, 0, 0, 0, 0, 9, 0])
    save_label_head(LabelHead(torch.zeros_like(weight), surprised, 0.5), model / LABEL_HEAD)
    published = hub.run(ALICE, "-m", "fer_hf", "publish", "--model", model, "--to", "alice/two")
    assert published.returncode == 0, published.stderr
    votes, label = (hub.run(ALICE, "-c", READ, "alice/two", picture, *words) for words in ((), ("fer2013",)))
    here = hub.run(ALICE, "-c", READ, output / "model", picture)
    assert json.loads(votes.stdout.splitlines()[-1]) == json.loads(here.stdout.splitlines()[-1])
    assert json.loads(label.stdout.splitlines()[-1])["surprise"] > 0.99


def test_publishing_what_was_pushed_uploads_nothing(hub, trained):
    _, output = trained
    hub.log.clear()
    again = hub.run(ALICE, "-m", "fer_hf", "publish", "--model", output / "model", "--to", "alice/fer")
    assert "nothing has changed, nothing to upload" in again.stdout, again
    assert {method for method, *_ in hub.log} == {"GET"}


def test_the_space_reads_with_the_model_of_the_hub(hub, trained, tmp_path):
    """The page as the Space has it, and nothing else of the project: app.py with FER_MODEL=alice/fer."""
    published = hub.run(ALICE, "-m", "fer_hf", "publish-space", "--to", "alice/faces", "--model", "alice/fer")
    assert published.returncode == 0, published.stderr
    space = tmp_path / "space"
    for name, content in hub.repos["space", "alice/faces"].files.items():
        (space / name).parent.mkdir(parents=True, exist_ok=True)
        (space / name).write_bytes(content)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    own = {"GRADIO_SERVER_PORT": str(port), "GRADIO_ANALYTICS_ENABLED": "False"}
    environment = hub.environment(ALICE) | own | {"HF_HOME": str(tmp_path)}  # nothing of the model is here yet
    hub.log.clear()
    photo = tmp_path / "photo.png"
    examples.astronaut().save(photo)
    page = subprocess.Popen([sys.executable, "start.py"], cwd=space, env=environment, stdout=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, page)
        client = Client(url, verbose=False)
        reading = client.predict(handle_file(photo), api_name="/read_photo")
        client.close()
    finally:
        page.terminate()
        page.wait()
    assert len(reading["faces"]) == 1
    assert set(reading["faces"][0]["scores"]) == set(LABELS)
    assert hub.count("GET", "alice/fer/resolve/") > 0


def wait_for(url, process, seconds=600):
    """Until the page answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert process.poll() is None, "the page has ended"
        try:
            return urllib.request.urlopen(url, timeout=10).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the page does not answer")
