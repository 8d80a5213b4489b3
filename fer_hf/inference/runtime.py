"""Where the classifier runs: pixels in, logits out, whether PyTorch or ONNX Runtime computes them.

PyTorch is the default; it runs on the CPU in float32 and on an accelerator in float16. ONNX Runtime reads what
`fer-hf export` puts beside the weights. Accelerators: not run on a GPU yet, tested on the CPU only.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from fer_hf.environment import check_hub_id
from fer_hf.errors import FerError, first_line
from fer_hf.heads import HEADS, LABEL, VOTES, load_label_head
from fer_hf.io import sha256_of

if TYPE_CHECKING:  # imported when a model is loaded: PyTorch and Transformers take most of a command's start
    import torch
    from transformers import BaseImageProcessor, PreTrainedConfig, PreTrainedModel

WEIGHTS = "model.safetensors"
CONFIGS = ("config.json", "preprocessor_config.json")
ONNX_FILES = ("onnx/model_quantized.onnx", "onnx/model.onnx")  # transformers.js's names; the first that is there
BACKENDS = ("torch", "onnx")


class Runtime(Protocol):
    """Where a classifier runs."""

    gather: int  # faces that are worth a forward pass

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (n, 7), float32, in the model's own order, for pixels (n, 3, S, S)."""


class TorchRuntime:
    """The classifier in PyTorch.

    Args:
        model: it is moved to `device`; float16 on an accelerator, where scores stay within 1e-2 of float32.
        device: "auto", or a name that `torch.device` knows.

    Raises:
        FerError: there is no such device.
    """

    gather = 1

    def __init__(self, model: "PreTrainedModel", device: str = "cpu") -> None:
        self.device = choose_device(device)
        try:
            self.model = model.to(self.device, dtype=choose_dtype(self.device)).eval()
        except (RuntimeError, AssertionError) as error:  # the latter from a PyTorch without CUDA
            raise FerError("device_unavailable", "device", device=device, details=first_line(error)) from error

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (n, 7), float32, in the model's own order, for pixels (n, 3, S, S)."""
        import torch

        with torch.inference_mode():
            batch = torch.from_numpy(pixels).to(self.device, dtype=self.model.dtype)
            return self.model(pixel_values=batch).logits.float().cpu().numpy()


class OnnxRuntime:
    """The classifier in ONNX Runtime. Takes the same pixels and gives the same logits as TorchRuntime.

    Args:
        path: an ONNX file with the input `pixel_values` and the output `logits`.
        device: "auto" (CUDA if the installed onnxruntime has it), "cpu" or "cuda".

    Raises:
        FerError: onnxruntime is missing or has no such device, or the file is no model.
    """

    gather = 1

    def __init__(self, path: Path, device: str = "auto") -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise FerError("onnxruntime_missing", "backend") from error
        providers = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
        installed = onnxruntime.get_available_providers()
        available = {name: provider for name, provider in providers.items() if provider in installed}
        name = ("cuda" if "cuda" in available else "cpu") if device == "auto" else device
        if name not in available:
            raise FerError("device_unknown", "device", device=device, known=", ".join(["auto", *available]))
        try:
            self.session = onnxruntime.InferenceSession(path, providers=[available[name]])
        except Exception as error:  # onnxruntime's errors have no common parent
            raise FerError("model_unreadable", path, details=first_line(error)) from error

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (n, 7), float32, in the model's own order, for pixels (n, 3, S, S)."""
        return self.session.run(["logits"], {"pixel_values": pixels})[0]


def choose_device(device: str) -> "torch.device":
    """The device called `device`; "auto" is PyTorch's accelerator if there is one, else the CPU.

    Raises:
        FerError: PyTorch knows no device of that name.
    """
    import torch

    if device == "auto":
        return torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    try:
        return torch.device(device)
    except RuntimeError as error:
        raise FerError("device_unknown", "device", device=device, known="auto, cpu, cuda, mps, xpu") from error


def choose_dtype(device: "torch.device") -> "torch.dtype":
    """float32 on the CPU, float16 on an accelerator.

    Computed so on the CPU, the shipped model's scores of 29 faces differ from float32's by at most 0.0005; those of
    bfloat16 by ten times as much.
    """
    import torch

    return torch.float32 if device.type == "cpu" else torch.float16


def load_runtime(
    model: str, device: str = "auto", backend: str = "torch", head: str = VOTES
) -> tuple[Runtime, "PreTrainedConfig", "BaseImageProcessor"]:
    """Load a model folder or a Hub id: where it runs, its config, and the image processor that it was trained with.

    Raises:
        FerError: the model is missing or incomplete, or there is no such device, backend or head.
    """
    if backend not in BACKENDS:
        raise FerError("backend_unknown", "backend", backend=backend, known=", ".join(BACKENDS))
    if head not in HEADS:
        raise FerError("head_unknown", "head", head=head, known=", ".join(HEADS))
    if head == LABEL and backend != "torch":
        raise FerError("head_not_exported", "backend")
    _check_model_name(model, (*CONFIGS, WEIGHTS) if backend == "torch" else CONFIGS)
    from transformers import AutoConfig, AutoImageProcessor

    try:
        config = AutoConfig.from_pretrained(model, trust_remote_code=False)
        processor = AutoImageProcessor.from_pretrained(model, backend="pil", trust_remote_code=False)
        classifier = _load_torch_model(model) if backend == "torch" else None
    except FerError:
        raise
    except Exception as error:  # what a broken config or weight file raises has no common parent
        raise FerError("model_unreadable", model, details=first_line(error)) from error
    if head == LABEL:
        label_head = load_label_head(model)
        label_head.replace_classifier(classifier)
        config.unsure_below = label_head.unsure_below
        config.neutral_logits = None  # of the votes head
    runtime = TorchRuntime(classifier, device) if classifier else OnnxRuntime(_onnx_file(model), device)
    return runtime, config, processor


def _load_torch_model(model: str) -> "PreTrainedModel":
    import torch
    from transformers import AutoModelForImageClassification

    classifier, loading = AutoModelForImageClassification.from_pretrained(
        model, use_safetensors=True, trust_remote_code=False, dtype=torch.float32, output_loading_info=True
    )
    if loading["missing_keys"]:  # transformers only warns, and would classify with random numbers
        raise FerError("model_weights_lack", model, name=min(loading["missing_keys"]))
    return classifier


def _onnx_file(model: str) -> Path:
    """The exported classifier in a model folder or a Hub repository."""
    from transformers.utils import cached_file

    for name in ONNX_FILES:
        try:
            return Path(cached_file(model, name))
        except OSError:  # transformers' own for a missing file and for a Hub that cannot be reached
            continue
    raise FerError("onnx_missing", model, files=" or ".join(reversed(ONNX_FILES)))


def _check_model_name(model: str, files: tuple[str, ...]) -> None:
    """Refuse what can be neither a whole model folder nor a Hub id."""
    folder = Path(model)
    if folder.is_dir():
        missing = [name for name in sorted(files) if not (folder / name).is_file()]
        if missing:
            raise FerError("model_folder_lacks", model, files=", ".join(missing))
    else:
        check_hub_id(model)


def weights_hash(model: str) -> str:
    """sha256 of the weight file in a model folder or a Hub repository."""
    from transformers.utils import cached_file

    return sha256_of(Path(cached_file(model, WEIGHTS)))
