"""A training recipe: every choice of a run in one flat table, read from YAML, overridden on the command line.

python train.py recipes/dinov2-small.yaml --epochs 3 --seed 1
"""

import argparse
import difflib
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import yaml

from fer_hf.errors import FerError


@dataclass(frozen=True)
class Recipe:
    """All fields of a run. A field that is absent from the YAML file keeps the default below."""

    # What is trained
    model: str = ""  # Hub id or folder of a pretrained ViT, DeiT, DINOv2, ConvNeXt or ConvNeXtV2
    model_config: dict[str, Any] = field(
        default_factory=dict
    )  # instead of `model`: a random model of this configuration
    image_size: int = 112  # pixels a side, in training's last part, in evaluation and in the saved model
    early_size: int = 0  # pixels a side while the run is young (fewer tokens: faster); 0: image_size throughout
    early_fraction: float = 0.0  # of all steps, trained at early_size

    # On what
    data: str = ""  # any source that fer_hf.data.load reads
    votes: str = ""  # FER+'s fer2013new.csv, where the source does not carry the votes itself
    drawn_pictures: int = 0  # instead of `data`: so many drawn faces a split
    vote_blend: float = 0.0  # target = (1 - blend) x FER2013's label + blend x the FER+ votes
    label_smoothing: float = 0.0
    class_weights: float = 0.0  # loss weight of a class: (1 / its frequency) to this power; 0: all alike

    # Augmentation, drawn anew for every batch
    flip: float = 0.5  # probability of a mirror image
    rotation: float = 15.0  # degrees, to either side
    shift: float = 0.1  # of the picture's side
    zoom: float = 0.15  # scale drawn from 1 - zoom to 1 + zoom
    light: float = 0.2  # brightness and contrast, to either side
    erasing: float = 0.0  # probability that a rectangle is erased
    low_resolution: float = 0.0  # probability that the batch is seen as if taken from far away
    mixup: float = 0.0  # alpha of the Beta distribution; 0: none

    # How
    epochs: float = 5.0
    max_steps: int = -1  # instead of `epochs`
    batch_size: int = 64  # pictures a step and process
    accumulation: int = 1  # batches an optimiser step
    learning_rate: float = 1.5e-4  # of the topmost encoder layer
    head_rate: float = 5.0  # the new classifier's rate, as a multiple of learning_rate
    layer_decay: float = 0.75  # each layer's rate, as a multiple of the one above it
    frozen_layers: int = 0  # lowest encoder layers, with the embeddings, that keep their weights: faster steps
    weight_decay: float = 0.05
    warmup: float = 0.05  # of all steps
    drop_path: float = 0.0
    ema: float = 0.0  # decay of the exponential moving average of the weights; 0: none
    evaluations: int = 10  # times that validation is scored and a checkpoint saved
    patience: int = 0  # evaluations without progress after which training stops; 0: never
    start_share: float = 0.0  # of a model of ours that the run went on from, in the final weights
    biases: float = 1.0  # share of the class biases that calibration fits; see fer_hf/evaluation/calibration.py
    best_by: str = "accuracy"  # validation metric that picks the weights
    precision: str = "auto"  # auto, float32 or bfloat16; auto: bfloat16 where the hardware has it
    seed: int = 0
    threads: int = 0  # of the CPU; 0: PyTorch's choice
    use_cpu: bool = False
    resume: bool = True  # go on from the newest whole checkpoint in output_dir

    # Where to
    output_dir: str = "runs/unnamed"
    half_precision: bool = True  # store the final weights as float16
    push_to_hub: bool = False
    hub_model_id: str = ""
    hub_private: bool = False


