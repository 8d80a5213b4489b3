import json

import numpy as np
import pytest
import torch
from transformers import AutoModelForImageClassification

from benchmarks import record
from experiments import weight_interpolation
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import weights_hash
from fer_hf.training.parsing import read_arguments


def test_the_picked_checkpoint_is_found_and_its_averaged_weights_first(tiny_model, tmp_path):
    start = str(tiny_model)
    with pytest.raises(FerError, match=r"no report\.json"):
        weight_interpolation.trained_weights(tmp_path, start)
    for before in (None, {"sha256": "another"}):
        (tmp_path / "report.json").write_text(json.dumps({"best_step": 7, "before": before}))
        with pytest.raises(FerError, match="did not start from the weights of"):
            weight_interpolation.trained_weights(tmp_path, start)
    (tmp_path / "report.json").write_text(json.dumps({"best_step": 7, "before": {"sha256": weights_hash(start)}}))
    with pytest.raises(FerError, match="checkpoint-7: missing"):
        weight_interpolation.trained_weights(tmp_path, start)
    (tmp_path / "checkpoint-7").mkdir()
    assert weight_interpolation.trained_weights(tmp_path, start) == tmp_path / "checkpoint-7"
    (tmp_path / "checkpoint-7" / "average").mkdir()
    assert weight_interpolation.trained_weights(tmp_path, start) == tmp_path / "checkpoint-7" / "average"


def test_the_ends_of_a_mix_are_the_two_models(tiny_model, tmp_path):
    trained = AutoModelForImageClassification.from_pretrained(tiny_model, dtype=torch.float32)
    with torch.no_grad():
        trained.classifier.bias[2] += 5
    trained.save_pretrained(tmp_path)
    faces = [draw_face("happy"), draw_face("sad")]
    start = FaceAnalyzer.from_pretrained(str(tiny_model)).scores(faces)
    none, half, all_of_it = (
        weight_interpolation.interpolated(str(tiny_model), tmp_path, share).scores(faces) for share in (0, 0.5, 1)
    )
    np.testing.assert_allclose(all_of_it, start, atol=1e-6)
    assert (none[:, 2] > half[:, 2]).all() and (half[:, 2] > start[:, 2]).all()


def test_the_last_recipe_takes_what_was_chosen():
    chosen = json.loads((record.path_of("experiments.weight_interpolation", ".json")).read_text())["chosen"]
    arguments = read_arguments(["recipes/dinov2-small-last.yaml", "--data", "any"])
    assert chosen == {"start_share": 1 - arguments.model.wise_ft_alpha, "biases": arguments.training.class_bias}


def test_the_rule_takes_the_best_calibrated_of_those_that_agree_enough():
    rows = [{"ferplus": agreed, "ece": ece} for agreed, ece in ((0.81, 0.03), (0.796, 0.02), (0.79, 0.01))]
    assert weight_interpolation.choose(rows) == rows[1]
    assert weight_interpolation.choose([*rows[2:], {"ferplus": 0.7, "ece": 0.0}]) == rows[2]
