from pathlib import Path

import pytest

import fer_hf.environment
from fer_hf.environment import check_hub_id, default_model, machine, shown
from fer_hf.errors import FerError

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


@pytest.mark.parametrize("model", ["nope", "a/b/c", "/nowhere/fer", "../fer"])
def test_what_cannot_be_a_hub_id_is_refused(model):
    with pytest.raises(FerError, match="no such model folder"):
        check_hub_id(model)


def test_a_mistyped_folder_is_not_looked_for_on_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check_hub_id("models/nope")
    (tmp_path / "models").mkdir()
    with pytest.raises(FerError, match="models/nope: no such model in models"):
        check_hub_id("models/nope")
