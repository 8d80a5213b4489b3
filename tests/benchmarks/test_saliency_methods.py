"""Every heat-map method on tiny models, and on one whose answer hangs on a known corner of the picture."""

import numpy as np
import pytest
import torch
from transformers import (
    ConvNextConfig,
    ConvNextForImageClassification,
    DeiTConfig,
    DeiTForImageClassification,
    Dinov2Config,
    Dinov2ForImageClassification,
    ViTConfig,
    ViTForImageClassification,
)

from benchmarks.saliency_methods import ATTENTION, METHODS
from fer_hf.data.synthetic import draw_face
from fer_hf.inference.saliency import integrated_gradients, unit_heat
from fer_hf.labels import ID2LABEL, LABEL2ID, LABELS
from tests.inference.test_saliency import SIZE, Corner

TOKENS = {
    "hidden_size": 16,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "image_size": SIZE,
    "patch_size": 14,
}
CLASSES = {"id2label": dict(ID2LABEL), "label2id": dict(LABEL2ID)}
FAMILIES = {
    "dinov2": lambda: Dinov2ForImageClassification(Dinov2Config(**TOKENS, **CLASSES)),
    "vit": lambda: ViTForImageClassification(ViTConfig(**TOKENS, **CLASSES)),
    "deit": lambda: DeiTForImageClassification(DeiTConfig(**TOKENS, **CLASSES)),
    "convnext": lambda: ConvNextForImageClassification(
        ConvNextConfig(hidden_sizes=[8, 8, 16, 16], depths=[1, 1, 1, 1], image_size=4 * SIZE, **CLASSES)
    ),
}


def tiny(family):
    torch.manual_seed(0)
    model = FAMILIES[family]().eval()
    for parameter in model.parameters():  # the heads begin at almost nothing, and then nothing is looked at
        torch.nn.init.normal_(parameter, std=0.2)
    if family != "convnext":
        model.set_attn_implementation("eager")
    return model


def faces(count, size=SIZE):
    rows = [np.asarray(draw_face(name, size=size).convert("RGB")) for name in LABELS[:count]]
    return torch.tensor(np.stack(rows), dtype=torch.float32).permute(0, 3, 1, 2) / 127.5 - 1


@pytest.mark.parametrize(
    ("family", "name"),
    [(family, name) for family in FAMILIES for name in METHODS if family != "convnext" or name not in ATTENTION],
)
def test_each_method_gives_a_map_a_face_and_leaves_the_model_alone(family, name):
    model = tiny(family)
    pixels = faces(3, model.config.image_size)
    before = pixels.clone()
    heat = METHODS[name](model, pixels, torch.tensor([0, 3, 6]))
    assert heat.shape[0] == 3
    assert heat.ndim == 3
    assert torch.isfinite(heat).all()
    assert not heat.requires_grad
    assert torch.equal(pixels, before)
    assert all(parameter.grad is None for parameter in model.parameters())
    alone = METHODS[name](model, pixels[1:2], torch.tensor([3]))
    if name != "smooth_gradient":  # its noise depends on the place in the batch
        assert torch.allclose(unit_heat(heat, SIZE)[1], unit_heat(alone, SIZE)[0], atol=1e-3)


@pytest.mark.parametrize("name", ["integrated_gradients", "smooth_gradient", "occlusion"])
def test_the_heat_is_where_the_answer_comes_from(name):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(2, 3, SIZE, SIZE, generator=generator)
    heat = unit_heat(METHODS[name](Corner(), pixels, torch.tensor([3, 3])), SIZE)
    inside = heat[:, : SIZE // 2, : SIZE // 2].mean((1, 2))
    assert (inside > 3 * heat[:, SIZE // 2 :, SIZE // 2 :].mean((1, 2))).all()


def test_hot_features_are_found_by_cam():
    """In a ConvNeXt whose head reads one channel, Grad-CAM and LayerCAM show where that channel is."""
    model = tiny("convnext")
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.weight[3, 5] = 1.0
        model.convnext.layernorm = torch.nn.Identity()
    pixels = faces(1, model.config.image_size)
    with torch.no_grad():
        channel = model(pixels, output_hidden_states=True).hidden_states[-1][:, 5]
    for name in ("grad_cam", "layer_cam"):
        assert torch.allclose(
            unit_heat(METHODS[name](model, pixels, torch.tensor([3])), SIZE), unit_heat(channel.relu(), SIZE), atol=1e-4
        )


def test_under_ten_passes_a_face():
    """Forward passes, with a backward pass counted as two."""
    for name, method in METHODS.items():
        model, passes = tiny("dinov2"), []
        model.register_forward_hook(
            lambda module, inputs, output, passes=passes: passes.append(output.logits.requires_grad)
        )
        with torch.no_grad():
            method(model, faces(1), torch.tensor([0]))
        assert sum(3 if with_gradient else 1 for with_gradient in passes) < 10, name


def test_the_method_of_the_page_is_one_of_those_measured():
    assert integrated_gradients in METHODS.values()
