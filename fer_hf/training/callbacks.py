"""What the trainer does beside training: average the weights, take the time, and stop cleanly when asked to."""

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
    """Notes `seconds` in each entry of the log: what training has taken so far, with the parts before a stop.

    The work between the last entry and a kill is lost, and its time with it. A run whose first part noted none notes
    none.
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
    """What all of training has taken, up to its last evaluation; None where a part of it is not known."""
    return next((entry.get("seconds") for entry in reversed(state.log_history) if "eval_loss" in entry), None)


class StopOnSignal(TrainerCallback):
    """Ctrl-C or SIGTERM: finish the step, save a checkpoint that resumes, stop. A second Ctrl-C stops at once.

    Of several processes it is enough that one was asked: they agree after each step, so that all stop at the same one.
    """

    def __init__(self) -> None:
        self.stopped = False

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        self.before = {each: signal.signal(each, self.ask) for each in (signal.SIGINT, signal.SIGTERM)}

    def ask(self, number: int, frame: FrameType | None) -> None:
        self.stopped = True
        signal.signal(number, self.before[signal.Signals(number)])
        print("\nstopping after this step; once more to stop at once")

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        if args.world_size > 1:
            asked = torch.tensor(float(self.stopped), device=args.device)
            distributed.all_reduce(asked, distributed.ReduceOp.MAX)
            self.stopped = bool(asked)
        if self.stopped:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
