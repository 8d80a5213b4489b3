"""Two heads on one backbone, on tiny random models and drawn faces."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoConfig, AutoModelForImageClassification, pipeline

from fer_hf.data.synthetic import draw_face, synthetic_splits
from fer_hf.errors import FerError
from fer_hf.evaluation.calibration import softmax
from fer_hf.evaluation.metrics import ferplus_majority, nll
from fer_hf.heads import LABEL_HEAD, load_label_head
from fer_hf.labels import FERPLUS_INDEX, LABELS
from fer_hf.training.checkpoints import newest_checkpoint
from fer_hf.training.two_heads import LABEL_ROWS, OUTPUTS, VOTES_ROWS, calibrate_heads, scored_columns, split_heads
from tests.training.test_trainer import StopAfter, arguments_in, assert_same, one_thread, trainer_of, weights_of
from train import main, make_trainer

__all__ = ["one_thread"]  # a fixture

CONFIG = {"model_type": "dinov2", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28}


def measured(count=1500):
    """Logits of both heads, each three times as sharp as it should be, with the truths they are to tell."""
    rng = np.random.default_rng(0)
    true = rng.normal(size=(count, 14)) * 2
    labels = np.array([rng.choice(7, p=row) for row in softmax(true[:, LABEL_ROWS])])
    seen = np.array([rng.choice(7, p=row) for row in softmax(true[:, VOTES_ROWS])])
    votes = np.zeros((count, 10))
    votes[np.arange(count), np.array(FERPLUS_INDEX)[seen]] = 10
    votes[::10] = 1  # of all ten columns: no majority
    return true * 3, labels, votes


def test_each_head_gets_the_temperature_of_its_own_truth():
    logits, labels, votes = measured()
    logits[:, LABEL_ROWS] *= 2
    heads = calibrate_heads(logits, labels, votes, np.full(7, np.log(1 / 7)), tau=0.0)
    assert heads.votes.temperature == pytest.approx(3, rel=0.1)
    assert heads.label.temperature == pytest.approx(6, rel=0.1)
    assert heads.label.biases == [0.0] * 7


def test_tau_takes_the_prior_out_and_the_temperature_fits_what_is_left():
    logits, labels, votes = measured()
    log_prior = np.log([0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.2])
    heads = calibrate_heads(logits, labels, votes, log_prior, tau=0.5)
    expected = (logits[:, VOTES_ROWS] - 0.5 * log_prior) / heads.votes.temperature
    np.testing.assert_allclose(heads.votes_scores, softmax(expected), atol=1e-9)
    assert sum(heads.votes.biases) == pytest.approx(0, abs=1e-9)
    majority = ferplus_majority(votes)
    known = majority >= 0
    near = [softmax(expected * factor)[known] for factor in (0.95, 1, 1.05)]
    losses = [nll(scores, majority[known]) for scores in near]
    assert losses[1] == min(losses)


def test_without_a_tau_the_rule_chooses_one():
    logits, labels, votes = measured(300)
    assert calibrate_heads(logits, labels, votes, np.zeros(7)).tau == 1  # without a prior all are equal


def test_split_heads_say_what_the_14_outputs_said():
    config = AutoConfig.for_model(**CONFIG)
    config.id2label = dict(enumerate(OUTPUTS))
    torch.manual_seed(0)
    model = AutoModelForImageClassification.from_config(config).eval()
    torch.nn.init.normal_(model.classifier.weight)
    torch.nn.init.normal_(model.classifier.bias)
    pixels = torch.randn(3, 3, 28, 28)
    logits, labels, votes = measured(300)
    heads = calibrate_heads(logits, labels, votes, np.log([0.1, 0.1, 0.1, 0.3, 0.1, 0.1, 0.2]), tau=0.25)
    with torch.no_grad():
        both = model(pixel_values=pixels).logits.numpy()
        label = split_heads(model, heads)
        found = model(pixel_values=pixels).logits.numpy()
        assert found.shape == (3, 7)
        np.testing.assert_allclose(found, heads.votes.apply(both[:, VOTES_ROWS]), atol=1e-4)
        assert list(model.config.id2label.values()) == list(LABELS)
        assert model.config.num_labels == 7
        unsure = model.config.unsure_below
        assert (heads.votes_scores.max(1) < unsure).mean() == pytest.approx(0.2, abs=0.02)
        label.replace_classifier(model)
        found = model(pixel_values=pixels).logits.numpy()
        np.testing.assert_allclose(found, heads.label.apply(both[:, LABEL_ROWS]), atol=1e-4)
        assert model.config.unsure_below == label.unsure_below != unsure


def two_heads_in(folder, **values):
    common = {
        "two_heads": True,
        "image_size": 56,
        "early_size": 28,
        "early_fraction": 0.5,
        "patch_drop_rate": 0.5,
        "noise": 0.5,
        "jpeg": 0.5,
        "blur": 0.5,
        "wide_view": 0.5,
        "metric_for_best_model": "mean_accuracy",
    }
    return arguments_in(folder, **(common | values))


def test_two_heads_stopped_and_resumed_are_bitwise_the_same(tmp_path):
    whole = trainer_of(two_heads_in(tmp_path / "whole"))
    whole.train()
    arguments = two_heads_in(tmp_path / "parts")
    trainer_of(arguments, [StopAfter(5)]).train()
    resumed = trainer_of(arguments)
    resumed.train(resume_from_checkpoint=newest_checkpoint(arguments.training.output_dir))
    assert_same(weights_of(whole.model), weights_of(resumed.model))
    assert_same(weights_of(whole.average.module), weights_of(resumed.average.module))
    scored = [log for log in whole.state.log_history if "eval_mean_accuracy" in log]
    assert len(scored) == 5
    for log in scored:
        assert log["eval_mean_accuracy"] == (log["eval_accuracy"] + log["eval_votes_accuracy"]) / 2
        assert 0 <= log["eval_votes_six_class_f1"] <= 1
    assert whole.state.best_metric == max(log["eval_mean_accuracy"] for log in scored)


def test_each_loss_has_its_weight_and_its_targets(tmp_path):
    trainer = trainer_of(two_heads_in(tmp_path, ema_decay=0.0, label_smoothing_factor=0.1))
    logits = torch.randn(3, 14)
    targets = torch.rand(3, 14)
    targets[1, VOTES_ROWS] = 0  # a face without votes

    class Answers(torch.nn.Module):
        def forward(self, pixel_values):
            return type("Output", (), {"logits": logits})

    batch = {"pictures": torch.zeros(3, 1, 56, 56, dtype=torch.uint8), "targets": targets}
    model = Answers().eval()
    votes = -(targets[:, VOTES_ROWS] * logits[:, VOTES_ROWS].log_softmax(1)).sum(1).mean()
    label = -(targets[:, LABEL_ROWS] * logits[:, LABEL_ROWS].log_softmax(1)).sum(1).mean()
    for weights in ((1.0, 1.0), (0.5, 2.0), (1.0, 0.0)):
        trainer.args.votes_loss_weight, trainer.args.label_loss_weight = weights
        loss = trainer.compute_loss(model, batch)
        assert float(loss) == pytest.approx(float(weights[0] * votes + weights[1] * label), rel=1e-5)
    trainer.augment = lambda pictures, targets: (pictures, targets)
    trainer.args.votes_loss_weight, trainer.args.label_loss_weight = 1.0, 1.0
    smoothed = 0.9 * targets[:, LABEL_ROWS] + 0.1 / 7
    label = -(smoothed * logits[:, LABEL_ROWS].log_softmax(1)).sum(1).mean()
    assert float(trainer.compute_loss(model.train(), batch)) == pytest.approx(float(votes + label), rel=1e-5)


def test_data_without_votes_or_majorities_are_refused(tmp_path):
    arguments = two_heads_in(tmp_path)
    with pytest.raises(FerError, match="train: two heads need FER") as caught:
        make_trainer(arguments, synthetic_splits(7))
    assert caught.value.code == "two_heads_votes"
    splits = synthetic_splits(7, votes=True)
    votes = np.zeros((7, 10))
    votes[:, :2] = 5  # half is no majority
    splits["validation"] = splits["validation"].remove_columns("votes").add_column("votes", votes.tolist())
    with pytest.raises(FerError) as caught:
        scored_columns(splits, two_heads=True)
    assert caught.value.code == "two_heads_majority"


def test_a_run_ends_with_a_pipeline_model_and_a_label_head(tmp_path):
    words = ["recipes/smoke.yaml", "--two_heads", "true", f"--output_dir={tmp_path}", "--votes_tau=0.5"]
    main(words)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["tau"] == 0.5
    assert report["ferplus"]["n"] == 14
    assert set(report["label_head"]) >= {"validation", "ferplus", "temperature"}
    answers = pipeline("image-classification", model=str(tmp_path / "model"))(draw_face("happy", 1), top_k=7)
    assert {answer["label"] for answer in answers} == set(LABELS)
    state = load_file(tmp_path / "model" / "model.safetensors")
    assert state["classifier.weight"].shape == (7, 64)
    assert (tmp_path / "model" / LABEL_HEAD).stat().st_size < 5000
    head = load_label_head(str(tmp_path / "model"))
    assert (head.weight.shape, head.weight.dtype) == ((7, 64), torch.float16)
    assert 1 / 7 <= head.unsure_below <= 1
    config = json.loads((tmp_path / "model" / "config.json").read_text())
    assert set(config["log_prior"]) == {"votes", "label"} and all(map(np.isfinite, config["log_prior"]["label"]))
    assert len(config["neutral_logits"]) == 7
    main(["recipes/smoke.yaml", f"--output_dir={tmp_path}"])  # one head: no file of another model stays
    assert not (tmp_path / "model" / LABEL_HEAD).exists()
    assert "label_head" not in json.loads((tmp_path / "report.json").read_text())
