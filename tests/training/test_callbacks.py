"""The callbacks on their own: a stop that is asked for at any moment is kept; checkpoints by the clock."""

import os
import signal
import time

import pytest
import torch
from torch import distributed, multiprocessing
from transformers import TrainerControl, TrainerState, TrainingArguments

from fer_hf.training.callbacks import CheckpointClock, StopOnSignal

STEPS = 3


def stop_while_agreeing(rank, folder):
    """One of two processes: rank 1 is sent SIGTERM while both agree after the first of a few steps."""
    os.environ |= {"RANK": str(rank), "LOCAL_RANK": str(rank), "WORLD_SIZE": "2", "MASTER_ADDR": "localhost"}
    distributed.init_process_group("gloo", init_method=f"file://{folder}/rendezvous", rank=rank, world_size=2)
    stop, state = StopOnSignal(), TrainerState()
    arguments = TrainingArguments(output_dir=str(folder), use_cpu=True)
    assert arguments.world_size == 2
    stop.on_train_begin(arguments, state, TrainerControl())
    all_reduce, stops = distributed.all_reduce, []

    def interrupted(*given, **named):
        """The real agreement, with a signal that arrives before its result is read."""
        all_reduce(*given, **named)
        if rank == 1 and not stops:
            os.kill(os.getpid(), signal.SIGTERM)

    distributed.all_reduce = interrupted
    for _ in range(STEPS):
        control = TrainerControl()
        stop.on_step_end(arguments, state, control)
        stops.append((control.should_training_stop, control.should_save))
    torch.save(stops, folder / f"rank-{rank}.pt")
    distributed.destroy_process_group()


@pytest.mark.timeout(120)
def test_a_stop_that_is_asked_for_while_the_processes_agree_is_not_lost(tmp_path):
    """Both stop at the next step that they agree on, and at the same one."""
    multiprocessing.spawn(stop_while_agreeing, args=(tmp_path,), nprocs=2)
    first, second = (torch.load(tmp_path / f"rank-{rank}.pt") for rank in (0, 1))
    assert first == second
    assert first[:2] == [(False, False), (True, True)]


def test_a_stop_that_is_asked_for_after_the_last_step_is_kept(tmp_path):
    """As in the last evaluation. Signals go back to whoever had them before."""
    before = signal.getsignal(signal.SIGTERM)
    stop, state = StopOnSignal(), TrainerState()
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)
    stop.on_train_begin(arguments, state, TrainerControl())
    stop.on_step_end(arguments, state, TrainerControl())
    assert not stop.stopped
    os.kill(os.getpid(), signal.SIGTERM)
    stop.on_train_end(arguments, state, TrainerControl())
    assert stop.stopped
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_checkpoint_is_saved_when_the_last_one_is_old(tmp_path, monkeypatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock, state = CheckpointClock(minutes=10), TrainerState()
    arguments = TrainingArguments(output_dir=str(tmp_path), use_cpu=True)

    def saves():
        control = TrainerControl()
        clock.on_step_end(arguments, state, control)
        return control.should_save

    clock.on_train_begin(arguments, state, TrainerControl())
    now += 599
    assert not saves()
    now += 2
    assert saves()
    clock.on_save(arguments, state, TrainerControl())  # whoever asked for it
    assert not saves()
    now += 601
    assert saves()
