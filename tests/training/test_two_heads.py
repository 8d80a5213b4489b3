"""Two heads on one backbone, on tiny random models and drawn faces."""

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForImageClassification

from fer_hf.evaluation.calibration import softmax
from fer_hf.evaluation.metrics import ferplus_majority, nll
from fer_hf.labels import FERPLUS_INDEX, LABELS
from fer_hf.training.two_heads import LABEL_ROWS, OUTPUTS, VOTES_ROWS, calibrate_heads, split_heads

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
