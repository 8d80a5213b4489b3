"""The trainer: transformers' Trainer with augmentation on the device, soft targets, EMA and an exact resume."""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader
from transformers import (
    BaseImageProcessor,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    Trainer,
    TrainerState,
)

from fer_hf.errors import FerError, first_line
from fer_hf.evaluation.calibration import softmax
from fer_hf.evaluation.metrics import accuracy, fer_metrics, six_class_f1
from fer_hf.labels import LABELS
from fer_hf.training.arguments import TARGETS, AugmentationArguments, FerTrainingArguments
from fer_hf.training.augmentation import Augmentation, seeded
from fer_hf.training.backbone import ANY_SIZE, normalise, parameter_groups
from fer_hf.training.callbacks import AverageWeights, CheckpointClock, Clock, StopOnSignal
from fer_hf.training.checkpoints import AVERAGE, load_weights, read_state
from fer_hf.training.linear_probe import fit_classifier
from fer_hf.training.two_heads import COUNT, VOTES_ROWS


class FerTrainer(Trainer):
    """Fine-tunes `model` as `args` say; its inputs are the Collator's batches.

    Args:
        class_weights: weight of each class in the training loss, in the order of LABELS.
        named: what else the Trainer takes, such as the datasets.

    Raises:
        FerError: the model cannot do what the arguments ask for.
    """

    args: FerTrainingArguments

    def __init__(
        self,
        model: PreTrainedModel,
        args: FerTrainingArguments,
        augmentation: AugmentationArguments,
        processing_class: BaseImageProcessor,
        class_weights: Tensor | None = None,
        **named: Any,
    ) -> None:
        if args.early_size and model.config.model_type not in ANY_SIZE:
            raise FerError("early_size_family", "early_size", family=model.config.model_type)
        self.augment = Augmentation(augmentation)
        self.class_weights = class_weights
        self.substep = 0  # batches since the last optimiser step
        self.stop = StopOnSignal()
        optional = {
            EarlyStoppingCallback: args.early_stopping_patience,
            CheckpointClock: args.checkpoint_minutes,
        }
        super().__init__(
            model,
            args=args,
            processing_class=processing_class,
            compute_metrics=compute_metrics,
            callbacks=[Clock(), self.stop, *(callback(value) for callback, value in optional.items() if value)],
            **named,
        )
        self.model_accepts_loss_kwargs = False  # the loss below is a mean over the batch
        # Of the model that the Trainer has moved to the device: an average elsewhere would copy it there in each step.
        self.average = (
            AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(args.ema_decay)) if args.ema_decay else None
        )
        self.add_callback(AverageWeights(self.average))

    def init_hf_repo(self, *rest: Any, **named: Any) -> None:
        """Does nothing: train.py makes the repository before training, and publishes the finished model after it."""

    # -- the whole run -------------------------------------------------------------------------------------------------

    def train(self, resume_from_checkpoint: str | Path | None = None, **named: Any) -> None:
        """Train to the end and keep the weights that count: the best ones, averaged if there is an average.

        A checkpoint of a run that is finished already is loaded and not trained any further.

        Raises:
            FerError: the checkpoint is broken or of another model, or a new one cannot be written.
            KeyboardInterrupt: a signal has stopped training; the newest checkpoint goes on from there.
        """
        checkpoint = Path(resume_from_checkpoint) if resume_from_checkpoint else None
        state = read_state(checkpoint) if checkpoint else None
        if checkpoint:
            self.load_checkpoint(checkpoint)
        if state and self.is_finished(state):
            self.state = state
        else:
            if self.args.linear_probe and not checkpoint:
                self.fit_classifier()
            self.run_steps(checkpoint, **named)
        best = self.state.best_model_checkpoint if self.args.load_best_model_at_end else None
        if best and Path(best).is_dir():
            load_weights(self.model, Path(best) / AVERAGE if self.average else Path(best))
        elif self.average:
            self.model.load_state_dict(self.average.module.state_dict())
        if self.args.refit_classifier:
            self.fit_classifier()

    def fit_classifier(self) -> None:
        """Fit the classifier to the features that the backbone has of the training pictures."""
        # Not the Trainer's loader: every process has to see all pictures, to fit the same classifier.
        batches = DataLoader(self.train_dataset, self.args.eval_batch_size, collate_fn=self.data_collator)
        fit_classifier(self.model, batches, self.processing_class, self.args.bf16)

    def is_finished(self, state: TrainerState) -> bool:
        """Whether all steps are done, or early stopping has run out of patience."""
        steps, patience = self.args.max_steps, self.args.early_stopping_patience
        if steps <= 0:
            steps_per_epoch = math.ceil(len(self.get_train_dataloader()) / self.args.gradient_accumulation_steps)
            steps = math.ceil(self.args.num_train_epochs * steps_per_epoch)
        best = state.best_global_step or 0
        without_progress = sum("eval_loss" in entry and entry["step"] > best for entry in state.log_history)
        return state.global_step >= steps or 0 < patience <= without_progress

    def run_steps(self, checkpoint: Path | None, **named: Any) -> None:
        """The Trainer's own training."""
        try:
            super().train(resume_from_checkpoint=checkpoint and str(checkpoint), **named)
        except (OSError, RuntimeError, SafetensorError) as error:  # RuntimeError is what torch.save raises
            if not self.control.should_save or self.control.should_evaluate:
                raise  # no checkpoint was being written
            raise FerError("checkpoint_unwritable", self.args.output_dir, details=first_line(error)) from error
        if self.stop.stopped:
            self.accelerator.wait_for_everyone()  # a process that ends early would make torchrun kill the others
            raise KeyboardInterrupt

    # -- one step ------------------------------------------------------------------------------------------------------

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """The optimiser that `optim` names, over layer-wise groups."""
        if self.optimizer is None:
            model = model or self.model
            optimizer, options = self.get_optimizer_cls_and_kwargs(self.args, model)
            self.optimizer = optimizer(parameter_groups(model, self.args), **options)
        return self.optimizer

    def training_step(self, model: nn.Module, inputs: dict[str, Tensor], *rest: Any, **named: Any) -> Tensor:
        """One batch; all that is random in it (augmentation, drop path) is a function of seed, step and process."""
        with seeded(self.args.seed, self.state.global_step, self.substep, self.args.process_index):
            loss = super().training_step(model, inputs, *rest, **named)
        self.substep = 0 if self.accelerator.sync_gradients else self.substep + 1
        return loss

    def compute_loss(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        return_outputs: bool = False,
        num_items_in_batch: Tensor | None = None,
    ) -> Tensor | tuple[Tensor, dict[str, Tensor]]:
        """Cross-entropy against a distribution, of augmented pictures in training; the outputs are the logits.

        With two heads, the weighted sum of both heads' losses. The targets of the votes head need no smoothing, and
        weigh a face less by the votes that are not for the seven expressions (see Collator).
        """
        pictures, targets = inputs["pictures"].float() / 255, inputs[TARGETS]
        weights, smoothing = None, 0.0
        if model.training:
            pictures, targets = self.augment(self.at_early_size(pictures), targets)
            self.end_patch_drop()
            weights, smoothing = self.class_weights, self.args.label_smoothing_factor
        logits = model(pixel_values=normalise(pictures, self.processing_class)).logits.float()
        weights = None if weights is None else weights.to(logits.device)
        loss = nn.functional.cross_entropy(logits[:, -COUNT:], targets[:, -COUNT:], weights, label_smoothing=smoothing)
        if logits.shape[1] > COUNT:
            votes_loss = nn.functional.cross_entropy(logits[:, VOTES_ROWS], targets[:, VOTES_ROWS])
            loss = self.args.votes_loss_weight * votes_loss + self.args.label_loss_weight * loss
        return (loss, {"logits": logits}) if return_outputs else loss

    def at_early_size(self, pictures: Tensor) -> Tensor:
        """Reduce the pictures while the run is young (progressive resizing: fewer tokens, faster steps)."""
        size = self.args.early_size
        if not size or self.state.global_step >= self.args.early_fraction * self.state.max_steps:
            return pictures
        return nn.functional.interpolate(pictures, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)

    def end_patch_drop(self) -> None:
        """Show the model whole pictures in the last part of the run, as it will see them in use."""
        embeddings = getattr(self.model.base_model, "embeddings", None)
        late = self.state.global_step >= self.args.patch_drop_fraction * self.state.max_steps
        if late and getattr(embeddings, "patch_drop_rate", 0):
            embeddings.patch_drop_rate = 0.0

    # -- averaged weights ----------------------------------------------------------------------------------------------

    def evaluate(self, *rest: Any, **named: Any) -> dict[str, float]:
        """Score the averaged weights if there are any."""
        with self.averaged_weights():
            return super().evaluate(*rest, **named)

    @contextmanager
    def averaged_weights(self) -> Iterator[None]:
        """Lend the averaged weights to the model while the block runs."""
        if self.average is None or not self.is_in_train:
            yield
            return
        pairs = list(zip(self.model.parameters(), self.average.module.parameters(), strict=True))
        _exchange(pairs)
        try:
            yield
        finally:
            _exchange(pairs)

    # -- checkpoints ---------------------------------------------------------------------------------------------------

    def save_model(self, output_dir: str | None = None, **named: Any) -> None:
        """Save a checkpoint's weights and the averaged ones, under the names that the model's parameters have.

        The Trainer itself saves the names of older versions of transformers but loads the present ones, and ignores
        what does not match: it would resume a ViT or DINOv2 with random weights (huggingface/transformers#48822).
        """
        folder, main = Path(output_dir or self.args.output_dir), self.args.should_save
        weights = self.accelerator.get_state_dict(self.model)  # whole, even if it is spread over processes
        model = self.accelerator.unwrap_model(self.model)
        model.save_pretrained(folder, is_main_process=main, state_dict=weights, save_original_format=False)
        if self.average and main:
            self.average.module.save_pretrained(folder / AVERAGE, save_original_format=False)

    def load_checkpoint(self, checkpoint: Path) -> None:
        """Load the weights of a checkpoint and the averaged ones."""
        load_weights(self.model, checkpoint)
        if self.average:
            load_weights(self.average.module, checkpoint / AVERAGE)
            self.average.n_averaged.fill_(1)


