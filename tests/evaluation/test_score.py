import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from datasets import Dataset

from fer_hf.__main__ import main
from fer_hf.data.synthetic import draw_face, synthetic_splits
from fer_hf.evaluation.score import evaluate
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.labels import LABELS
from tests.support.made_sources import scored_split


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.fixture
def split():
    return scored_split()


def test_results_have_every_promised_score(analyzer, split):
    results = evaluate(analyzer, split)
    assert (results["whole"]["n"], results["clean"]["n"], results["ferplus"]["n"]) == (21, 14, 14)
    for part in (results["whole"], results["clean"]):
        for name in ("accuracy", "macro_f1", "ece", "brier", "coverage_80", "nll"):
            low, high = part["interval_95"][name]
            assert low <= part[name] <= high
            assert 0 <= part[name] <= (np.inf if name == "nll" else 2 if name == "brier" else 1)
        assert set(part["per_class"]) == set(LABELS)
        assert np.sum(part["confusion_matrix"]) == part["n"]
    angry = np.sum(analyzer.scores(split["image"][:14]).argmax(1) == 0) / 14
    assert results["ferplus"]["accuracy"] == pytest.approx(angry)
    json.dumps(results)


def test_a_votes_head_is_measured_against_what_most_people_see(analyzer, split):
    results = evaluate(analyzer, split, truth="ferplus")
    assert results["truth"] == "ferplus"
    ferplus, low_high = results["ferplus"], results["ferplus"]["interval_95"]["six_class_f1"]
    assert low_high[0] <= ferplus["six_class_f1"] <= low_high[1]
    assert np.sum(ferplus["confusion_matrix"]) == ferplus["n"] == 14
    assert evaluate(analyzer, split)["truth"] == "label"
    assert evaluate(analyzer, split.remove_columns("votes"), truth="ferplus")["truth"] == "label"


def fer_csv(path, usages):
    rows = [
        f"{i % 7},{' '.join(map(str, np.asarray(draw_face(LABELS[i % 7], i)).ravel()))},{usage}"
        for i, usage in enumerate(usages)
    ]
    path.write_text("emotion,pixels,Usage\n" + "\n".join(rows) + "\n")
    return path


def test_the_command_writes_json_and_pictures_and_logs_only_when_asked(tiny_model, tmp_path, capsys):
    log = tmp_path / "test_evaluations.json"
    tracked = Path(__file__).parents[2] / "models" / "fer-dinov2-small" / "test_evaluations.json"
    before = tracked.read_bytes()
    data = fer_csv(tmp_path / "fer2013.csv", ["Training"] * 14 + ["PublicTest"] * 7 + ["PrivateTest"] * 7)
    argv = ["evaluate", "--model", str(tiny_model), "--data", str(data), "--output"]
    assert main([*argv, str(tmp_path / "public.json"), "--split", "validation", "--log_test_evaluation", str(log)]) == 0
    assert not log.exists()
    assert main([*argv, str(tmp_path / "test.json")]) == 0
    assert tracked.read_bytes() == before
    results = json.loads((tmp_path / "test.json").read_text())
    assert results["private_test"] is True
    assert results["sha256"] == weights_hash(str(tiny_model))
    assert results["command"].startswith("python -m fer_hf evaluate --model ")
    assert f"--model {tiny_model.name} " in results["command"]
    assert str(tmp_path) not in results["command"]
    assert (tmp_path / "test.png").exists()
    assert (tmp_path / "test_reliability.png").exists()
    assert "whole (n = 7)" in capsys.readouterr().out
    assert main([*argv, str(tmp_path / "again.json"), "--log_test_evaluation", str(log)]) == 0
    assert json.loads(log.read_text())[0]["accuracy"] == results["whole"]["accuracy"]


def test_the_label_head_is_scored_when_asked_for(tiny_model, tmp_path):
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    surprised = torch.zeros(7)
    surprised[LABELS.index("surprise")] = 9
    save_label_head(LabelHead(torch.zeros(7, 16), surprised, 0.5), model / LABEL_HEAD)
    data = fer_csv(tmp_path / "fer2013.csv", ["Training"] * 14 + ["PublicTest"] * 7 + ["PrivateTest"] * 7)
    argv = ["evaluate", "--model", str(model), "--data", str(data), "--output", str(tmp_path / "label.json")]
    assert main([*argv, "--head", "label"]) == 0
    results = json.loads((tmp_path / "label.json").read_text())
    assert (results["head"], results["truth"]) == ("label", "label")
    assert " --head label " in results["command"]
    assert np.sum(results["whole"]["confusion_matrix"], 0).tolist() == [0, 0, 0, 0, 0, 7, 0]
    assert results["unsure"]["below"] == 0.5


def test_a_wrong_output_is_refused_before_the_work(tiny_model, tmp_path, capsys):
    words = ["evaluate", "--model", str(tiny_model), "--data", "none.csv", "--output", str(tmp_path / "results.txt")]
    assert main(words) == 1
    assert "expected a file name that ends in .json" in capsys.readouterr().err


def test_the_device_reaches_the_model(tiny_model, tmp_path, capsys):
    argv = ["evaluate", "--model", str(tiny_model), "--data", "none.csv", "--output", str(tmp_path / "results.json")]
    assert main([*argv, "--device", "warp"]) == 1
    assert "device: " in capsys.readouterr().err
    assert main([*argv, "--device", "cpu"]) == 1
    assert "none.csv: no such file or folder" in capsys.readouterr().err


def test_a_split_without_votes_or_leaks_has_no_such_scores(analyzer):
    plain = Dataset.from_dict({"image": synthetic_splits(7)["test"]["image"], "label": list(range(7))})
    assert set(evaluate(analyzer, plain)) == {"truth", "whole"}
