import numpy as np
import pytest
import torch

from fer_hf.calibration import Calibration, fit_calibration, fold_calibration, softmax
from fer_hf.modeling import load_backbone
from fer_hf.recipe import Recipe

CONFIG = {"model_type": "dinov2", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28}


def test_the_temperature_and_biases_that_spoiled_the_logits_are_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 7)) * 2
    labels = np.array([rng.choice(7, p=row) for row in softmax(logits)])
    biases = np.array([0.5, -0.5, 0.3, -0.3, 0.0, 0.4, -0.4])
    found = fit_calibration((logits - biases) * 3, labels)
    assert found.temperature == pytest.approx(3, rel=0.1)
    assert sum(found.biases) == pytest.approx(0, abs=1e-6)
    np.testing.assert_allclose(found.biases, biases, atol=0.15)


def test_a_folded_calibration_is_the_applied_one():
    model = load_backbone(Recipe(model_config=CONFIG, drawn_pictures=7, image_size=28)).eval()
    torch.nn.init.normal_(model.classifier.bias)
    calibration = Calibration(2.5, [0.3, -0.3, 0.1, -0.1, 0.2, -0.2, 0.0])
    pixels = torch.randn(3, 3, 28, 28)
    with torch.no_grad():
        before = model(pixel_values=pixels).logits
        fold_calibration(model, calibration)
        after = model(pixel_values=pixels).logits
    np.testing.assert_allclose(after.numpy(), calibration.apply(before.numpy()), atol=1e-5)
