import numpy as np
import pytest
import torch

from fer_hf.calibration import fit_temperature, fold_temperature, softmax
from fer_hf.modeling import load_backbone
from fer_hf.recipe import Recipe

CONFIG = {"model_type": "dinov2", "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28}


def test_the_temperature_that_spoiled_the_logits_is_found():
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(4000, 7)) * 2
    labels = np.array([rng.choice(7, p=row) for row in softmax(logits)])
    assert fit_temperature(logits * 3, labels) == pytest.approx(3, rel=0.1)


def test_a_folded_temperature_divides_the_logits():
    model = load_backbone(Recipe(model_config=CONFIG, drawn_pictures=7, image_size=28)).eval()
    torch.nn.init.normal_(model.classifier.bias)
    pixels = torch.randn(3, 3, 28, 28)
    with torch.no_grad():
        before = model(pixel_values=pixels).logits
        fold_temperature(model, 2.5)
        torch.testing.assert_close(model(pixel_values=pixels).logits, before / 2.5)
