"""Several processes on one machine: `train.py` under torchrun, with gloo on the CPU.

`accelerate launch --cpu --num_processes 2` silently starts one process, so that the number of processes is asserted.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
import torch

from fer_hf.training.checkpoints import newest_checkpoint

ROOT = Path(__file__).parents[2]
SMOKE = ROOT / "recipes" / "smoke.yaml"
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

# What differs between one process and two: noise that is drawn for each process, and averages of it.
PLAIN = {"flip": 0, "rotation": 0, "shift": 0, "zoom": 0, "color_jitter": 0, "drop_path_rate": 0, "ema_decay": 0}
FEW = {"synthetic_faces": 32, "max_steps": 4, "learning_rate": 1e-3}


ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}


def command(processes, script, *words, **fields):
    """A script under torchrun on this machine."""
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
    return [*torchrun, str(script), *map(str, words), *(f"--{name}={value}" for name, value in fields.items())]


def run(*words, **fields):
    done = subprocess.run(
        command(*words, **fields),
        check=False,
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]


def trained(folder, processes, **fields):
    """What each process of a run ends with."""
    folder.mkdir()
    script = ROOT / "tests" / "support" / "distributed_run.py"
    run(processes, script, folder, SMOKE, output_dir=folder / "run", **(FEW | fields))
    return [torch.load(file) for file in sorted(folder.glob("rank-*.pt"))]


def largest_gap(one, other):
    assert one.keys() == other.keys()
    return max(float((one[name] - other[name]).abs().max()) for name in one)


def test_two_processes_hold_equal_weights(tmp_path):
    first, second = trained(tmp_path / "two", 2, per_device_train_batch_size=4)
    assert first["world_size"] == second["world_size"] == 2
    assert largest_gap(first["weights"], first["before"]) > 1e-3
    assert largest_gap(first["weights"], second["weights"]) == 0
    assert largest_gap(first["average"], second["average"]) == 0


def test_two_processes_give_what_one_gives_with_twice_the_batch(tmp_path):
    two = trained(tmp_path / "two", 2, per_device_train_batch_size=4, **PLAIN)[0]
    (one,) = trained(tmp_path / "one", 1, per_device_train_batch_size=8, **PLAIN)
    (half,) = trained(tmp_path / "half", 1, per_device_train_batch_size=4, **PLAIN)
    assert (two["world_size"], one["world_size"]) == (2, 1)
    assert two["examples"] == one["examples"] == 2 * half["examples"]
    assert largest_gap(two["weights"], one["weights"]) < 1e-5
    assert largest_gap(two["weights"], half["weights"]) > 1e-3  # another batch does not give it


def test_the_whole_script_runs_in_two_processes(tmp_path):
    run(2, ROOT / "train.py", SMOKE, output_dir=tmp_path / "run", synthetic_faces=28)
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["steps"] == 1
    assert (tmp_path / "run" / "model" / "model.safetensors").exists()


def test_one_that_is_asked_to_stop_stops_both_at_the_same_step(tmp_path):
    log = tmp_path / "log"
    words = command(2, ROOT / "train.py", SMOKE, output_dir=tmp_path / "run", synthetic_faces=28, max_steps=100_000)
    with log.open("w") as stderr:
        process = subprocess.Popen(words, cwd=ROOT, env=ENVIRONMENT, stdout=stderr, stderr=stderr)
    try:
        wait_for(lambda: "2/100000" in log.read_text(), process)
        (second,) = [each for each in psutil.Process(process.pid).children() if each.environ().get("RANK") == "1"]
        second.send_signal(signal.SIGINT)
        assert process.wait(timeout=600) != 0
    finally:
        process.kill()
    assert log.read_text().count("the same command continues from the last checkpoint") == 2
    files = {path.name for path in newest_checkpoint(tmp_path / "run").iterdir()}
    assert files >= {"rng_state_0.pth", "rng_state_1.pth", "trainer_state.json"}


def wait_for(condition, process, seconds=600):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, "it has ended"
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
