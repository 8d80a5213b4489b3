"""face-api.js's weights as ONNX: the layers of its sources, on random weights in TensorFlow.js's files."""

import json

import numpy as np
import onnxruntime
import pytest
import torch
from torch.nn import functional

from benchmarks import face_api_js
from benchmarks.onnx_baselines import BASELINES, OnnxBaseline
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError


@pytest.fixture
def weights():
    """Random weights of the shapes that the package has, by name."""
    rng, shapes, width = np.random.default_rng(0), {}, 3
    for block, channels in enumerate((32, 64, 128, 256)):
        for number in range(4):
            name = f"dense{block}/conv{number}"
            if (block, number) == (0, 0):
                shapes[f"{name}/filters"] = (3, 3, width, channels)
            else:
                shapes |= {
                    f"{name}/depthwise_filter": (3, 3, width, 1),
                    f"{name}/pointwise_filter": (1, 1, width, channels),
                }
            shapes[f"{name}/bias"], width = (channels,), channels
    shapes |= {"fc/weights": (256, 7), "fc/bias": (7,)}

    def scale(shape):
        return 1 / np.sqrt(np.prod(shape[:3]) / (shape[2] if shape[3:] == (1,) else 1)) if len(shape) > 2 else 0.1

    return {name: rng.normal(0, scale(shape), shape).astype(np.float32) for name, shape in shapes.items()}


def write(folder, weights):
    """A manifest with 8-bit weights, but for the biases."""
    entries, content = [], b""
    for name, values in weights.items():
        entry = {"name": name, "shape": values.shape, "dtype": "float32"}
        if not name.endswith("bias"):
            low, scale = float(values.min()), float(np.ptp(values)) / 255
            entry["quantization"] = {"dtype": "uint8", "scale": scale, "min": low}
            content += ((values - low) / scale).round().astype(np.uint8).tobytes()
        else:
            content += values.tobytes()
        entries.append(entry)
    (folder / "weights.bin").write_bytes(content)
    manifest = [{"weights": entries, "paths": ["weights.bin"]}]
    (folder / face_api_js.MANIFEST).write_text(json.dumps(manifest))


def test_eight_bit_weights_are_read_to_their_precision(weights, tmp_path):
    write(tmp_path, weights)
    found = face_api_js.read_weights(tmp_path)
    assert found.keys() == weights.keys()
    for name, values in weights.items():
        np.testing.assert_allclose(found[name], values, atol=np.ptp(values) / 500)


def test_the_model_is_the_last_baseline(weights, tmp_path):
    write(tmp_path, weights)
    face_api_js.main([str(tmp_path), str(tmp_path / BASELINES[-1].file)])
    scores = OnnxBaseline(BASELINES[-1], tmp_path, threads=1).scores([draw_face("happy"), draw_face("sad")])
    assert scores.shape == (2, 7)
    np.testing.assert_allclose(scores.sum(1), 1, rtol=1e-5)
    assert np.abs(scores[0] - scores[1]).max() > 1e-4


def same(x, kernel, stride, bias=None, groups=1):
    """TensorFlow's convolution with padding "same"."""
    over = max((-(-x.shape[2] // stride) - 1) * stride + kernel.shape[2] - x.shape[2], 0)
    x = functional.pad(x, [over // 2, over - over // 2] * 2)
    return functional.conv2d(x, kernel, bias, stride, groups=groups)


def reference(weights, pictures):
    """The network written down again, in PyTorch."""
    weights = {name: torch.from_numpy(values) for name, values in weights.items()}

    def convolution(x, name, stride):
        bias = weights[f"{name}/bias"]
        if f"{name}/filters" in weights:
            return same(x, weights[f"{name}/filters"].permute(3, 2, 0, 1), stride, bias)
        x = same(x, weights[f"{name}/depthwise_filter"].permute(2, 3, 0, 1), stride, groups=x.shape[1])
        return same(x, weights[f"{name}/pointwise_filter"].permute(3, 2, 0, 1), 1, bias)

    x = (torch.from_numpy(pictures) - torch.tensor(face_api_js.MEAN_RGB)).permute(0, 3, 1, 2) / 255
    for block in range(4):
        one = convolution(x, f"dense{block}/conv0", 2).relu()
        two = convolution(one, f"dense{block}/conv1", 1)
        three = convolution((one + two).relu(), f"dense{block}/conv2", 1)
        four = convolution((one + two + three).relu(), f"dense{block}/conv3", 1)
        x = (one + two + three + four).relu()
    return (x.mean((2, 3)) @ weights["fc/weights"] + weights["fc/bias"]).softmax(1).numpy()


def test_the_layers_are_those_of_the_sources(weights):
    pictures = np.random.default_rng(1).uniform(0, 255, (2, 112, 112, 3)).astype(np.float32)
    model = face_api_js.build_model(weights).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    (scores,) = session.run(None, {"pictures": pictures})
    expected = reference(weights, pictures)
    assert expected.max() < 0.9
    np.testing.assert_allclose(scores, expected, atol=1e-5)


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '[{"weights": [], "paths": ["gone.bin"]}]', '[{"paths": []}]'])
def test_other_files_are_refused(tmp_path, manifest):
    (tmp_path / face_api_js.MANIFEST).write_text(manifest)
    with pytest.raises(FerError) as caught:
        face_api_js.read_weights(tmp_path)
    assert caught.value.code == "tfjs_weights"
