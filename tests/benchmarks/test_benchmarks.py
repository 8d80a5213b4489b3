import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from benchmarks import baselines, corruptions, fairness, page_speed, record, speed, training_speed
from benchmarks import onnx as onnx_benchmark
from benchmarks.corruptions import CORRUPTIONS, corrupted, moved
from benchmarks.onnx_baselines import BASELINES, Baseline, OnnxBaseline, model_input
from benchmarks.timing import WARM_UPS, against, interleaved
from experiments import ablations, label_trade_off, test_time_augmentation, weight_interpolation
from fer_hf.data.synthetic import draw_face, synthetic_splits
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Results of a test stay in its own folder."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    return tmp_path / "benchmarks" / "results"


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.fixture
def split():
    """Drawn faces with votes and leaks."""
    test = synthetic_splits(21)["test"]
    votes = np.zeros((21, 10))
    votes[:14, 4] = 10
    return test.add_column("in_train", [i < 7 for i in range(21)]).add_column("votes", votes.tolist())


def is_picture(path):
    with Image.open(path) as picture:
        picture.load()
        return picture.width > 100


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


# -- baselines


def test_mcnemar_is_the_exact_binomial_test():
    ours = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    theirs = np.array([False] * 9 + [True] + [True] * 5 + [False] * 5)
    found = baselines.mcnemar(ours, theirs)
    assert (found["only_ours_right"], found["only_theirs_right"]) == (9, 1)
    assert found["p_value"] == pytest.approx(2 * (1 + 10) / 2**10)
    assert baselines.mcnemar(ours, ours)["p_value"] == 1


def test_baselines_get_the_pictures_they_were_trained_with():
    face = Image.linear_gradient("L").resize((48, 48))
    grey = model_input([face, face], BASELINES[0])
    assert grey.shape == (2, 64, 64, 1)
    assert -1 <= grey.min() < -0.9 < 0.9 < grey.max() <= 1
    colour = model_input([face], BASELINES[-1])
    assert colour.shape == (1, 112, 112, 3)
    assert colour.max() > 200
    assert (colour[..., 0] == colour[..., 2]).all()


@pytest.fixture
def baseline(tmp_path):
    """A tiny ONNX model whose output 0 is the surest on any face."""
    weights = numpy_helper.from_array(np.zeros((16, 7), np.float32), "weights")
    bias = numpy_helper.from_array(np.arange(7, 0, -1, dtype=np.float32), "bias")
    nodes = [
        helper.make_node("Flatten", ["faces"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
    ]
    faces = helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["n", 4, 4, 1])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 7])
    graph = helper.make_graph(nodes, "baseline", [faces], [scores], [weights, bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "baseline.onnx")
    return Baseline("a baseline", "baseline.onnx", 4, True, LABELS[::-1])


def test_a_baseline_answers_in_our_order_of_labels(baseline, tmp_path):
    analyzer = OnnxBaseline(baseline, tmp_path, threads=1)
    scores = analyzer.scores([draw_face("happy")] * 3)
    assert scores.shape == (3, 7)
    assert scores.argmax(1).tolist() == [6, 6, 6]  # its first label is our last
    assert scores.sum(1) == pytest.approx(1)
    assert analyzer.parameters() == 16 * 7 + 7


def test_a_baseline_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FerError, match=r"fer_mini_xception\.onnx"):
        OnnxBaseline(BASELINES[0], tmp_path, threads=1)


def test_models_are_compared_on_the_same_faces(analyzer, baseline, split, tmp_path):
    faces = split["image"][:]
    found = baselines.compare({"ours": analyzer, "a baseline": OnnxBaseline(baseline, tmp_path, 1)}, faces, split)
    assert (found["n"], found["n_clean"], found["n_ferplus"]) == (21, 14, 14)
    theirs = found["models"]["a baseline"]
    assert theirs["accuracy"]["value"] == pytest.approx(1 / 7)  # always neutral, one face in seven
    assert theirs["ferplus"]["value"] == 0  # the majorities are all angry
    assert "mcnemar" in theirs
    assert "mcnemar" not in found["models"]["ours"]
    for row in found["models"].values():
        row |= {"milliseconds": {"1": 1.0, "64": 9.0}, "megabytes": 1.0}
    found |= {"split": "validation", "stated": baselines.STATED | {"milliseconds": {"1": 2.0}}}
    baselines.draw(found, tmp_path / "baselines.png")
    assert is_picture(tmp_path / "baselines.png")
    assert baselines.summary(found).count("\n") == 1


