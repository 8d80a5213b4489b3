"""The arguments of a training run: Hugging Face's `TrainingArguments` with our defaults, and three tables beside it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from transformers import IntervalStrategy, SchedulerType, TrainingArguments
from transformers.integrations import get_available_reporting_integrations
from transformers.trainer_utils import SaveStrategy

from fer_hf.errors import FerError

TARGETS = "targets"  # the column of a batch that holds what the model is to say
METRICS = ("accuracy", "macro_f1", "nll", "ece", "brier", "loss", "mean_accuracy")  # can pick the best checkpoint
HIGHER_IS_BETTER = ("accuracy", "macro_f1", "mean_accuracy")
# Arguments of the Trainer that FerTrainer and train.py rely on.
FIXED = {
    "remove_unused_columns": False,
    "label_names": [TARGETS],
    "hub_strategy": "end",
    "batch_eval_metrics": False,
    "dataloader_drop_last": False,  # it would drop the last faces of validation, too
}


def argument(default: Any, text: str, **options: Any) -> Any:
    """A field of a table of arguments; `options` are those of argparse."""
    return field(default=default, metadata={"help": text.replace("%", "%%"), **options})


@dataclass
class ModelArguments:
    """What is trained."""

    _argument_group_name = "model"  # the documented way to name a group of `--help`

    model_name_or_path: str = argument("", "Hub id or folder of a pretrained ViT, DeiT, DINOv2, ConvNeXt or ConvNeXtV2")
    model_config: dict | str | None = argument(
        None, "instead of a pretrained model: a random model of this configuration, a table in YAML or JSON"
    )
    image_size: int = argument(112, "pixels per side, in the last part of training, in evaluation and once saved")
    two_heads: bool = argument(False, "a second head, for the FER+ votes, beside the one for FER2013's label")
    drop_path_rate: float = argument(0.0, "stochastic depth, for DINOv2 and ConvNeXt")
    patch_drop_rate: float = argument(0.0, "share of the patches that a ViT does not see in training: faster steps")
    frozen_layers: int = argument(
        0, "how many of the lowest encoder layers keep their weights, with the embeddings: faster steps"
    )

    def __post_init__(self) -> None:
        if isinstance(self.model_config, str):
            self.model_config = _read_json_table("model_config", self.model_config)
        if bool(self.model_name_or_path) == bool(self.model_config):
            raise FerError("arguments_model")
        check_ranges(self, image_size=(14, 1024), drop_path_rate=(0, 0.9), frozen_layers=(0, 1000))
        check_ranges(self, patch_drop_rate=(0, 0.9))


@dataclass
class DataArguments:
    """On what it is trained."""

    _argument_group_name = "data"

    data: str = argument("", "any source of faces that `fer-hf data` reads: a file, a folder, a dataset of the Hub")
    votes: str = argument("", "FER+'s fer2013new.csv, if the source does not carry the votes itself")
    synthetic_faces: int = argument(0, "instead of data: this many drawn faces per split")
    ferplus_weight: float = argument(0.0, "target = (1 - weight) * FER2013's label + weight * the FER+ votes")

    def __post_init__(self) -> None:
        if bool(self.data) == bool(self.synthetic_faces):
            raise FerError("arguments_data")
        check_ranges(self, synthetic_faces=(0, 1_000_000), ferplus_weight=(0, 1))


@dataclass
class AugmentationArguments:
    """How the faces of a batch are varied, drawn anew for each batch."""

    _argument_group_name = "augmentation"

    flip: float = argument(0.5, "probability of the mirror image")
    rotation: float = argument(15.0, "degrees, to either side")
    shift: float = argument(0.1, "share of the picture's side, in either direction")
    zoom: float = argument(0.15, "the scale is drawn from 1 - zoom to 1 + zoom")
    color_jitter: float = argument(0.2, "brightness and contrast are drawn from 1 - this to 1 + this")
    wide_view: float = argument(0.0, "probability of more rotation and zoom: up to 20 degrees, 0.7 to 1.5 times")
    wide_light: float = argument(0.0, "probability of much less or much more light, from half to twice")
    low_resolution: float = argument(0.0, "probability that a face is seen as if from far away: 14 to 40 pixels")
    blur: float = argument(0.0, "probability of blur: a standard deviation of 0.4 to 2 of 48 pixels")
    noise: float = argument(0.0, "probability of noise: a standard deviation of 4 to 24 grey levels")
    jpeg: float = argument(0.0, "probability of JPEG compression: quality 15 to 70 at 48 pixels")
    erasing: float = argument(0.0, "probability that a rectangle is erased")
    mixup: float = argument(0.0, "alpha of mixup's Beta distribution; 0: no mixup")

    def __post_init__(self) -> None:
        check_ranges(self, flip=(0, 1), rotation=(0, 180), shift=(0, 0.9), zoom=(0, 0.9), color_jitter=(0, 0.9))
        check_ranges(self, wide_view=(0, 1), wide_light=(0, 1), low_resolution=(0, 1), blur=(0, 1), noise=(0, 1))
        check_ranges(self, jpeg=(0, 1), erasing=(0, 1), mixup=(0, 10))


@dataclass
class FerTrainingArguments(TrainingArguments):
    """The Trainer's arguments with our defaults, and those of this package's trainer."""

    _argument_group_name = "training"

    # What the Trainer does not have
    early_size: int = argument(0, "pixels per side while the run is young: fewer tokens, faster steps; 0: image_size")
    early_fraction: float = argument(0.0, "share of all steps that are trained at early_size")
    patch_drop_fraction: float = argument(1.0, "share of all steps in which patches are dropped, if any are")
    linear_probe: bool = argument(
        False, "fit the classifier to the pretrained backbone's features before the first step"
    )
    refit_classifier: bool = argument(False, "fit it to the trained backbone's features after the last step")
    head_lr_multiplier: float = argument(5.0, "learning rate of the classifier, as a multiple of learning_rate")
    layer_decay: float = argument(0.75, "learning rate of each layer, as a multiple of that of the layer above it")
    votes_loss_weight: float = argument(1.0, "weight of the loss of the votes head, if there are two heads")
    label_loss_weight: float = argument(1.0, "weight of the loss of the label head, if there are two heads")
    class_weights: float = argument(0.0, "a class's weight in the loss is (1 / its frequency) to this power")
    ema_decay: float = argument(0.0, "decay of an exponential moving average of the weights; 0: no average")
    early_stopping_patience: int = argument(0, "evaluations without progress after which training stops; 0: never")
    class_bias: float = argument(1.0, "share that is used of the biases per class that calibration fits to one head")
    votes_tau: float | None = argument(
        None, "part of the votes' class prior that is taken out of the votes head; default: by a rule, on validation"
    )
    checkpoint_minutes: float = argument(0.0, "minutes between further checkpoints, which are not scored; 0: none")
    half_precision: bool = argument(True, "store the finished weights as float16")
    threads: int = argument(0, "threads of the CPU; 0: PyTorch's choice")

    # The Trainer's own, with other defaults
    output_dir: str = argument("runs/unnamed", "folder of the checkpoints, the report and the finished model")
    num_train_epochs: float = argument(5.0, "epochs; a fraction is possible")
    max_steps: int = argument(-1, "steps, instead of epochs")
    per_device_train_batch_size: int = argument(64, "pictures per step and process")
    per_device_eval_batch_size: int | None = argument(None, "default: per_device_train_batch_size")
    gradient_accumulation_steps: int = argument(1, "batches per optimiser step")
    label_smoothing_factor: float = argument(0.0, "share of the target that is spread over all classes")
    learning_rate: float = argument(1.5e-4, "learning rate of the topmost encoder layer, after warm-up")
    lr_scheduler_type: SchedulerType = argument(SchedulerType.COSINE, "schedule of the learning rate")
    warmup_steps: float = argument(0.05, "below 1: a share of all steps")
    weight_decay: float = argument(0.05, "weight decay of the matrices; vectors have none")
    bf16: bool | None = argument(None, "bfloat16; default: where the hardware has it", nargs="?", const=True)
    eval_strategy: IntervalStrategy = argument(IntervalStrategy.STEPS, "when validation is scored")
    eval_steps: float = argument(0.1, "below 1: a share of all steps; the last step is always scored")
    save_strategy: SaveStrategy = argument(SaveStrategy.STEPS, "when a checkpoint is saved")
    save_steps: float | None = argument(None, "default: eval_steps")
    save_total_limit: int = argument(2, "checkpoints that are kept")
    load_best_model_at_end: bool = argument(True, "finish with the weights of the best checkpoint, not of the last")
    metric_for_best_model: Literal[METRICS] = argument("accuracy", "validation metric that picks the best checkpoint")
    restore_callback_states_from_checkpoint: bool = argument(True, "early stopping remembers how patient it has been")
    resume_from_checkpoint: str = argument(
        "auto", "auto: the newest whole checkpoint in output_dir, if any; none: start anew; or the folder of one"
    )
    logging_steps: float = argument(10, "steps between two entries of the training log")
    seed: int = argument(0, "seed of everything that is random")
    project: str = argument("fer-hf", "project in the tracker that report_to names")
    hub_private_repo: bool = argument(False, "make a new repository private")
    hub_strategy: str = argument("end", "end: only the finished model is published")
    remove_unused_columns: bool = argument(False, "false: the collator reads columns that the model does not take")
    label_names: list[str] = field(
        default_factory=lambda: [TARGETS], metadata={"help": f"{TARGETS}: what the collator calls them"}
    )

    def __post_init__(self) -> None:
        for name, value in FIXED.items():
            if getattr(self, name) != value:
                raise FerError("argument_fixed", name, value=value)
        check_ranges(self, early_size=(0, 1024), early_fraction=(0, 1), patch_drop_fraction=(0, 1))
        check_ranges(
            self, head_lr_multiplier=(0, 1000), layer_decay=(0.01, 1), class_weights=(0, 2), ema_decay=(0, 0.999999)
        )
        check_ranges(self, early_stopping_patience=(0, 1000), class_bias=(0, 1))
        check_ranges(self, votes_loss_weight=(0, 100), label_loss_weight=(0, 100), checkpoint_minutes=(0, 10_000))
        if self.votes_tau is not None:
            check_ranges(self, votes_tau=(0, 2))
        check_ranges(self, threads=(0, 1024), num_train_epochs=(0, 10_000), learning_rate=(0, 10))
        check_ranges(self, per_device_train_batch_size=(1, 65_536), gradient_accumulation_steps=(1, 65_536))
        check_ranges(self, label_smoothing_factor=(0, 0.9), warmup_steps=(0, 10_000_000), eval_steps=(0, 10_000_000))
        if self.push_to_hub and not self.hub_model_id:
            raise FerError("arguments_hub_model_id")
        self._fill_in()
        try:
            super().__post_init__()
        except (ValueError, TypeError, ImportError, OSError) as error:
            raise FerError("arguments_refused", details=" ".join(str(error).split())) from error
        trackers = get_available_reporting_integrations()
        for name in self.report_to:
            if name not in trackers:
                raise FerError("tracker_missing", "report_to", name=name, trackers=", ".join(["none", *trackers]))

    def _fill_in(self) -> None:
        """The defaults that depend on other arguments or on the hardware."""
        self.use_cpu = self.use_cpu or not torch.accelerator.is_available()
        if self.bf16 is None:
            self.bf16 = not self.fp16 and has_bfloat16(self.use_cpu)
        if self.per_device_eval_batch_size is None:
            self.per_device_eval_batch_size = self.per_device_train_batch_size
        if self.save_steps is None:
            self.save_steps = self.eval_steps
        if self.data_seed is None:
            self.data_seed = self.seed
        if self.greater_is_better is None:
            self.greater_is_better = self.metric_for_best_model in HIGHER_IS_BETTER
        self.run_name = self.run_name or Path(self.output_dir).name  # a resumed run goes on under the same name


class Arguments(NamedTuple):
    """All arguments of a training run."""

    model: ModelArguments
    data: DataArguments
    augmentation: AugmentationArguments
    training: FerTrainingArguments

    def as_table(self) -> dict[str, Any]:
        """Every argument of ours, and those of the Trainer's that are not at its own default; no access tokens."""
        usual = TrainingArguments(output_dir=self.training.output_dir, use_cpu=True).to_dict()
        table = {}
        for group in self:
            values = group.to_dict() if isinstance(group, TrainingArguments) else vars(group)
            ours = type(group).__annotations__
            table |= {name: value for name, value in values.items() if name in ours or value != usual[name]}
        return {name: value for name, value in table.items() if not name.endswith("_token")}


def check_ranges(arguments: object, **ranges: tuple[float, float]) -> None:
    """Refuse what a typing error would break: each named field's lowest and highest value."""
    for name, (lowest, highest) in ranges.items():
        value = getattr(arguments, name)
        if not lowest <= value <= highest:
            raise FerError("argument_range", name, lowest=lowest, highest=highest, value=value)


def _read_json_table(name: str, text: str) -> dict:
    try:
        table = json.loads(text)
    except ValueError as error:
        raise FerError("argument_no_table", name, value=text) from error
    if not isinstance(table, dict):
        raise FerError("argument_no_table", name, value=text)
    return table


def has_bfloat16(use_cpu: bool) -> bool:
    """Whether the hardware that training runs on computes in bfloat16 by itself."""
    if torch.cuda.is_available() and not use_cpu:
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16") or torch.cpu.get_capabilities().get("amx_bf16"))
