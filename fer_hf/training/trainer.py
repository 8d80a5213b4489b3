"""The trainer: transformers' Trainer with augmentation on the device, soft targets, EMA and an exact resume.

Two things of transformers 5 are replaced because they are silently wrong for ViT models: going on from a checkpoint and
loading the best one both skip most weights there (huggingface/transformers#48822); here both go through
`from_pretrained`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from transformers import (
    BaseImageProcessor,
    EarlyStoppingCallback,
    EvalPrediction,
    PreTrainedModel,
    Trainer,
    TrainingArguments,
)

from fer_hf.errors import FerError
from fer_hf.evaluation.metrics import fer_metrics
from fer_hf.training.arguments import Recipe
from fer_hf.training.augmentation import Augmentation, seeded
from fer_hf.training.backbone import normalise, parameter_groups
from fer_hf.training.callbacks import AverageWeights, Clock, StopOnSignal

AVERAGE = "average"  # folder in a checkpoint that holds the averaged weights


class FerTrainer(Trainer):
    """Fine-tunes `model` as `recipe` says; inputs are the Collator's batches."""

    def __init__(
        self,
        model: PreTrainedModel,
        recipe: Recipe,
        processor: BaseImageProcessor,
        class_weights: Tensor | None = None,
        **arguments: Any,
    ) -> None:
        self.recipe = recipe
        self.processor = processor
        self.augment = Augmentation(recipe)
        self.class_weights = class_weights
        self.average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema)) if recipe.ema else None
        self.substep = 0  # batches since the last optimiser step
        stop = EarlyStoppingCallback(recipe.patience) if recipe.patience else None
        super().__init__(
            model,
            args=training_arguments(recipe),
            compute_metrics=compute_metrics,
            callbacks=[Clock(), StopOnSignal(), *filter(None, [stop])],
            **arguments,
        )
        self.model_accepts_loss_kwargs = False  # the loss below is a mean over the batch
        self.add_callback(AverageWeights(self.average))

    def init_hf_repo(self, *rest: Any, **named: Any) -> None:
        """Nothing: train.py makes the repository before training, and publishes the finished model after it."""

    def _run_epoch(self, **named: Any) -> None:
        """One epoch; nothing if the checkpoint that it goes on from is of a finished run."""
        if self.finished:
            self.control.should_training_stop = True
        else:
            super()._run_epoch(**named)

    @property
    def finished(self) -> bool:
        """Whether all steps are done, or early stopping has run out of patience."""
        stops = [each for each in self.callback_handler.callbacks if isinstance(each, EarlyStoppingCallback)]
        impatient = any(each.early_stopping_patience_counter >= each.early_stopping_patience for each in stops)
        return impatient or self.state.global_step >= self.state.max_steps

    # -- one step ------------------------------------------------------------------------------------------------------

    def create_optimizer(self, model: nn.Module | None = None) -> torch.optim.Optimizer:
        """AdamW over layer-wise groups."""
        if self.optimizer is None:
            self.optimizer = torch.optim.AdamW(parameter_groups(model or self.model, self.recipe), fused=True)
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
    ) -> Tensor | tuple[Tensor, Any]:
        """Cross-entropy against a distribution; in training, of augmented pictures."""
        pictures, targets = inputs["pictures"].float() / 255, inputs["targets"]
        smoothing = 0.0
        if model.training:
            pictures, targets = self.augment(self.at_early_size(pictures), targets)
            smoothing = self.recipe.label_smoothing
        outputs = model(pixel_values=normalise(pictures, self.processor))
        weights = self.class_weights.to(targets.device) if model.training and self.class_weights is not None else None
        loss = nn.functional.cross_entropy(outputs.logits.float(), targets, weights, label_smoothing=smoothing)
        return (loss, outputs) if return_outputs else loss

    def at_early_size(self, pictures: Tensor) -> Tensor:
        """Reduce the pictures while the run is young (progressive resizing: fewer tokens, faster steps)."""
        size = self.recipe.early_size
        if not size or self.state.global_step >= self.recipe.early_fraction * self.state.max_steps:
            return pictures
        return nn.functional.interpolate(pictures, size=(size, size), mode="bicubic", antialias=True).clamp(0, 1)

    def prediction_step(
        self,
        model: nn.Module,
        inputs: dict[str, Tensor],
        prediction_loss_only: bool,
        ignore_keys: list[str] | None = None,
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Loss, logits (N, 7) and targets (N, 7) of a batch."""
        inputs = self._prepare_inputs(inputs)
        with torch.no_grad(), self.compute_loss_context_manager():
            loss, outputs = self.compute_loss(model, inputs, return_outputs=True)
        return loss, outputs.logits.float(), inputs["targets"]

    # -- averaged weights ----------------------------------------------------------------------------------------------

    def evaluate(self, *rest: Any, **named: Any) -> dict[str, float]:
        """Score the averaged weights where there are any."""
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

    def _save_checkpoint(self, model: nn.Module, trial: None) -> None:
        try:
            super()._save_checkpoint(model, trial)
        except (OSError, RuntimeError, SafetensorError) as error:  # RuntimeError is what torch.save raises
            folder = self.args.output_dir
            raise FerError(f"{folder}: the checkpoint cannot be written ({str(error).splitlines()[0]})") from error

    def _save_optimizer_and_scheduler(self, output_dir: str) -> None:
        super()._save_optimizer_and_scheduler(output_dir)
        if self.average is not None and self.args.should_save:
            self.average.module.save_pretrained(Path(output_dir) / AVERAGE)

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: nn.Module | None = None) -> None:
        _load_weights(model or self.model, resume_from_checkpoint)
        if self.average is not None:
            _load_weights(self.average.module, Path(resume_from_checkpoint) / AVERAGE)
            self.average.n_averaged.fill_(1)

    def _load_best_model(self) -> None:
        best = Path(self.state.best_model_checkpoint)
        _load_weights(self.model, best / AVERAGE if self.average is not None else best)


@torch.no_grad()
def _exchange(pairs: list[tuple[nn.Parameter, nn.Parameter]]) -> None:
    for one, other in pairs:
        one.data, other.data = other.data, one.data


def _load_weights(model: PreTrainedModel, folder: str | Path) -> None:
    saved = type(model).from_pretrained(folder, dtype=torch.float32)
    model.load_state_dict(saved.state_dict())


def compute_metrics(prediction: EvalPrediction) -> dict[str, float]:
    """Scores of logits (N, 7) against targets (N, 7)."""
    scores = torch.from_numpy(np.asarray(prediction.predictions)).softmax(1).numpy()
    return fer_metrics().compute(predictions=scores, references=np.asarray(prediction.label_ids).argmax(1))


def training_arguments(recipe: Recipe) -> TrainingArguments:
    """The recipe in the Trainer's words."""
    every = 1.0 / recipe.evaluations if recipe.evaluations > 1 else 0.999999  # a share of all steps
    return TrainingArguments(
        output_dir=recipe.output_dir,
        num_train_epochs=recipe.epochs,
        max_steps=recipe.max_steps,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=recipe.batch_size,
        gradient_accumulation_steps=recipe.accumulation,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=recipe.warmup,
        weight_decay=recipe.weight_decay,
        max_grad_norm=1.0,
        bf16=bfloat16(recipe),
        use_cpu=recipe.use_cpu or not torch.accelerator.is_available(),
        seed=recipe.seed,
        data_seed=recipe.seed,
        eval_strategy="steps",
        eval_steps=every,
        save_strategy="steps",
        save_steps=every,
        save_total_limit=2,
        load_best_model_at_end=True,
        restore_callback_states_from_checkpoint=True,  # the patience that is left
        metric_for_best_model=recipe.best_by,
        greater_is_better=recipe.best_by != "nll",
        logging_steps=10,
        remove_unused_columns=False,
        label_names=["targets"],
        push_to_hub=recipe.push_to_hub,
        hub_model_id=recipe.hub_model_id or None,
        hub_private_repo=recipe.hub_private,
        hub_strategy="end",  # nothing of a checkpoint: the finished model is published once, by train.py
        report_to="none",
    )


def bfloat16(recipe: Recipe) -> bool:
    """Whether to train under bfloat16 autocast."""
    if recipe.precision != "auto":
        return recipe.precision == "bfloat16"
    if torch.cuda.is_available() and not recipe.use_cpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get("amx_bf16"))


def newest_checkpoint(folder: str | Path) -> str | None:
    """The newest whole checkpoint in `folder`; `trainer_state.json` is the last file that the Trainer writes."""
    whole = [path.parent for path in Path(folder).glob("checkpoint-*/trainer_state.json")]
    return str(max(whole, key=lambda path: int(path.name.rpartition("-")[2]))) if whole else None
