"""Every benchmark and experiment says what it does."""

import pytest

from benchmarks import baselines, corruptions, device, fairness, speed
from benchmarks import onnx as onnx_benchmark
from experiments import ablations, test_time_augmentation


@pytest.mark.parametrize(
    "module",
    [
        ablations,
        baselines,
        corruptions,
        device,
        fairness,
        onnx_benchmark,
        speed,
        test_time_augmentation,
    ],
)
def test_help_says_what_it_does(module, capsys):
    with pytest.raises(SystemExit) as stop:
        module.main(["--help"])
    assert stop.value.code == 0
    assert f"python -m {module.__name__}" in capsys.readouterr().out
