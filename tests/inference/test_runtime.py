"""The classifier on a device, and in ONNX Runtime."""

import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.inference import runtime
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.runtime import ONNX_FILES, TorchRuntime, choose_device, choose_dtype
from fer_hf.labels import LABELS

CROPS = [draw_face(LABELS[i % 7], seed=i) for i in range(10)]


def test_auto_is_the_accelerator_or_else_the_cpu(monkeypatch):
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "current_accelerator", lambda: torch.device("cuda"))
    assert choose_device("auto") == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda", 1)


def test_half_precision_is_for_accelerators():
    assert choose_dtype(torch.device("cpu")) == torch.float32
    assert choose_dtype(torch.device("cuda")) == choose_dtype(torch.device("mps")) == torch.float16


def test_the_model_goes_to_the_device_that_is_named(tiny_model, monkeypatch):
    """`meta` stands for an accelerator: everything but the numbers is there."""
    analyzer = FaceAnalyzer.from_pretrained(tiny_model, device="meta")
    assert {parameter.device.type for parameter in analyzer.model.parameters()} == {"meta"}
    assert {parameter.dtype for parameter in analyzer.model.parameters()} == {torch.float16}
    seen = []
    analyzer.model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["pixel_values"]), with_kwargs=True
    )
    with pytest.raises(NotImplementedError):  # the answer's numbers cannot be fetched from there
        analyzer.scores(CROPS)
    assert (seen[0].device.type, seen[0].dtype, seen[0].shape) == ("meta", torch.float16, (10, 3, 32, 32))


def test_half_precision_keeps_the_scores(tiny_model, monkeypatch):
    """The arithmetic of an accelerator, done by the CPU."""
    expected = FaceAnalyzer.from_pretrained(tiny_model, device="cpu").scores(CROPS)
    monkeypatch.setattr(runtime, "choose_dtype", lambda device: torch.float16)
    half = FaceAnalyzer.from_pretrained(tiny_model, device="cpu")
    assert half.model.dtype == torch.float16
    scores = half.scores(CROPS)
    assert scores.dtype == np.float32
    assert 0 < np.abs(scores - expected).max() < 1e-2


def test_no_device_of_that_name(tiny_model):
    with pytest.raises(FerError, match="device: no device abacus; expected one of auto, cpu") as caught:
        FaceAnalyzer.from_pretrained(tiny_model, device="abacus")
    assert caught.value.code == "device_unknown"


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA here")
def test_a_device_that_is_not_there_is_told_in_one_line(tiny_model):
    with pytest.raises(FerError, match="device: cuda cannot be used") as caught:
        FaceAnalyzer.from_pretrained(tiny_model, device="cuda")
    assert "\n" not in str(caught.value)


def test_no_backend_of_that_name(tiny_model):
    with pytest.raises(FerError, match="backend: no backend tea; expected one of torch, onnx"):
        FaceAnalyzer.from_pretrained(tiny_model, backend="tea")


# -- ONNX Runtime ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def exported(tiny_model, tmp_path_factory):
    """The tiny model with its ONNX file beside its weights."""
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    from fer_hf.hub.onnx import export_onnx

    folder = shutil.copytree(tiny_model, tmp_path_factory.mktemp("onnx") / "exported")
    export_onnx(str(folder), folder)
    return folder


def test_onnx_runtime_gives_the_scores_of_pytorch(tiny_model, exported):
    expected = FaceAnalyzer.from_pretrained(tiny_model, device="cpu").scores(CROPS)
    analyzer = FaceAnalyzer.from_pretrained(exported, backend="onnx")
    assert analyzer.scores(CROPS) == pytest.approx(expected, abs=1e-5)
    assert len(analyzer.analyze_crop(CROPS[0]).faces) == 1


def test_the_quantized_file_is_preferred_and_weights_are_not_needed(exported, tmp_path):
    folder = shutil.copytree(exported, tmp_path / "m")
    (folder / "model.safetensors").unlink()
    (folder / ONNX_FILES[0]).write_bytes(b"no model")
    with pytest.raises(FerError, match=r"model_quantized\.onnx: the model cannot be loaded"):
        FaceAnalyzer.from_pretrained(folder, backend="onnx")
    (folder / ONNX_FILES[0]).unlink()
    assert FaceAnalyzer.from_pretrained(folder, backend="onnx").scores(CROPS).shape == (10, 7)


def test_onnx_runtime_has_its_own_devices_and_no_pytorch_model(exported):
    with pytest.raises(FerError, match="device: no device mps; expected one of auto, cpu"):
        FaceAnalyzer.from_pretrained(exported, backend="onnx", device="mps")
    with pytest.raises(FerError) as caught:
        _ = FaceAnalyzer.from_pretrained(exported, backend="onnx", device="cpu").model
    assert caught.value.code == "backend_not_torch"


def test_a_folder_without_an_export_says_how_to_make_one(tiny_model):
    with pytest.raises(FerError, match="fer-hf export") as caught:
        FaceAnalyzer.from_pretrained(tiny_model, backend="onnx")
    assert caught.value.code == "onnx_missing"


def test_training_and_prediction_prepare_a_picture_alike(analyzer):
    """What the classifier is shown is the image processor's answer, to the last bit."""
    crop = Image.effect_noise((50, 40), 60).convert("RGB")
    expected = analyzer.processor(crop, return_tensors="np")["pixel_values"]
    assert np.array_equal(analyzer.pixels([crop]), expected)


def test_a_runtime_may_be_given_a_model(analyzer):
    pixels = analyzer.pixels(CROPS)
    assert TorchRuntime(analyzer.model).logits(pixels) == pytest.approx(analyzer.runtime.logits(pixels), abs=1e-6)


@pytest.fixture(scope="module")
def two_headed(tiny_model, tmp_path_factory):
    """The tiny model with a label head beside it, and that head."""
    folder = tmp_path_factory.mktemp("models") / "two-headed"
    shutil.copytree(tiny_model, folder)
    torch.manual_seed(1)
    head = LabelHead(torch.randn(7, 16), torch.randn(7), 0.25)
    save_label_head(head, folder / LABEL_HEAD)
    return folder, head


def test_the_label_head_reads_the_features_that_the_classifier_reads(tiny_model, two_headed):
    folder, head = two_headed
    votes = FaceAnalyzer.from_pretrained(folder)
    np.testing.assert_array_equal(votes.scores(CROPS), FaceAnalyzer.from_pretrained(tiny_model).scores(CROPS))
    features = []
    votes.model.classifier.register_forward_pre_hook(lambda module, inputs: features.append(inputs[0]))
    votes.scores(CROPS)
    label = FaceAnalyzer.from_pretrained(folder, head="label")
    expected = (features[0] @ head.weight.T + head.bias).softmax(1)
    np.testing.assert_allclose(label.scores(CROPS), expected.numpy(), atol=1e-6)
    assert (votes.unsure_below, label.unsure_below) == (0, 0.25)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"head": "label"}, "label_head_missing"),
        ({"head": "second"}, "head_unknown"),
        ({"head": "label", "backend": "onnx"}, "head_not_exported"),
    ],
)
def test_a_head_that_is_not_there(tiny_model, options, code):
    with pytest.raises(FerError) as caught:
        FaceAnalyzer.from_pretrained(tiny_model, **options)
    assert caught.value.code == code
