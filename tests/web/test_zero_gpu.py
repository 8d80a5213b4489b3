"""ZeroGPU without a GPU: when one is asked for, and what happens where none is lent."""

import gradio as gr
import numpy as np
import pytest

from fer_hf.inference.analyzer import BATCH, FaceAnalyzer
from fer_hf.web import zero_gpu
from fer_hf.web.zero_gpu import PAUSE, LentGpuRuntime, for_many


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(tiny_model, device="cpu")


@pytest.fixture
def faces(analyzer):
    size = analyzer.processor.size["height"]
    return np.random.default_rng(0).normal(size=(3, 3, size, size)).astype(np.float32)


@pytest.fixture
def lender(monkeypatch):
    """Stands for `spaces`: counts the calls, and refuses them while `refusal` is set."""

    class Lender:
        calls, refusal = 0, None

        def GPU(self, duration):
            def decorate(function):
                def lent(pixels):
                    self.calls += 1
                    if self.refusal:
                        raise self.refusal
                    return function(pixels)

                return lent

            return decorate

    monkeypatch.setattr(zero_gpu, "spaces", lender := Lender())
    return lender


def test_elsewhere_nothing_changes(analyzer, monkeypatch):
    monkeypatch.delenv("SPACES_ZERO_GPU", raising=False)
    assert for_many(analyzer) is analyzer


def test_on_zerogpu_videos_and_batches_have_a_lent_gpu_and_photos_do_not(analyzer, lender, monkeypatch):
    monkeypatch.setenv("SPACES_ZERO_GPU", "true")
    many = for_many(analyzer)
    assert isinstance(many.runtime, LentGpuRuntime)
    assert (many.gather, analyzer.gather) == (BATCH, 1)
    assert analyzer.runtime.device.type == "cpu"
    assert lender.calls == 0, "a GPU was asked for before there was a face"


def test_a_lent_gpu_gives_the_same_logits_in_one_call(analyzer, lender, faces):
    runtime = LentGpuRuntime(analyzer.runtime, "cpu")
    assert runtime.logits(faces) == pytest.approx(analyzer.runtime.logits(faces), abs=1e-5)
    assert lender.calls == 1


@pytest.mark.parametrize("refusal", [gr.Error("quota exceeded"), RuntimeError("no answer")])
def test_where_no_gpu_is_lent_the_cpu_reads_and_the_hub_is_left_alone(analyzer, lender, faces, refusal, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr(zero_gpu.time, "monotonic", lambda: clock[0])
    runtime = LentGpuRuntime(analyzer.runtime, "cpu")
    lender.refusal = refusal
    for _ in range(3):
        assert runtime.logits(faces) == pytest.approx(analyzer.runtime.logits(faces), abs=1e-5)
    assert lender.calls == 1
    clock[0] += PAUSE
    runtime.logits(faces)
    assert lender.calls == 2
