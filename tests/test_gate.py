import json
import shutil

import pytest

from benchmarks import gate
from fer_hf.evaluate import weights_hash
from fer_hf.files import write_json


@pytest.fixture
def scored(tiny_model, tmp_path):
    """A tiny model beside the results and answers that belong to it."""
    model = tmp_path / "model"
    shutil.copytree(tiny_model, model)
    write_json(model / "eval_results.json", {"sha256": weights_hash(str(model)), "whole": {"accuracy": 0.7}})
    write_json(tmp_path / "answers.json", {"logits": gate.logits_of(model)})
    return model, tmp_path / "answers.json"


def test_a_model_that_was_scored_passes(scored):
    assert gate.failures(*scored) == []


def test_other_weights_other_answers_and_a_low_score_fail(scored):
    model, answers = scored
    write_json(model / "eval_results.json", {"sha256": "0" * 64, "whole": {"accuracy": 0.6}})
    logits = json.loads(answers.read_text())["logits"]
    logits[3][2] += 0.01
    write_json(answers, {"logits": logits})
    wrong = gate.failures(model, answers)
    assert len(wrong) == 3
    assert "not those that eval_results.json scored" in wrong[0]
    assert "below the floor" in wrong[1]
    assert "0.01" in wrong[2]


@pytest.mark.skipif(not gate.MODEL.exists(), reason="no model in the repository")
def test_the_model_in_the_repository_passes():
    assert gate.failures() == []