# -- corruptions


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_stronger_corruption_changes_more(name):
    face = draw_face("sad").convert("RGB")
    clean = np.asarray(face, dtype=float)

    def change(strength):
        changed = corrupted(face, 3, CORRUPTIONS[name], strength).resize(face.size, Image.Resampling.BICUBIC)
        return np.abs(np.asarray(changed, dtype=float) - clean).mean()

    changes = [change(strength) for strength in CORRUPTIONS[name].strengths]
    assert 0 < changes[0] < changes[1] < changes[2]
    assert changes == [change(strength) for strength in CORRUPTIONS[name].strengths]  # the same on every run


def test_moving_by_nothing_changes_nothing_and_a_shift_goes_where_it_says():
    face = draw_face("happy").convert("RGB")
    assert np.array_equal(moved(face), face)
    assert np.array_equal(np.asarray(moved(face, x=0.25))[:, 12:], np.asarray(face)[:, :36])


def test_corruptions_are_measured_and_drawn(analyzer, tmp_path):
    faces = [draw_face(name, 5) for name in LABELS]
    labels = analyzer.scores(faces).argmax(1)
    labels[0] = (labels[0] + 1) % 7  # right on all clean faces but one
    found = corruptions.measure(analyzer, faces, labels)
    assert found["clean"]["accuracy"] == pytest.approx(6 / 7)
    for row in found["corruptions"].values():
        kept = [each["accuracy"] / (6 / 7) for each in row["strengths"]]
        assert [each["kept"] for each in row["strengths"]] == pytest.approx(kept, abs=1e-3)
    corruptions.draw(found | {"faces": 7}, tmp_path / "table.png")
    corruptions.draw_examples(tmp_path / "examples.png")
    assert is_picture(tmp_path / "table.png")
    assert is_picture(tmp_path / "examples.png")


# -- fairness


def test_features_of_a_face():
    face = draw_face("happy", size=96)
    assert fairness.brightness(np.full((4, 4), 7, np.uint8)) == 7
    assert fairness.sharpness(np.asarray(face)) > fairness.sharpness(np.asarray(face.reduce(4).resize(face.size)))
    assert fairness.tilt(np.array([[0, 0], [10, 10]])) == pytest.approx(45)
    assert fairness.tilt(np.array([[0, 3], [4, 0]])) == pytest.approx(math.degrees(math.atan(0.75)))


def test_quintiles_are_of_equal_size_and_in_order():
    values = np.append(np.random.default_rng(0).permutation(50).astype(float), math.nan)
    groups = fairness.quintiles(values)
    assert [mask.sum() for mask in groups.values()] == [10] * 5
    assert values[groups["lowest"]].max() == 9
    assert not any(mask[-1] for mask in groups.values())


def test_groups_stand_beside_what_their_expressions_explain(tmp_path):
    labels = np.repeat([0, 3], 50)
    scores = np.eye(7)[np.where(np.arange(100) < 25, 1, labels)]  # half of the angry faces are read wrong
    brightness = np.where(labels == 3, 200.0, 50.0) + np.tile(np.arange(50), 2)  # the happy ones are the bright ones
    found = fairness.by_group(scores, labels, {"brightness": brightness, "tilt": np.full(100, math.nan)})
    assert found["expression"].keys() == {"angry", "happy"}
    assert found["expression"]["angry"]["accuracy"] == 0.5
    assert found["brightness"]["highest"]["expected_from_expressions"] == 1
    assert found["brightness"]["lowest"]["expected_from_expressions"] == 0.5
    assert found["brightness"]["lowest"]["accuracy"] == 0
    assert (found["brightness"]["lowest"]["from"], found["brightness"]["lowest"]["to"]) == (50, 69)
    assert found["tilt"].keys() == {fairness.NOT_FOUND}
    fairness.draw({"accuracy": 0.75, "groups": found}, tmp_path / "fairness.png")
    assert is_picture(tmp_path / "fairness.png")
