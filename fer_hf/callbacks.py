"""What the trainer does beside training: average the weights after each step, and stop cleanly when asked to."""

import signal
from types import FrameType
from typing import Any

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


class StopOnSignal(TrainerCallback):
    """Ctrl-C or SIGTERM: finish the step, save a checkpoint that resumes, stop. A second Ctrl-C stops at once."""

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
        if self.stopped:
            control.should_save = control.should_training_stop = True

    def on_train_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)
