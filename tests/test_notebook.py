"""The notebook: committed clean, and run from its first cell to its last on drawn data, a Hub on loopback included."""

import json
from pathlib import Path

import pytest

from fer_hf.data.synthetic import draw_face
from fer_hf.labels import LABELS
from tests.support.loopback_hub import LoopbackHub

PATH = Path(__file__).parents[1] / "notebooks" / "face_emotion_detection.ipynb"
CELLS = json.loads(PATH.read_text(encoding="utf-8"))["cells"]


def code_of(cell):
    return "".join(cell["source"])


def test_it_is_committed_clean():
    for cell in CELLS:
        assert cell["id"]
        if cell["cell_type"] == "code":
            assert (cell["outputs"], cell["execution_count"]) == ([], None)
            compile(code_of(cell), cell["id"], "exec")


def test_it_opens_in_colab():
    assert "https://colab.research.google.com/github/" in code_of(CELLS[0])
    assert f"/blob/main/notebooks/{PATH.name})" in code_of(CELLS[0])


@pytest.fixture
def data(tmp_path):
    """Kaggle's fer2013.csv, with drawn faces."""
    rows = ["emotion,pixels,Usage"]
    for number, usage in enumerate(("Training", "PublicTest", "PrivateTest")):
        for seed in range(2):
            for index, label in enumerate(LABELS):
                pixels = draw_face(label, 10 * number + seed).tobytes()
                rows.append(f"{index},{' '.join(map(str, pixels))},{usage}")
    (tmp_path / "fer2013.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "fer2013.csv"


@pytest.mark.slow
def test_it_runs_from_the_first_cell_to_the_last(data, tmp_path):
    """Its cells in order, as one program with other settings, in a process that knows no network but loopback."""
    fields = {"synthetic_faces": 0, "max_steps": 2, "output_dir": str(tmp_path / "run")}
    settings = (
        f"DATA, RECIPE, FIELDS = {str(data)!r}, 'recipes/smoke.yaml', {fields}\nPHOTO, PUSH_TO = None, 'alice/fer'"
    )
    cells = [
        settings if "parameters" in cell["metadata"].get("tags", []) else code_of(cell)
        for cell in CELLS
        if cell["cell_type"] == "code"
    ]
    assert settings in cells
    program = tmp_path / "notebook.py"
    program.write_text("\n".join([*cells, "print('faces read:', len(reading.faces))"]))
    with LoopbackHub(tmp_path / "home") as hub:
        done = hub.run("alice-write", program)
        assert done.returncode == 0, done.stderr[-3000:]
        assert "faces read: 1" in done.stdout
        published = hub.repos["model", "alice/fer"].files
    model = tmp_path / "run" / "model"
    assert published["model.safetensors"] == (model / "model.safetensors").read_bytes()
    assert json.loads((model / "eval_results.json").read_text())["whole"]["n"] == 2 * len(LABELS)
    assert {"README.md", "eval_results.png"} <= published.keys()
