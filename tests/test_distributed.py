"""Several processes on one machine: `train.py` under torchrun, with gloo on the CPU.

`accelerate launch --cpu --num_processes 2` silently starts one process, so that the number of processes is asserted.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).parents[1]
SMOKE = ROOT / "recipes" / "smoke.yaml"
pytestmark = pytest.mark.slow

# What differs between one process and two: noise that is drawn for each process, and averages of it.
PLAIN = {"flip": 0, "rotation": 0, "shift": 0, "zoom": 0, "light": 0, "drop_path": 0, "ema": 0}
FEW = {"drawn_pictures": 32, "max_steps": 4, "learning_rate": 1e-3, "evaluations": 1, "resume": False}


def run(processes, script, *words, **fields):
    """Run a script under torchrun on this machine."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    fields = [f"--{name}={value}" for name, value in fields.items()]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(script), *map(str, words), *fields],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def trained(folder, processes, **fields):
    """What each process of a run ends with."""
    folder.mkdir()
    script = ROOT / "tests" / "distributed_run.py"
    run(processes, script, folder, SMOKE, output_dir=folder / "run", **(FEW | fields))
    return [torch.load(file) for file in sorted(folder.glob("rank-*.pt"))]


def largest_gap(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_two_processes_hold_equal_weights(tmp_path):
    first, second = trained(tmp_path / "two", 2, batch_size=4)
    assert first["world_size"] == second["world_size"] == 2
    assert largest_gap(first["weights"], first["before"]) > 1e-3
    assert largest_gap(first["weights"], second["weights"]) == 0
    assert largest_gap(first["average"], second["average"]) == 0


def test_two_processes_give_what_one_gives_with_twice_the_batch(tmp_path):
    two = trained(tmp_path / "two", 2, batch_size=4, **PLAIN)[0]
    (one,) = trained(tmp_path / "one", 1, batch_size=8, **PLAIN)
    (half,) = trained(tmp_path / "half", 1, batch_size=4, **PLAIN)
    assert (two["world_size"], one["world_size"]) == (2, 1)
    assert two["examples"] == one["examples"] == 2 * half["examples"]
    assert largest_gap(two["weights"], one["weights"]) < 1e-5
    assert largest_gap(two["weights"], half["weights"]) > 1e-3  # another batch does not give it


def test_the_whole_script_runs_in_two_processes(tmp_path):
    run(2, ROOT / "train.py", SMOKE, output_dir=tmp_path / "run", drawn_pictures=28)
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["steps"] == 1
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()
