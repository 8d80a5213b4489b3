"""ZeroGPU: the Hub lends a Space a GPU for the length of a call. Elsewhere `spaces` is not needed, and nothing changes.

`spaces.GPU` runs a function in a fork of this process, and the GPU exists in that fork alone. So this process never
touches CUDA: its model stays on the CPU, where photos and live frames are read. Videos and batches of photos, whose
faces come by the dozen, are worth the time that a GPU takes to arrive. They are decoded, and their faces found, here.

Not run on the Hub so far. Gradio's script sends a visitor's ZeroGPU token with calls that go through its queue, and a
tab's jobs do not; so the Hub may count their seconds as an anonymous visitor's.
"""

import os
import time
from collections.abc import Callable
from functools import cached_property

import gradio as gr
import httpx
import numpy as np

from fer_hf.inference.analyzer import BATCH, FaceAnalyzer
from fer_hf.inference.runtime import TorchRuntime
from fer_hf.web.request_log import log_failure

try:
    import spaces
except ImportError:  # only a Space has it
    spaces = None

SECONDS = 20  # asked for each call; what is left of them is not charged
PAUSE = 60.0  # seconds for which no GPU is asked for after one was refused


def on_zero_gpu() -> bool:
    """Whether this is a Space on ZeroGPU."""
    return os.environ.get("SPACES_ZERO_GPU", "").lower() in ("1", "t", "true")


def on_lent_gpu(function: Callable[[np.ndarray], np.ndarray]) -> Callable[[np.ndarray], np.ndarray]:
    """`spaces.GPU`, which does nothing outside ZeroGPU; the function itself where there is no such package."""
    return spaces.GPU(duration=SECONDS)(function) if spaces else function


def for_many(analyzer: FaceAnalyzer) -> FaceAnalyzer:
    """What reads videos and batches: on ZeroGPU the same analyzer with a lent GPU, elsewhere itself."""
    if not on_zero_gpu():
        return analyzer
    return FaceAnalyzer(LentGpuRuntime(analyzer.runtime), analyzer.config, analyzer.processor, analyzer.detector)


class LentGpuRuntime:
    """The classifier of `runtime` on a lent GPU; on the CPU where none is free or the visitor's minutes are used up."""

    gather = BATCH

    def __init__(self, runtime: TorchRuntime, device: str = "cuda") -> None:
        self.cpu = runtime
        self._device = device
        self._lent = on_lent_gpu(self._on_gpu)
        self._refused = -PAUSE

    def logits(self, pixels: np.ndarray) -> np.ndarray:
        """Logits (n, 7), float32, in the model's own order, for pixels (n, 3, S, S)."""
        if time.monotonic() - self._refused >= PAUSE:
            try:
                return self._lent(pixels)
            except (gr.Error, RuntimeError, httpx.HTTPError) as error:  # what `spaces` raises
                log_failure("a lent GPU", error)
                self._refused = time.monotonic()
        return self.cpu.logits(pixels)

    def _on_gpu(self, pixels: np.ndarray) -> np.ndarray:
        return self._gpu.logits(pixels)

    @cached_property
    def _gpu(self) -> TorchRuntime:
        """The model moved to the GPU: in the fork alone, which has a copy of it and lives on for the next call."""
        return TorchRuntime(self.cpu.model, self._device)
