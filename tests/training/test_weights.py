import json

import pytest
import torch
from transformers import AutoConfig, AutoModelForImageClassification, pipeline

from fer_hf.data.synthetic import draw_face
from fer_hf.evaluation.calibration import Calibration
from fer_hf.labels import LABELS
from fer_hf.training.backbone import make_processor, normalise
from fer_hf.training.weights import LUMA, fold_calibration, save_model, see_grey
from tests.training.test_backbone import FAMILIES, arguments_of, random_model


@FAMILIES
def test_a_saved_model_gives_pipeline_the_same_scores(family, tmp_path):
    model, processor = random_model(family), make_processor(arguments_of(family))
    model.config.unsure_limits = {"size": 12}  # of the weights that training began with
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
    assert "unsure_limits" not in config
    assert next(AutoModelForImageClassification.from_pretrained(tmp_path).parameters()).dtype == torch.float32


@FAMILIES
def test_grey_sight_is_exact_and_leaves_grey_pictures_alone(family):
    model, processor = random_model(family), make_processor(arguments_of(family))
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


def test_drop_path_reaches_the_model_and_not_the_file(tmp_path):
    model = random_model("dinov2", drop_path_rate=0.5)
    pixels = torch.randn(4, 3, 56, 56)
    with torch.no_grad():
        assert not torch.equal(model.train()(pixel_values=pixels).logits, model(pixel_values=pixels).logits)
    save_model(model, make_processor(arguments_of("dinov2")), tmp_path)
    assert AutoConfig.from_pretrained(tmp_path).drop_path_rate == 0.0


@FAMILIES
def test_a_folded_calibration_is_the_applied_one(family):
    model = random_model(family)
    calibration = Calibration(2.5, [0.3, -0.3, 0.1, -0.1, 0.2, -0.2, 0.0])
    pixels = torch.randn(3, 3, 56, 56)
    with torch.no_grad():
        before = model(pixel_values=pixels).logits
        fold_calibration(model, calibration)
        after = model(pixel_values=pixels).logits
    torch.testing.assert_close(
        after.double(), torch.from_numpy(calibration.apply(before.numpy())), atol=1e-4, rtol=1e-4
    )
