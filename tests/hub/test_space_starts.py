"""The Space's folder alone, in a fresh environment with its own requirements, started as the Hub starts it.

PyTorch alone is the one that runs this test, not the 2.11 that the Space asks for: that is a CUDA build of several
gigabytes. The real `spaces` package is installed, but this is not ZeroGPU, which changes PyTorch in ways that a build
without CUDA does not allow.
"""

import socket
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from gradio_client import Client, handle_file

from fer_hf.hub.space import space_files
from fer_hf.labels import LABELS
from fer_hf.web import examples
from tests.hub.test_round_trip import wait_for
from tests.support.loopback_hub import LoopbackHub, Repo

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2400)]
TORCH = ("torch", "torch-*.dist-info", "torch.libs", "torchgen", "functorch")
# The function under `spaces.GPU`, which lends nothing here.
SCORE_MANY = """
import numpy as np
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.zero_gpu import LentGpuRuntime, spaces
import torch
runtime = FaceAnalyzer.from_pretrained(device="cpu").runtime
faces = np.random.default_rng(0).normal(size=(3, 3, 32, 32)).astype(np.float32)
assert np.allclose(LentGpuRuntime(runtime, "cpu").logits(faces), runtime.logits(faces), atol=1e-5)
print(spaces.__name__, torch.cuda.is_initialized())
"""


@pytest.fixture(scope="module")
def space(tmp_path_factory):
    folder = tmp_path_factory.mktemp("space")
    for name, content in space_files("alice/faces", "alice/fer").items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.read_bytes())
    return folder


@pytest.fixture(scope="module")
def python(space, tmp_path_factory):
    """The interpreter of a fresh environment with the Space's requirements."""
    root = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", root], check=True)
    packages = next(root.glob("lib/*/site-packages"))
    here = Path(sysconfig.get_path("purelib"))
    for path in (found for pattern in TORCH for found in here.glob(pattern)):
        (packages / path.name).symlink_to(path)
    lines = (space / "requirements.txt").read_text().splitlines()
    (root / "requirements.txt").write_text("\n".join(line for line in lines if not line.startswith("torch==")))
    words = [root / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", root / "requirements.txt"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if "NewConnectionError" in done.stderr or "Network is unreachable" in done.stderr:
        pytest.skip("the packages cannot be downloaded")
    assert done.returncode == 0, done.stderr
    return root / "bin" / "python"


@pytest.fixture(scope="module")
def hub(tiny_model, tmp_path_factory):
    with LoopbackHub(tmp_path_factory.mktemp("home")) as server:
        repo = server.repos["model", "alice/fer"] = Repo("model", "alice/fer", private=False)
        repo.commit({path.name: path.read_bytes() for path in Path(tiny_model).iterdir() if path.is_file()})
        yield server


def environment(hub, **own):
    """Of a process in the Space: nothing of this project's, and another Python's, is on its path."""
    common = {key: value for key, value in hub.environment(None).items() if not key.startswith("PYTHON")}
    return common | {"GRADIO_ANALYTICS_ENABLED": "False"} | own


def read_a_photo(python, space, env, tmp_path):
    """The page's answer over HTTP, from its start to its end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    examples.astronaut().save(tmp_path / "photo.png")
    page = subprocess.Popen([python, "start.py"], cwd=space, env=env | {"GRADIO_SERVER_PORT": str(port)})
    try:
        wait_for(f"http://127.0.0.1:{port}", page)
        client = Client(f"http://127.0.0.1:{port}", verbose=False)
        answer = client.predict(handle_file(tmp_path / "photo.png"), api_name="/read_photo")
        client.close()
        return answer
    finally:
        page.terminate()
        page.wait()


def test_it_has_no_training_library(python):
    code = "import importlib.util as u; print([n for n in ('datasets', 'sklearn', 'evaluate') if u.find_spec(n)])"
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_it_reads_a_photo_on_a_cpu(python, space, hub, tmp_path):
    answer = read_a_photo(python, space, environment(hub), tmp_path)
    assert len(answer["faces"]) == 1
    assert set(answer["faces"][0]["scores"]) == set(LABELS)


def test_it_scores_many_faces_by_the_function_that_zerogpu_would_run(python, space, hub):
    env = environment(hub, FER_MODEL="alice/fer")
    done = subprocess.run([python, "-c", SCORE_MANY], cwd=space, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["spaces", "False"]
