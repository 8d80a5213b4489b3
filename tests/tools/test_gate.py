import json
import shutil

import pytest
import torch

from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.inference.runtime import weights_hash
from fer_hf.io import write_json
from tools import gate


@pytest.fixture
def scored(tiny_model, tmp_path):
    """A tiny model beside the results, answers and release that belong to it."""
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    write_results(model)
    gate.note_answers(model, tmp_path / "answers.json")
    gate.note_release(model, tmp_path / "release.json")
    return model, tmp_path / "answers.json", tmp_path / "release.json"


def write_results(model, name="eval_results.json", **changes):
    part = {"accuracy": 0.7, "macro_f1": 0.65, "coverage_80": 0.75, "ece": 0.02}
    results = {"sha256": weights_hash(str(model)), "whole": part, "clean": part, "ferplus": {"accuracy": 0.8}}
    write_json(model / name, results | changes)


def test_each_of_two_heads_answers_for_its_own_truth(scored):
    model, answers, _ = scored
    save_label_head(LabelHead(torch.zeros(7, 16), torch.ones(7), 0.5), model / LABEL_HEAD)
    votes = {"accuracy": 0.9, "six_class_f1": 0.85, "ece": 0.034}
    low = {"accuracy": 0.6, "macro_f1": 0.5, "coverage_80": 0.6, "ece": 0.3}  # of the votes head, on the label
    write_results(model, truth="ferplus", ferplus=votes, whole=low, clean=low)
    write_results(model, "eval_results_label.json", ferplus={"accuracy": 0.74})
    gate.note_answers(model, answers)
    assert gate.failures(*scored) == []
    assert gate.scores_of(model)["FER+ agreement"] == 0.9
    logits = json.loads(answers.read_text())["logits"]
    logits["label"][0][0] += 0.01
    write_json(answers, {"logits": logits})
    write_results(model, truth="ferplus", ferplus=votes | {"ece": 0.036}, whole=low, clean=low)
    write_results(model, "eval_results_label.json", sha256="0" * 64, whole=low)
    wrong = "; ".join(gate.failures(*scored))
    assert "logits of the label head differ from the noted ones by up to 0.01" in wrong
    assert "ferplus ece 0.0360 is above 0.035" in wrong
    assert "not those that eval_results_label.json scored" in wrong
    assert "whole accuracy 0.6000 is below 0.7000" in wrong


def test_a_model_that_was_scored_passes(scored):
    assert gate.failures(*scored) == []


def test_other_weights_and_other_answers_fail(scored):
    model, answers, _ = scored
    write_results(model, sha256="0" * 64)
    logits = json.loads(answers.read_text())["logits"]
    logits["votes"][3][2] += 0.01
    write_json(answers, {"logits": logits})
    wrong = gate.failures(*scored)
    assert len(wrong) == 2
    assert "not those that eval_results.json scored" in wrong[0]
    assert "0.01" in wrong[1]


def test_no_score_may_fall_below_the_last_release(scored):
    version = json.loads(scored[2].read_text())["version"]
    low = {"accuracy": 0.6999, "macro_f1": 0.9, "coverage_80": 0.75, "ece": 0.02}
    write_results(scored[0], clean=low, ferplus={"accuracy": 0.7})
    first, second = gate.failures(*scored)
    assert first == f"clean accuracy 0.6999 is below 0.7000, that of version {version}"
    assert second.startswith("FER+ agreement 0.7000 is below 0.8000")
    gate.note_release(scored[0], scored[2])
    assert gate.failures(*scored) == []


def test_confidence_must_mean_something(scored):
    write_results(scored[0], clean={"accuracy": 0.7, "macro_f1": 0.65, "coverage_80": 0.75, "ece": 0.0301})
    assert gate.failures(*scored) == ["clean ece 0.0301 is above 0.03"]


def test_what_is_wrong_is_one_error(monkeypatch):
    monkeypatch.setattr(gate, "failures", lambda: ["the accuracy fell", "the weights are others"])
    with pytest.raises(FerError, match="may not be released: the accuracy fell; the weights are others"):
        gate.main([])


@pytest.mark.skipif(not gate.MODEL.exists(), reason="no model in the repository")
def test_the_model_in_the_repository_passes():
    assert gate.failures() == []
