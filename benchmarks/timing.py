"""Time measured side by side: the tasks take turns, so that a busy moment of the machine affects all of them alike."""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import onnxruntime
import torch
from tqdm import tqdm
from transformers import PreTrainedModel, ViTConfig, ViTForImageClassification

from fer_hf.labels import LABELS

WARM_UPS = 2  # rounds that are not counted, while caches fill and threads start


def interleaved(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each task over `rounds`, in each of which every task runs once."""
    seconds = {name: [] for name in tasks}
    for number in tqdm(range(WARM_UPS + rounds), desc="timing", unit="round"):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if number >= WARM_UPS:
                seconds[name].append(time.perf_counter() - started)
    return {name: median(each) for name, each in seconds.items()}


def reference_pass(device: str | torch.device = "cpu") -> Callable[[], object]:
    """One pass of a random ViT-B/16 over one picture of 224 px, float32: the yardstick for all times."""
    return forward_pass(ViTForImageClassification(ViTConfig(num_labels=len(LABELS))).eval().to(device), 224)


def forward_pass(model: PreTrainedModel, size: int) -> Callable[[], object]:
    """One pass of the model over one random picture of `size` pixels square, up to the logits on the CPU."""
    picture = torch.rand(1, 3, size, size, device=model.device, dtype=model.dtype)

    def step() -> None:
        with torch.inference_mode():
            model(pixel_values=picture).logits.cpu()

    return step


def onnx_session(path: Path, threads: int) -> onnxruntime.InferenceSession:
    """An ONNX model on the CPU that leaves the cores to whatever is timed next."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.force_spinning_stop", "1")  # otherwise threads spin on after a pass
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def against(seconds: float, reference: float, limit: float | None) -> dict:
    """A time as a ratio to the reference, and whether it is within the limit."""
    ratio = seconds / reference
    return {
        "milliseconds": round(1000 * seconds, 2),
        "ratio": round(ratio, 4),
        "limit": limit,
        "met": None if limit is None else ratio <= limit,
    }
