from pathlib import Path

import fer_hf.environment
from fer_hf.environment import default_model, machine, shown

ROOT = Path(__file__).parents[1]


def test_the_default_model_is_the_variables_else_the_packages_else_the_checkouts(monkeypatch, tmp_path):
    monkeypatch.delenv("FER_MODEL", raising=False)
    assert default_model() == str(ROOT / "models" / "fer-dinov2-small")

    monkeypatch.setattr(fer_hf.environment, "PACKAGE", tmp_path / "fer_hf")
    assert default_model() == str(tmp_path / "models" / "fer-dinov2-small")
    packaged = tmp_path / "fer_hf" / "models" / "fer-dinov2-small"
    packaged.mkdir(parents=True)
    assert default_model() == str(packaged)

    monkeypatch.setenv("FER_MODEL", "someone/model")
    assert default_model() == "someone/model"


def test_the_machine_is_told_without_its_folders():
    assert " of a" in machine()
    assert str(ROOT) not in machine()


def test_files_outside_the_project_are_shown_by_their_name(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    (tmp_path / "data.csv").touch()
    assert shown(str(tmp_path / "data.csv")) == "data.csv"
    assert shown(f"--data={tmp_path / 'data.csv'}") == "--data=data.csv"
    assert shown(str(ROOT / "train.py")) == "train.py"
    assert shown("--views") == "--views"
