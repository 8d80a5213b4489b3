"""Benchmarks: what each says of itself, where results are kept, and the measurements of speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import baselines, corruptions, fairness, page_speed, record, speed, training_speed
from benchmarks import onnx as onnx_benchmark
from benchmarks.timing import WARM_UPS, against, interleaved
from experiments import ablations, label_trade_off, test_time_augmentation, weight_interpolation
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from tests.support.pictures import is_picture


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Results of a test stay in its own folder."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    return tmp_path / "benchmarks" / "results"


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.mark.parametrize(
    "module",
    [
        ablations,
        baselines,
        corruptions,
        fairness,
        label_trade_off,
        onnx_benchmark,
        speed,
        test_time_augmentation,
        weight_interpolation,
    ],
)
def test_help_says_what_it_does(module, capsys):
    with pytest.raises(SystemExit) as stop:
        module.main(["--help"])
    assert stop.value.code == 0
    assert f"python -m {module.__name__}" in capsys.readouterr().out


# -- what a result says of itself


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


def test_a_result_is_kept_with_its_conditions(results):
    path = record.keep("benchmarks.tried", {"answer": 1})
    kept = json.loads(path.read_text())
    assert path == results / "tried.json"
    assert kept["answer"] == 1
    assert kept["conditions"]["versions"]["torch"]
    assert f"{os.cpu_count()} core" in kept["conditions"]["machine"]
    assert os.uname().nodename not in kept["conditions"]["machine"]


# -- speed


def test_ratio_and_limit():
    assert against(0.05, 0.5, 1 / 8) == {"milliseconds": 50, "ratio": 0.1, "limit": 0.125, "met": True}
    assert against(0.5, 0.5, 0.8)["met"] is False
    assert against(0.5, 0.5, None)["met"] is None


def test_tasks_take_turns():
    calls = []
    seconds = interleaved({"one": lambda: calls.append(1), "two": lambda: calls.append(2)}, rounds=3)
    assert calls == [1, 2] * (3 + WARM_UPS)
    assert seconds.keys() == {"one", "two"}


def test_the_speed_of_a_whole_run_is_its_parts_in_proportion():
    sizes = [
        {"share_of_steps": 0.5, "trainer_pictures_a_second": 80.0, "bare_pictures_a_second": 100.0},
        {"share_of_steps": 0.5, "trainer_pictures_a_second": 40.0, "bare_pictures_a_second": 50.0},
    ]
    whole = training_speed.whole_run(sizes)
    assert whole["bare_pictures_a_second"] == 66.7  # 2 pictures in 1/100 + 1/50 s
    assert whole["share"] == 0.8
    assert whole["met"] is False


def test_training_and_bare_steps_alternate_at_both_sizes(tiny_model, tmp_path, monkeypatch):
    monkeypatch.setattr(training_speed, "DRAWN", 21)
    monkeypatch.setattr(training_speed, "BLOCK", 2)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("{image_size: 32, per_device_train_batch_size: 7, bf16: false, use_cpu: true}")
    found = training_speed.measure(str(recipe), str(tiny_model), "", threads=1, blocks=2)
    assert [(row["image_size"], row["blocks"], row["share_of_steps"]) for row in found["sizes"]] == [(32, 2, 1.0)]
    assert found["share"] == pytest.approx(found["trainer_pictures_a_second"] / found["bare_pictures_a_second"], 0.02)


def test_photos_have_the_stated_size_and_faces(analyzer):
    assert speed.photo_of_one().size == speed.photo_of_group().size == (640, 480)
    assert len(analyzer.detector.detect(speed.photo_of_one())) == 1
    assert len(analyzer.detector.detect(speed.photo_of_group())) == speed.GROUP


def test_speed_is_drawn_and_summed_up(tmp_path):
    rows = {"a face": against(0.02, 0.1, 1 / 8), "a photo": against(0.05, 0.1, 0.8), "64 faces": against(1, 0.1, None)}
    speed.draw(rows, tmp_path / "speed.png")
    assert is_picture(tmp_path / "speed.png")
    said = speed.summary({"predict": {"rows": rows}, "train": {"share": 0.95, "met": True}})
    assert "a face: 0.200 passes, 20.0 ms (limit 0.125: NOT MET)" in said
    assert "training keeps 95.0 % (met)" in said


def test_a_page_that_ends_early_is_one_clear_line():
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    with pytest.raises(FerError, match="exit code 3"):
        page_speed.wait_for(f"http://127.0.0.1:{page_speed.free_port()}", process)
    assert 0 < page_speed.resident_gigabytes(os.getpid()) < 100