@torch.no_grad()
def _exchange(pairs: list[tuple[nn.Parameter, nn.Parameter]]) -> None:
    for one, other in pairs:
        one.data, other.data = other.data, one.data


def balance(labels: Sequence[int], power: float) -> Tensor | None:
    """Weights of the classes in the loss, (7,) with a mean of 1: (1 / frequency) to this power; None for power 0."""
    if not power:
        return None
    counts = np.bincount(labels, minlength=len(LABELS))
    weights = (counts.sum() / np.maximum(1, counts)) ** power
    return torch.tensor(weights / weights.mean(), dtype=torch.float32)


def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Scores of logits against targets, both (N, 7).

    With two heads, both (N, 14), these are the label head's. Beside them stand the votes head's accuracy and six-class
    F1 against the FER+ majority, and the mean of both heads' accuracies.
    """
    logits, targets = np.asarray(prediction.predictions), np.asarray(prediction.label_ids)
    found = fer_metrics().compute(predictions=softmax(logits[:, -COUNT:]), references=targets[:, -COUNT:].argmax(1))
    if logits.shape[1] == COUNT:
        return found
    clear = targets[:, VOTES_ROWS].max(1) > 0.5  # of all ten columns' votes: a majority
    votes_logits, majority = logits[clear, VOTES_ROWS], targets[clear, VOTES_ROWS].argmax(1)
    found["votes_accuracy"] = accuracy(votes_logits, majority)
    found["votes_six_class_f1"] = six_class_f1(votes_logits, majority)
    found["mean_accuracy"] = (found["accuracy"] + found["votes_accuracy"]) / 2
    return found
