"""What a results file says of its command and its conditions."""

import json
import os
from pathlib import Path

from benchmarks import record


def test_a_command_names_no_folder_of_the_machine(tmp_path):
    data = tmp_path / "my data.csv"
    data.touch()
    words = ["--data", str(data), f"--votes={tmp_path}/absent.csv", "--model", "user/name", "--rounds", "3"]
    said = record.command("benchmarks.baselines", words)
    assert said == "python -m benchmarks.baselines --data 'my data.csv' --votes=absent.csv --model user/name --rounds 3"
    assert record.shown(str(Path.cwd() / "recipes")) == "recipes"


def test_a_folder_beside_the_project_is_none_of_it(tmp_path, monkeypatch):
    (tmp_path / "project").mkdir()
    (tmp_path / "faces.csv").touch()
    monkeypatch.chdir(tmp_path / "project")
    assert record.shown("../faces.csv") == "faces.csv"


def test_a_result_is_kept_with_its_conditions(tmp_path, monkeypatch):
    monkeypatch.setattr(record, "ROOT", tmp_path)
    path = record.keep("benchmarks.tried", {"answer": 1})
    kept = json.loads(path.read_text())
    assert path == tmp_path / "benchmarks" / "results" / "tried.json"
    assert kept["answer"] == 1
    assert kept["conditions"]["versions"]["torch"]
    assert f"{os.cpu_count()} core" in kept["conditions"]["machine"]
    assert os.uname().nodename not in kept["conditions"]["machine"]
