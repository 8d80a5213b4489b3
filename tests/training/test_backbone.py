import json

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoConfig, AutoModelForImageClassification, ViTImageProcessorPil, pipeline

from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.labels import LABELS
from fer_hf.training.arguments import Recipe
from fer_hf.training.backbone import (
    LUMA,
    blocks,
    freeze,
    load_backbone,
    make_processor,
    mix,
    normalise,
    parameter_groups,
    save_model,
    see_grey,
    set_image_size,
)

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


def recipe_of(family, **fields):
    return Recipe(model_config=CONFIGS[family], drawn_pictures=7, **({"image_size": 56} | fields))


def random_model(family, **fields):
    torch.manual_seed(0)
    model = load_backbone(recipe_of(family, **fields)).eval()
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
def test_a_saved_model_gives_pipeline_the_same_scores(family, tmp_path):
    model, processor = random_model(family), make_processor(recipe_of(family))
    save_model(model, processor, tmp_path)
    face = draw_face("happy", 3)
    with torch.no_grad():
        pixels = processor([face.convert("RGB")], return_tensors="pt")["pixel_values"]
        expected = model(pixel_values=pixels).logits.softmax(-1)[0]
    answers = pipeline("image-classification", model=str(tmp_path))(face.convert("RGB"), top_k=7)
    assert {answer["label"] for answer in answers} == set(LABELS)
    for answer in answers:
        assert answer["score"] == pytest.approx(float(expected[LABELS.index(answer["label"])]), abs=5e-3)
    config = json.loads((tmp_path / "config.json").read_text())
    assert (config["dtype"], config["image_size"]) == ("float32", 56)
    assert next(AutoModelForImageClassification.from_pretrained(tmp_path).parameters()).dtype == torch.float32


@FAMILIES
def test_grey_sight_is_exact_and_leaves_grey_pictures_alone(family):
    model, processor = random_model(family), make_processor(recipe_of(family))
    colour = torch.rand(4, 3, 56, 56)
    luma = (colour * torch.tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    with torch.no_grad():
        grey_before = model(pixel_values=normalise(luma, processor)).logits
        colour_before = model(pixel_values=normalise(colour, processor)).logits
        see_grey(model, processor)
        torch.testing.assert_close(
            model(pixel_values=normalise(luma, processor)).logits, grey_before, atol=1e-3, rtol=1e-3
        )
        colour_after = model(pixel_values=normalise(colour, processor)).logits
        torch.testing.assert_close(colour_after, grey_before, atol=1e-3, rtol=1e-3)
    assert (colour_before - grey_before).abs().max() > 1e-2  # before, colour did matter


@FAMILIES
def test_rates_rise_from_the_embeddings_to_the_head(family):
    model = random_model(family)
    recipe = recipe_of(family, learning_rate=1.0, layer_decay=0.5, head_rate=10.0)
    groups = parameter_groups(model, recipe)
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
    model = load_backbone(recipe_of(family, frozen_layers=2)).train()
    model(pixel_values=torch.randn(2, 3, 56, 56)).logits.sum().backward()
    moved = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    frozen = [model.base_model.embeddings, *blocks(model)[:2]]
    assert not {id(p) for part in frozen for p in part.parameters()} & {
        id(p) for group in parameter_groups(model, recipe_of(family)) for p in group["params"]
    }
    assert all(p.grad is None for part in frozen for p in part.parameters())
    assert any(name.startswith("classifier") for name in moved)
    assert all(p.grad is not None for p in blocks(model)[2].parameters())
    with pytest.raises(FerError, match="frozen_layers: the model has"):
        freeze(model, len(blocks(model)))


def test_drop_path_reaches_the_model_and_not_the_file(tmp_path):
    model = random_model("dinov2", drop_path=0.5)
    pixels = torch.randn(4, 3, 56, 56)
    with torch.no_grad():
        assert not torch.equal(model.train()(pixel_values=pixels).logits, model(pixel_values=pixels).logits)
    save_model(model, make_processor(recipe_of("dinov2")), tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).drop_path_rate == 0.0


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"family": "vit", "drop_path": 0.1}, "drop_path: model_config is a vit, which has none"),
        ({"family": "vit", "early_size": 28}, "early_size: model_config is a vit, which takes one picture size"),
        ({"family": "dinov2", "image_size": 60}, "image_size: expected a multiple of the patch size 14, got 60"),
    ],
)
def test_what_a_family_cannot_do_is_refused(fields, message):
    with pytest.raises(FerError, match=message):
        load_backbone(recipe_of(**fields))


@FAMILIES
def test_weights_are_mixed_with_those_of_the_start(family):
    model, start = random_model(family), random_model(family)
    for parameter in start.parameters():
        torch.nn.init.ones_(parameter)
    before = {name: value.clone() for name, value in model.named_parameters()}
    mix(model, start, 0.25)
    for name, value in model.named_parameters():
        torch.testing.assert_close(value, 0.75 * before[name] + 0.25)


def test_only_a_model_of_ours_can_be_gone_back_to(tmp_path):
    random_model("dinov2").save_pretrained(tmp_path / "ours")
    assert load_backbone(Recipe(model=str(tmp_path / "ours"), image_size=56, start_share=0.5, drawn_pictures=7))
    config = AutoConfig.for_model(**CONFIGS["dinov2"])
    AutoModelForImageClassification.from_config(config).save_pretrained(tmp_path / "other")
    with pytest.raises(FerError, match=r"start_share: .*other has no head for our seven expressions"):
        load_backbone(Recipe(model=str(tmp_path / "other"), image_size=56, start_share=0.5, drawn_pictures=7))


def test_another_kind_of_model_is_refused(tmp_path):
    with pytest.raises(FerError, match="is a resnet; expected one of vit"):
        load_backbone(Recipe(model_config={"model_type": "resnet"}, drawn_pictures=7))
    with pytest.raises(FerError, match="cannot be loaded"):
        load_backbone(Recipe(model=str(tmp_path), drawn_pictures=7))


def test_the_pretrained_normalisation_is_kept(tmp_path):
    model = random_model("vit")
    save_model(model, ViTImageProcessorPil(image_mean=[0.5] * 3, image_std=[0.25] * 3), tmp_path)
    processor = make_processor(Recipe(model=str(tmp_path), drawn_pictures=7, image_size=56))
    assert (list(processor.image_mean), list(processor.image_std)) == ([0.5] * 3, [0.25] * 3)
    # Training's resize and normalisation are the processor's own.
    face = draw_face("sad", 1)
    served = processor([face.convert("RGB")], return_tensors="pt")["pixel_values"]
    resized = np.asarray(face.resize((56, 56), Image.Resampling.BICUBIC))
    trained = normalise(torch.from_numpy(resized)[None, None].float() / 255, processor)
    torch.testing.assert_close(trained, served, atol=1e-5, rtol=0)
