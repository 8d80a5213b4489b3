import pytest
import torch
from safetensors.torch import save_file
from transformers import ViTConfig, ViTForImageClassification

from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, LabelHead, load_label_head, save_label_head
from fer_hf.labels import ID2LABEL


def tiny_classifier():
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=16, patch_size=8
    )
    config.id2label = ID2LABEL
    return ViTForImageClassification(config).eval()


def test_a_head_comes_back_as_it_was_saved_and_becomes_the_classifier(tmp_path):
    head = LabelHead(torch.randn(7, 16).half(), torch.randn(7).half(), 0.4321)
    save_label_head(head, tmp_path / LABEL_HEAD)
    assert (tmp_path / LABEL_HEAD).stat().st_size < 2000
    found = load_label_head(str(tmp_path))
    model, pixels = tiny_classifier(), torch.randn(2, 3, 16, 16)
    features = []
    model.classifier.register_forward_pre_hook(lambda module, inputs: features.append(inputs[0]))
    found.replace_classifier(model)
    with torch.no_grad():
        logits = model(pixel_values=pixels).logits
    torch.testing.assert_close(logits, features[0] @ head.weight.float().T + head.bias.float())
    assert model.config.unsure_below == 0.4321


def test_a_model_without_a_label_head_says_so(tmp_path):
    with pytest.raises(FerError, match="no label head") as caught:
        load_label_head(str(tmp_path))
    assert caught.value.code == "label_head_missing"


def write_noise(path):
    path.write_bytes(b"\xff" * 100)


def write_without_threshold(path):
    save_file({"weight": torch.zeros(7, 4), "bias": torch.zeros(7)}, path)


def write_threshold(text):
    return lambda path: save_file(
        {"weight": torch.zeros(7, 4), "bias": torch.zeros(7)}, path, metadata={"unsure_below": text}
    )


def write_without_bias(path):
    save_file({"weight": torch.zeros(7, 4)}, path, metadata={"unsure_below": "0.5"})


@pytest.mark.parametrize(
    ("write", "code"),
    [
        (write_noise, "label_head_broken"),
        (write_without_threshold, "label_head_broken"),
        (write_without_bias, "label_head_broken"),
        (write_threshold("often"), "label_head_broken"),
        (write_threshold("nan"), "model_threshold"),
        (write_threshold("2"), "model_threshold"),
    ],
)
def test_a_damaged_label_head_is_one_clear_line(tmp_path, write, code):
    write(tmp_path / LABEL_HEAD)
    with pytest.raises(FerError, match=r"label_head\.safetensors: [^\n]+$") as caught:
        load_label_head(str(tmp_path))
    assert caught.value.code == code


@pytest.mark.parametrize("shape", [(7, 8), (6, 16)])
def test_a_head_of_another_model_is_refused(shape):
    head = LabelHead(torch.zeros(shape), torch.zeros(shape[0]), 0.5)
    with pytest.raises(FerError) as caught:
        head.replace_classifier(tiny_classifier())
    assert caught.value.code == "label_head_shape"
