"""The heat map on a tiny model, and on one whose answer hangs on a known corner of the picture."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from fer_hf.data.synthetic import draw_face
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.saliency import BATCH, explain, hidden, integrated_gradients, overlay, unit_heat
from fer_hf.labels import LABELS

SIZE = 56


def faces(count, size=SIZE):
    rows = [np.asarray(draw_face(name, size=size).convert("RGB")) for name in LABELS[:count]]
    return torch.tensor(np.stack(rows), dtype=torch.float32).permute(0, 3, 1, 2) / 127.5 - 1


class Corner(torch.nn.Module):
    """Class 3 rises with the light's variation in the upper left quarter of the picture, and with nothing else."""

    def forward(self, pixels):
        corner = pixels[:, :, : SIZE // 2, : SIZE // 2]
        logits = torch.zeros(len(pixels), 7)
        logits[:, 3] = 5 * corner.var((1, 2, 3))
        return SimpleNamespace(logits=logits)


def test_the_heat_is_where_the_answer_comes_from():
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(2, 3, SIZE, SIZE, generator=generator)
    heat = unit_heat(integrated_gradients(Corner(), pixels, torch.tensor([3, 3])), SIZE)
    inside = heat[:, : SIZE // 2, : SIZE // 2].mean((1, 2))
    assert (inside > 3 * heat[:, SIZE // 2 :, SIZE // 2 :].mean((1, 2))).all()


def test_explain_gives_unit_maps_for_crops_of_any_size(analyzer):
    crops = [draw_face(LABELS[i % 7], size=30 + 9 * i) for i in range(BATCH + 2)]
    heat = explain(analyzer, crops, [LABELS[i % 7] for i in range(BATCH + 2)])
    side = analyzer.model.config.image_size
    assert heat.shape == (BATCH + 2, side, side)
    assert heat.min() == 0
    assert heat.max() == 1
    assert len(explain(analyzer, [], [])) == 0


def test_the_label_matters(analyzer):
    crop = draw_face("happy")
    one, other = explain(analyzer, [crop, crop], ["happy", "sad"])
    assert not np.allclose(one, other, atol=0.02)


def test_labels_are_found_in_whatever_order(analyzer, tiny_model):
    """A model whose outputs stand in another order gives the same map."""
    other = FaceAnalyzer.from_pretrained(tiny_model)
    places = [3, 0, 6, 1, 5, 2, 4]
    for part in (other.model.classifier.weight, other.model.classifier.bias):
        part.data = part.data[places].clone()
    other.order = [places.index(index) for index in analyzer.order]
    crop = draw_face("happy")
    assert explain(other, [crop], ["sad"]) == pytest.approx(explain(analyzer, [crop], ["sad"]), abs=1e-4)


def test_a_flat_map_is_cold():
    assert torch.equal(unit_heat(torch.full((1, 4, 4), 3.0), 8), torch.zeros(1, 8, 8))


def test_hidden_pictures_keep_their_brightness_and_lose_their_detail():
    pixels = faces(2)
    blurred = hidden(pixels)
    assert blurred.mean().item() == pytest.approx(pixels.mean().item(), abs=0.1)
    assert (blurred.diff(dim=-1).abs().mean() < 0.5 * pixels.diff(dim=-1).abs().mean()).item()


def test_the_overlay_keeps_the_size_and_is_lighter_where_it_is_hotter():
    heat = np.tile(np.linspace(0, 1, SIZE), (SIZE, 1))
    drawn = overlay(Image.new("RGB", (90, 120), "#808080"), heat)
    assert (drawn.size, drawn.mode) == ((90, 120), "RGB")
    light = np.asarray(drawn.convert("L"), dtype=float).mean(0)
    assert np.all(np.diff(light[5:-5]) >= -1)
    assert light[-5] - light[5] > 60