# Limits that a typing error would break: field -> (lowest, highest).
RANGES = {
    "image_size": (14, 1024),
    "early_size": (0, 1024),
    "early_fraction": (0, 1),
    "vote_blend": (0, 1),
    "label_smoothing": (0, 0.9),
    "class_weights": (0, 2),
    "flip": (0, 1),
    "rotation": (0, 180),
    "shift": (0, 0.9),
    "zoom": (0, 0.9),
    "light": (0, 0.9),
    "erasing": (0, 1),
    "low_resolution": (0, 1),
    "mixup": (0, 10),
    "epochs": (0, 10_000),
    "batch_size": (1, 65_536),
    "accumulation": (1, 65_536),
    "learning_rate": (0, 10),
    "layer_decay": (0.01, 1),
    "frozen_layers": (0, 1000),
    "warmup": (0, 1),
    "drop_path": (0, 0.9),
    "ema": (0, 0.999999),
    "evaluations": (1, 100_000),
    "start_share": (0, 1),
    "biases": (0, 1),
}
CHOICES = {"precision": ("auto", "float32", "bfloat16"), "best_by": ("accuracy", "macro_f1", "nll")}


def read_recipe(words: list[str]) -> Recipe:
    """Recipe of the command line `FILE.yaml [--field value ...]`.

    Raises:
        FerError: no such file, no YAML table, an unknown field (the nearest known one is named), a wrong value.
    """
    parser = argparse.ArgumentParser(
        prog="train.py", description="Fine-tune a pretrained model on FER2013.", allow_abbrev=False
    )
    parser.add_argument("recipe", help="a file of recipes/; any of its fields may follow as --field value")
    arguments, overrides = parser.parse_known_args(words)
    table = _read_table(Path(arguments.recipe)) | _read_overrides(overrides)
    recipe = Recipe(**{name: _checked(name, value) for name, value in table.items()})
    if sum(map(bool, (recipe.model, recipe.model_config))) != 1:
        raise FerError(f"{arguments.recipe}: name either model or model_config")
    if sum(map(bool, (recipe.data, recipe.drawn_pictures))) != 1:
        raise FerError(f"{arguments.recipe}: name either data (--data YOUR_FER2013) or drawn_pictures")
    if recipe.push_to_hub and not recipe.hub_model_id:
        raise FerError("push_to_hub: needs hub_model_id, such as --hub_model_id user/name")
    return recipe


def _read_table(path: Path) -> dict[str, Any]:
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FerError(f"{path}: cannot be read ({error.strerror})") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise FerError(f"{path}: is not a YAML file ({str(error).splitlines()[0]})") from error
    if not isinstance(table, dict):
        raise FerError(f"{path}: expected a table of fields, such as `epochs: 5`")
    return table


def _read_overrides(words: list[str]) -> dict[str, Any]:
    """`--field value`, `--field=value` and the bare `--flag` as a table; values are read as YAML."""
    table = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise FerError(f"{word}: expected --field value")
        name, equals, value = word[2:].partition("=")
        if not equals:
            value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
        table[name.replace("-", "_")] = yaml.safe_load(value)
    return table


def _checked(name: str, value: Any) -> Any:
    """The value as its field's type, within its limits."""
    kinds = {each.name: each.type for each in fields(Recipe)}
    if name not in kinds:
        near = difflib.get_close_matches(name, kinds, n=1, cutoff=0)[0]
        raise FerError(f"{name}: no such recipe field; the nearest is {near}")
    kind = kinds[name]
    if kind is float and (isinstance(value, int | str) and not isinstance(value, bool)):
        value = _number(name, value)  # YAML reads 1e-4 as text
    if kind is str and value is None:
        value = ""
    if not isinstance(value, dict if name == "model_config" else kind) or (
        isinstance(value, bool) and kind is not bool
    ):
        raise FerError(f"{name}: expected {getattr(kind, '__name__', kind)}, got {value!r}")
    low, high = RANGES.get(name, (-math.inf, math.inf))
    if isinstance(value, int | float) and not low <= value <= high:
        raise FerError(f"{name}: expected {low} to {high}, got {value}")
    if name in CHOICES and value not in CHOICES[name]:
        raise FerError(f"{name}: expected one of {', '.join(CHOICES[name])}, got {value!r}")
    return value


def _number(name: str, value: int | str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise FerError(f"{name}: expected a number, got {value!r}") from error
