"""Publishing over real HTTP to a Hub on loopback: what goes up, what does not, and what a person is told."""

import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load, save_file

from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.hub.model import model_files
from fer_hf.labels import LABELS
from tests.support.loopback_hub import LoopbackHub, Repo

ALICE = "alice-write"


@pytest.fixture
def hub(tmp_path):
    with LoopbackHub(tmp_path / "home") as server:
        yield server


@pytest.fixture
def model(tmp_path):
    """A finished model's folder, with things in it that must stay here."""
    folder = tmp_path / "run" / "model"
    (folder / "checkpoint-5").mkdir(parents=True)
    (folder / "onnx").mkdir()
    config = {"model_type": "dinov2", "id2label": {str(index): name for index, name in enumerate(LABELS)}}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 112, "width": 112}}))
    save_file({"classifier.weight": np.zeros((7, 384), np.float16)}, folder / "model.safetensors")
    (folder / "onnx" / "model.onnx").write_bytes(b"onnx")
    for name in ("notes.txt", "secrets.json", "model.bin", "checkpoint-5/model.safetensors"):
        (folder / name).write_bytes(b"not to be seen")
    return folder


UPLOADED = {
    "README.md",
    "LICENSE.md",
    "examples.png",
    "config.json",
    "preprocessor_config.json",
    "model.safetensors",
    "onnx/model.onnx",
}


def publish(hub, token, model, to="alice/fer", *words):
    return hub.run(token, "-m", "fer_hf", "publish", "--model", model, "--to", to, *words)


def failed(result, message):
    """Exit code 1 and one line that says why."""
    assert (result.returncode, message in result.stderr, "Traceback" in result.stderr) == (1, True, False), result
    assert sum(line.startswith("error: ") for line in result.stderr.splitlines()) == 1
    return True


def test_publishing_twice_uploads_once(hub, model):
    first = publish(hub, ALICE, model)
    repo = hub.repos["model", "alice/fer"]
    assert first.returncode == 0, first.stderr
    assert set(repo.files) - {".gitattributes"} == UPLOADED
    assert repo.files["model.safetensors"] == (model / "model.safetensors").read_bytes()
    assert repo.tags == {"v1": repo.commits[-1][0]}
    assert first.stdout.index("create the public model alice/fer") < first.stdout.index("done:")
    assert "upload model.safetensors" in first.stdout
    assert "alice/fer" in repo.files["README.md"].decode()

    hub.log.clear()
    again = publish(hub, ALICE, model)
    assert again.returncode == 0
    assert "nothing has changed, nothing to upload" in again.stdout
    assert {method for method, *_ in hub.log} == {"GET"}
    assert len(repo.commits) == 2


def test_a_change_replaces_one_file_and_gets_a_new_tag(hub, model):
    assert publish(hub, ALICE, model).returncode == 0
    repo = hub.repos["model", "alice/fer"]
    repo.commit(repo.files | {"video.mp4": b"put there by hand"})
    (model / "onnx" / "model.onnx").write_bytes(b"a better one")
    result = publish(hub, ALICE, model)
    assert "replace onnx/model.onnx" in result.stdout
    assert "upload " not in result.stdout
    assert list(repo.tags) == ["v1", "v2"]
    assert repo.files["video.mp4"] == b"put there by hand"


@pytest.mark.parametrize("token", [ALICE, None], ids=["with a token", "without"])
def test_a_dry_run_does_nothing(hub, model, token):
    result = publish(hub, token, model, "alice/fer", "--private", "--dry_run")
    assert result.returncode == 0
    assert "create the private model alice/fer" in result.stdout
    assert "tag it as v1" in result.stdout
    assert not hub.repos


def test_private_means_private(hub, model):
    hub.repos["model", "alice/open"] = Repo("model", "alice/open", private=False)
    hub.repos["model", "alice/open"].commit({})
    assert failed(publish(hub, ALICE, model, "alice/open", "--private"), "is public on the Hub, expected a private")
    assert publish(hub, ALICE, model, "alice/fer", "--private").returncode == 0
    assert hub.repos["model", "alice/fer"].private


def test_a_revision_has_the_label_head_as_its_classifier(hub, model):
    (model / "onnx" / "model.onnx").write_bytes(b"of the votes head")
    head = LabelHead(torch.ones(7, 384), torch.ones(7), 0.4)
    save_file(
        {"classifier.weight": np.zeros((7, 384), np.float16), "classifier.bias": np.zeros(7, np.float16)},
        model / "model.safetensors",
    )
    save_label_head(head, model / LABEL_HEAD)
    first = publish(hub, ALICE, model)
    assert first.returncode == 0, first.stderr
    assert "create the branch fer2013" in first.stdout
    repo = hub.repos["model", "alice/fer"]
    assert LABEL_HEAD in repo.files
    (_, main), (_, label) = repo.branches["fer2013"][0], repo.branches["fer2013"][-1]
    assert main == repo.files
    assert set(label) - {".gitattributes"} == UPLOADED - {"onnx/model.onnx"}
    assert json.loads(label["config.json"])["unsure_below"] == 0.4
    weights = load(label["model.safetensors"])
    assert weights["classifier.weight"].dtype == np.float16 and (weights["classifier.bias"] == 1).all()
    assert "nothing has changed" in publish(hub, ALICE, model).stdout
    assert [len(repo.commits), len(repo.branches["fer2013"])] == [2, 2]
    save_label_head(head._replace(bias=torch.zeros(7)), model / LABEL_HEAD)
    assert "replace model.safetensors" in publish(hub, ALICE, model).stdout
    assert len(repo.branches["fer2013"]) == 3


