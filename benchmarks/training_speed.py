"""What `train.py` keeps of the speed of bare steps: forward, backward and optimiser on ready tensors.

Part of `python -m benchmarks.speed`. One run of the trainer is stopped after every few steps to do as many bare steps
with a second model, so that both meet the same machine.
"""

import time
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fer_hf.labels import LABELS
from fer_hf.training.arguments import Recipe, read_recipe
from fer_hf.training.backbone import load_backbone, parameter_groups
from fer_hf.training.trainer import bfloat16
from train import load_splits, make_trainer

BLOCK = 6  # optimiser steps between two looks at the clock
DRAWN = 1024  # faces, where no data is given
LIMIT = 0.9  # least share of the bare steps' speed


class BareSteps:
    """The same model, batch size, picture size, optimiser and precision as the trainer's, and nothing else."""

    def __init__(self, recipe: Recipe, size: int, device: torch.device) -> None:
        self.model = load_backbone(recipe).to(device).train()
        self.optimizer = torch.optim.AdamW(parameter_groups(self.model, recipe), fused=True)
        self.pictures = torch.rand(recipe.batch_size, 3, size, size, device=device)
        self.targets = torch.rand(recipe.batch_size, len(LABELS), device=device).softmax(1)
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=bfloat16(recipe))

    def __call__(self) -> None:
        with self.autocast:
            logits = self.model(pixel_values=self.pictures).logits
        nn.functional.cross_entropy(logits.float(), self.targets).backward()
        self.optimizer.step()
        self.optimizer.zero_grad()


class Alternation(TrainerCallback):
    """Times blocks of the trainer's steps, and after each as many bare steps. The first block of both is a warm-up."""

    def __init__(self, bare: Callable[[], None]) -> None:
        self.bare = bare
        self.trainer_seconds: list[float] = []
        self.bare_seconds: list[float] = []
        self.started = 0.0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any
    ) -> None:
        self.started = now()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **named: Any) -> None:
        if state.global_step % BLOCK:
            return
        stopped = now()
        for _ in range(BLOCK):
            self.bare()
        self.trainer_seconds.append(stopped - self.started)
        self.started = now()
        self.bare_seconds.append(self.started - stopped)


def now() -> float:
    """The clock, once the accelerator has done what it was told."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(recipe_file: str, model: str, data: str, threads: int, blocks: int) -> dict:
    """Pictures a second of both, at the recipe's early and final picture sizes and over a whole run."""
    source = ["--data", data] if data else ["--drawn_pictures", str(DRAWN)]
    recipe = read_recipe([recipe_file, *source, "--threads", str(threads)])
    recipe = replace(
        recipe,
        model="",  # random weights of the same shape are as fast
        model_config=AutoConfig.from_pretrained(model).to_dict(),
        accumulation=1,
        evaluations=1,
        max_steps=BLOCK * (blocks + 1),
        resume=False,
    )
    splits = load_splits(recipe)
    splits["validation"] = splits["validation"].select(range(min(64, len(splits["validation"]))))
    sizes = {recipe.image_size: 1 - recipe.early_fraction if recipe.early_size else 1.0}
    if recipe.early_size:
        sizes = {recipe.early_size: recipe.early_fraction, **sizes}
    rows = [measure_size(recipe, splits, size) | {"share_of_steps": round(part, 4)} for size, part in sizes.items()]
    return whole_run(rows) | {"batch_size": recipe.batch_size, "bfloat16": bfloat16(recipe), "sizes": rows}


def measure_size(recipe: Recipe, splits: dict, size: int) -> dict:
    """Both at one picture size."""
    early = size if size != recipe.image_size else 0
    with TemporaryDirectory() as folder:
        recipe = replace(recipe, early_size=early, early_fraction=1.0 if early else 0.0, output_dir=folder)
        trainer = make_trainer(recipe, splits)
        clock = Alternation(BareSteps(recipe, size, trainer.args.device))
        trainer.add_callback(clock)
        trainer.train()
    pictures = BLOCK * recipe.batch_size
    return {
        "image_size": size,
        "trainer_pictures_a_second": round(pictures / median(clock.trainer_seconds[1:]), 1),
        "bare_pictures_a_second": round(pictures / median(clock.bare_seconds[1:]), 1),
        "blocks": len(clock.bare_seconds) - 1,
    }


def whole_run(rows: list[dict]) -> dict:
    """The speeds over a run that spends `share_of_steps` of its steps at each size."""
    trainer, bare = (
        1 / sum(row["share_of_steps"] / row[f"{who}_pictures_a_second"] for row in rows) for who in ("trainer", "bare")
    )
    share = trainer / bare
    return {
        "trainer_pictures_a_second": round(trainer, 1),
        "bare_pictures_a_second": round(bare, 1),
        "share": round(share, 4),
        "limit": LIMIT,
        "met": share >= LIMIT,
    }
