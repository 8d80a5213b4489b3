from copy import deepcopy

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import ViTImageProcessorPil

from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.labels import LABELS
from fer_hf.training.arguments import FerTrainingArguments, ModelArguments
from fer_hf.training.backbone import (
    blocks,
    freeze,
    load_backbone,
    make_processor,
    normalise,
    parameter_groups,
    set_image_size,
)
from fer_hf.training.two_heads import OUTPUTS
from fer_hf.training.weights import save_model

TOKENS = {"hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2, "image_size": 56, "patch_size": 14}
STAGES = {"hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 2, 1], "image_size": 64}
CONFIGS = {
    "vit": {"model_type": "vit", "intermediate_size": 32, **TOKENS},
    "deit": {"model_type": "deit", "intermediate_size": 32, "architectures": ["DeiTForImageClassification"], **TOKENS},
    "dinov2": {"model_type": "dinov2", "mlp_ratio": 2, **TOKENS},
    "convnext": {"model_type": "convnext", **STAGES},
    "convnextv2": {"model_type": "convnextv2", **STAGES},
}
FAMILIES = pytest.mark.parametrize("family", CONFIGS)


def arguments_of(family, **fields):
    return ModelArguments(model_config=CONFIGS[family], **({"image_size": 56} | fields))


def random_model(family, **fields):
    torch.manual_seed(0)
    model = load_backbone(arguments_of(family, **fields)).eval()
    for parameter in model.parameters():  # no zeros: every weight must count
        torch.nn.init.normal_(parameter, std=0.2)
    return model


@FAMILIES
def test_each_family_gets_seven_named_outputs_at_its_size(family):
    model = random_model(family)
    assert model.config.image_size == 56
    assert list(model.config.id2label.values()) == list(LABELS)
    assert model(pixel_values=torch.zeros(2, 3, 56, 56)).logits.shape == (2, 7)


@pytest.mark.parametrize("family", ["vit", "deit", "dinov2"])
def test_a_resized_position_table_answers_as_interpolation_does(family):
    model = random_model(family)
    pixels = torch.randn(2, 3, 84, 84)
    asked = {} if family == "dinov2" else {"interpolate_pos_encoding": True}
    with torch.no_grad():
        expected = model(pixel_values=pixels, **asked).logits
        set_image_size(model, 84)
        torch.testing.assert_close(model(pixel_values=pixels).logits, expected, atol=1e-4, rtol=1e-4)
    assert model.config.image_size == 84


@FAMILIES
def test_rates_rise_from_the_embeddings_to_the_head(family):
    model = random_model(family)
    groups = parameter_groups(model, FerTrainingArguments(learning_rate=1.0, layer_decay=0.5, head_lr_multiplier=10.0))
    rate = {id(p): group["lr"] for group in groups for p in group["params"]}
    assert len(rate) == sum(p.requires_grad for p in model.parameters())
    layers = blocks(model)
    embedding = next(model.base_model.embeddings.parameters())
    assert rate[id(embedding)] == 0.5 ** len(layers)
    assert [rate[id(next(layer.parameters()))] for layer in layers] == [0.5**i for i in range(len(layers) - 1, -1, -1)]
    assert rate[id(model.base_model.layernorm.weight)] == 1.0
    assert rate[id(model.classifier.weight)] == 10.0
    decayed = {id(p) for group in groups if group["weight_decay"] for p in group["params"]}
    assert id(model.classifier.weight) in decayed
    assert id(model.classifier.bias) not in decayed


@FAMILIES
def test_frozen_layers_get_no_gradient_and_no_rate(family):
    model = load_backbone(arguments_of(family, frozen_layers=2)).train()
    model(pixel_values=torch.randn(2, 3, 56, 56)).logits.sum().backward()
    moved = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    frozen = [model.base_model.embeddings, *blocks(model)[:2]]
    assert not {id(p) for part in frozen for p in part.parameters()} & {
        id(p) for group in parameter_groups(model, FerTrainingArguments()) for p in group["params"]
    }
    assert all(p.grad is None for part in frozen for p in part.parameters())
    assert any(name.startswith("classifier") for name in moved)
    assert all(p.grad is not None for p in blocks(model)[2].parameters())
    with pytest.raises(FerError, match="frozen_layers: the model has") as caught:
        freeze(model, len(blocks(model)))
    assert caught.value.code == "frozen_layers_all"


@pytest.mark.parametrize(
    ("fields", "code", "message"),
    [
        (
            {"family": "convnext", "patch_drop_rate": 0.5},
            "patch_drop_family",
            "patch_drop_rate: the patches of a convnext cannot be dropped",
        ),
        ({"family": "vit", "drop_path_rate": 0.1}, "drop_path_family", "drop_path_rate: a vit has no drop path"),
        (
            {"family": "dinov2", "image_size": 60},
            "image_size_patches",
            "image_size: expected a multiple of the patch size 14, got 60",
        ),
    ],
)
def test_what_a_family_cannot_do_is_refused(fields, code, message):
    with pytest.raises(FerError, match=message) as caught:
        load_backbone(arguments_of(**fields))
    assert caught.value.code == code


@FAMILIES
def test_two_heads_have_fourteen_named_outputs(family):
    model = random_model(family, two_heads=True)
    assert list(model.config.id2label.values()) == OUTPUTS
    assert model(pixel_values=torch.zeros(2, 3, 56, 56)).logits.shape == (2, 14)


VITS = pytest.mark.parametrize(("family", "extra"), [("vit", 1), ("deit", 2), ("dinov2", 1)])


def tokens_of(model, pixels):
    """What the first encoder layer is given."""
    given = []
    hook = blocks(model)[0].register_forward_pre_hook(
        lambda module, inputs, named: given.append(inputs[0] if inputs else named["hidden_states"]), with_kwargs=True
    )
    model(pixel_values=pixels)
    hook.remove()
    return given[0].detach()


@VITS
def test_half_of_the_patches_are_dropped_in_training_alone(family, extra):
    """16 patches: each picture keeps 8 of its own, as they were, and the tokens that are no patches."""
    model, pixels = random_model(family, patch_drop_rate=0.5), torch.randn(4, 3, 56, 56)
    whole = tokens_of(model.eval(), pixels)
    assert whole.shape[1] == extra + 16
    kept = tokens_of(model.train(), pixels)
    assert kept.shape[1] == extra + 8
    torch.testing.assert_close(kept[:, :extra], whole[:, :extra])
    where = [{int((whole[i] - token).abs().sum(1).argmin()) for token in kept[i, extra:]} for i in range(4)]
    assert all(len(each) == 8 and min(each) >= extra for each in where)
    assert len(set(map(frozenset, where))) > 1
    for i in range(4):
        assert all(float((whole[i] - token).abs().sum(1).min()) < 1e-4 for token in kept[i, extra:])


def test_patches_are_dropped_at_another_picture_size_too():
    model = random_model("dinov2", patch_drop_rate=0.25).train()
    assert tokens_of(model, torch.randn(2, 3, 28, 28)).shape[1] == 1 + 3


def test_a_copy_that_is_scored_beside_a_model_in_training_sees_all_patches():
    model = random_model("dinov2", patch_drop_rate=0.5).train()
    copy = deepcopy(model).eval()
    pixels = torch.randn(2, 3, 56, 56)
    assert tokens_of(copy, pixels).shape[1] == 1 + 16
    assert tokens_of(model, pixels).shape[1] == 1 + 8
    model.eval()
    assert tokens_of(copy.train(), pixels).shape[1] == 1 + 8
    assert tokens_of(model, pixels).shape[1] == 1 + 16


@FAMILIES
def test_a_new_head_starts_from_zeros_and_one_of_ours_is_kept(family, tmp_path):
    ours = load_backbone(arguments_of(family))
    assert not ours.classifier.weight.any()
    assert not ours.classifier.bias.any()
    torch.nn.init.normal_(ours.classifier.weight)
    ours.save_pretrained(tmp_path)
    again = load_backbone(ModelArguments(str(tmp_path), image_size=56))
    assert torch.equal(again.classifier.weight, ours.classifier.weight)
    both = load_backbone(ModelArguments(str(tmp_path), image_size=56, two_heads=True))
    assert both.classifier.weight.shape[0] == 14
    assert not both.classifier.weight.any()


def test_another_kind_of_model_is_refused(tmp_path):
    with pytest.raises(FerError, match="is a resnet; expected one of vit") as caught:
        load_backbone(ModelArguments(model_config={"model_type": "resnet"}))
    assert caught.value.code == "backbone_family"
    with pytest.raises(FerError, match=f"{tmp_path}: no model that can be loaded") as caught:
        load_backbone(ModelArguments(str(tmp_path)))
    assert caught.value.code == "backbone_unreadable"
    with pytest.raises(FerError, match="nope: no such model folder"):  # and the Hub is not asked
        load_backbone(ModelArguments("nope"))


def test_the_pretrained_normalisation_is_kept(tmp_path):
    model = random_model("vit")
    save_model(model, ViTImageProcessorPil(image_mean=[0.5] * 3, image_std=[0.25] * 3), tmp_path)
    processor = make_processor(ModelArguments(str(tmp_path), image_size=56))
    assert (list(processor.image_mean), list(processor.image_std)) == ([0.5] * 3, [0.25] * 3)
    # Training's resize and normalisation are the processor's own.
    face = draw_face("sad", 1)
    served = processor([face.convert("RGB")], return_tensors="pt")["pixel_values"]
    resized = np.asarray(face.resize((56, 56), Image.Resampling.BICUBIC))
    trained = normalise(torch.from_numpy(resized)[None, None].float() / 255, processor)
    torch.testing.assert_close(trained, served, atol=1e-5, rtol=0)


def test_broken_weights_are_refused(tmp_path):
    random_model("dinov2").save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(FerError, match="no weights that can be loaded") as caught:
        load_backbone(ModelArguments(str(tmp_path), image_size=56))
    assert caught.value.code == "backbone_weights"


def test_a_model_without_an_image_processor_is_refused(tmp_path):
    random_model("vit").save_pretrained(tmp_path)
    with pytest.raises(FerError) as caught:
        make_processor(ModelArguments(str(tmp_path)))
    assert caught.value.code == "backbone_no_processor"