def test_a_tag_is_never_moved(hub, model):
    assert publish(hub, ALICE, model, "alice/fer", "--tag", "v1.0").returncode == 0
    (model / "onnx" / "model.onnx").write_bytes(b"a better one")
    assert failed(
        publish(hub, ALICE, model, "alice/fer", "--tag", "v1.0"), "the tag v1.0 already stands for other files"
    )
    assert len(hub.repos["model", "alice/fer"].commits) == 2


@pytest.mark.parametrize(
    ("token", "to", "message"),
    [
        (None, "alice/fer", "no Hub token"),
        ("stolen", "alice/fer", "does not accept the token"),
        ("alice-read", "alice/fer", "no permission to write there"),
        (ALICE, "bob/fer", "no permission to write there"),
        (ALICE, "bob/public", "no permission to write there"),
        (ALICE, "bob/secret", "the name is taken"),
        (ALICE, "fer", "expected the Hub's user/name"),
    ],
)
def test_who_may_not_write_is_told(hub, model, token, to, message):
    for name, private in (("bob/public", False), ("bob/secret", True)):
        hub.repos["model", name] = Repo("model", name, private)
        hub.repos["model", name].commit({})
    result = publish(hub, token, model, to)
    assert failed(result, message)
    assert all(len(repo.commits) == 1 for repo in hub.repos.values())


def test_no_space_left_on_the_hub(hub, model):
    hub.full = True
    assert failed(publish(hub, ALICE, model), "no space is left in alice's storage")
    hub.full = False
    assert publish(hub, ALICE, model).returncode == 0


def test_a_file_that_is_too_large(hub, model):
    hub.largest = 1000
    assert failed(publish(hub, ALICE, model), "a file is larger than the Hub accepts")


def test_somebody_else_commits_meanwhile(hub, model):
    assert publish(hub, ALICE, model).returncode == 0
    repo = hub.repos["model", "alice/fer"]
    hub.meanwhile.append(lambda: repo.commit(repo.files | {"config.json": b"{}"}))
    (model / "onnx" / "model.onnx").write_bytes(b"a better one")
    assert failed(publish(hub, ALICE, model), "somebody else has committed in the meantime")
    assert repo.files["onnx/model.onnx"] == b"onnx"


def test_a_cut_connection_is_resumed(hub, model):
    hub.cut = ["/commit/"]
    assert failed(publish(hub, ALICE, model), "run the same command again, it resumes where it stopped")
    repo = hub.repos["model", "alice/fer"]
    assert set(repo.files) == {".gitattributes"}, "nothing is to be seen of half an upload"
    stored = hub.count("PUT", "/storage/")
    assert stored == 3
    assert publish(hub, ALICE, model).returncode == 0
    assert hub.count("PUT", "/storage/") == stored, "large files that had arrived were sent again"
    assert repo.tags == {"v1": repo.commits[-1][0]}


def test_a_cut_before_the_tag_is_resumed(hub, model):
    hub.cut = ["/tag/"]
    assert failed(publish(hub, ALICE, model), "run the same command again")
    repo = hub.repos["model", "alice/fer"]
    assert not repo.tags
    result = publish(hub, ALICE, model)
    assert result.returncode == 0, result.stderr
    assert repo.tags == {"v1": repo.commits[-1][0]}
    assert len(repo.commits) == 2


def test_a_short_cut_of_an_upload_goes_unnoticed(hub, model):
    hub.cut = ["/storage/"]
    assert publish(hub, ALICE, model).returncode == 0
    assert hub.count("PUT", "/storage/") == 4


def test_a_hub_that_cannot_be_reached(hub, model):
    hub.__exit__()
    assert failed(publish(hub, ALICE, model), "the connection to http://127.0.0.1")


@pytest.mark.parametrize(("identity", "message"), [("alice", ""), ("bob", "has no permission to write there")])
def test_trusted_publishing_needs_no_stored_token(hub, model, identity, message):
    words = ("-m", "fer_hf", "publish", "--model", model, "--to", "alice/fer")
    result = hub.run(None, *words, HF_OIDC_RESOURCE="alice/fer", HF_OIDC_ID_TOKEN=identity)
    assert failed(result, message) if message else result.returncode == 0, result
    assert hub.count("POST", "/oauth/token") == 1
    assert bool(hub.repos) == (not message)


def test_what_is_no_finished_model_is_refused(model):
    with pytest.raises(FerError, match=r"the finished model is .*model"):
        model_files(model.parent)
    (model / "training_args.bin").write_bytes(b"pickle")
    with pytest.raises(FerError, match="is a checkpoint"):
        model_files(model)
    (model / "training_args.bin").unlink()
    (model / "config.json").write_text(json.dumps({"id2label": {"0": "cat", "1": "dog"}}))
    with pytest.raises(FerError, match=r"config\.json: id2label: expected angry, .* got cat, dog"):
        model_files(model)
    (model / "config.json").write_text("{}")
    with pytest.raises(FerError, match=r"config\.json: expected JSON with id2label"):
        model_files(model)
