"""What the trainer does beside training: average the weights, take the time, save and stop cleanly on a signal."""

import os
import signal
import time
from types import FrameType
from typing import Any

import torch
from torch import distributed
from torch.optim.swa_utils import AveragedModel
from transformers import PreTrainedModel, TrainerCallback, TrainerControl, TrainerState, TrainingArguments


class AverageWeights(TrainerCallback):
    """Updates the moving average after each optimiser step."""

    def __init__(self, average: AveragedModel | None) -> None:
        self.average = average

    def on_step_end(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        model: PreTrainedModel,
        **named: Any,
    ) -> None:
        if self.average is not None:
            self.average.update_parameters(model)


class Clock(TrainerCallback):
    """Notes `seconds` in each entry of the log: how long training has taken so far, including the parts before a stop.

    The work between the last entry and a kill is lost, and its time with it. A run whose first part has noted no time
    notes none either.
    """

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        noted = [entry["seconds"] for entry in state.log_history if "seconds" in entry]
        self.known = bool(noted) or state.global_step == 0
        self.start = time.monotonic() - (noted[-1] if noted else 0.0)

    def on_log(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        if self.known:
            state.log_history[-1]["seconds"] = round(time.monotonic() - self.start, 1)


def seconds_of(state: TrainerState) -> float | None:
    """How long all of training has taken, up to its last evaluation; None if a part of it is not known."""
    return next((entry.get("seconds") for entry in reversed(state.log_history) if "eval_loss" in entry), None)


class CheckpointClock(TrainerCallback):
    """Saves a checkpoint when the last one is `minutes` old. Of several processes, the first one's clock counts."""

    def __init__(self, minutes: float) -> None:
        self.minutes = minutes

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        self.last = time.monotonic()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        due = time.monotonic() - self.last > 60 * self.minutes
        if args.world_size > 1:
            of_first = torch.tensor(float(due), device=args.device)
            distributed.broadcast(of_first, 0)
            due = bool(of_first)
        if due:
            control.should_save = True

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        self.last = time.monotonic()


class StopOnSignal(TrainerCallback):
    """Ctrl-C or SIGTERM: finish the step, save a checkpoint that resumes, stop. A second Ctrl-C stops at once.

    It is enough that one of several processes was asked: they agree after each step, so that all stop at the same one.
    A signal may arrive at any moment, in the middle of that agreement too. The handler alone sets `asked` and nothing
    clears it; `stopped` is what the processes have agreed on.
    """

    def __init__(self) -> None:
        self.asked = False
        self.stopped = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        self.before = {each: signal.signal(each, self.ask) for each in (signal.SIGINT, signal.SIGTERM)}

    def ask(self, number: int, frame: FrameType | None) -> None:
        """The signal handler."""
        self.asked = True
        signal.signal(number, self.before[signal.Signals(number)])
        os.write(2, b"\nstopping after this step; once more to stop at once\n")  # print cannot be entered twice

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        self.agree(args)
        if self.stopped:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        self.agree(args)  # on what came after the last step
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def agree(self, args: TrainingArguments) -> None:
        """Tell every process whether one of them was asked to stop."""
        asked = self.asked
        if args.world_size > 1:
            of_any = torch.tensor(float(asked), device=args.device)
            distributed.all_reduce(of_any, distributed.ReduceOp.MAX)
            asked = bool(of_any)
        self.stopped = self.stopped or asked
