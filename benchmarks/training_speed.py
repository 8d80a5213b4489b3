"""How much of the speed of bare steps `train.py` reaches: forward, backward and optimiser on ready tensors.

Part of `python -m benchmarks.speed`. One run of the trainer is stopped after every few steps to do as many bare steps
with a second model, so that both meet the same machine.
"""

import time
from collections.abc import Callable
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn
from transformers import AutoConfig, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from fer_hf.training.arguments import Arguments
from fer_hf.training.backbone import load_backbone, parameter_groups
from fer_hf.training.parsing import read_arguments
from train import load_splits, make_trainer, set_up

BLOCK = 6  # optimiser steps between two looks at the clock
DRAWN = 1024  # faces, where no data is given
LIMIT = 0.9  # least share of the bare steps' speed


class BareSteps:
    """The same model, batch size, picture size, optimiser and precision as the trainer's, and nothing else."""

    def __init__(self, arguments: Arguments, size: int) -> None:
        device, batch_size = arguments.training.device, arguments.training.per_device_train_batch_size
        self.model = load_backbone(arguments.model, device).to(device).train()
        self.optimizer = torch.optim.AdamW(parameter_groups(self.model, arguments.training), fused=True)
        self.pictures = torch.rand(batch_size, 3, size, size, device=device)
        self.targets = torch.rand(batch_size, self.model.config.num_labels, device=device).softmax(1)
        self.autocast = torch.autocast(device.type, torch.bfloat16, enabled=arguments.training.bf16)

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
    """The clock, once the accelerator has finished its work."""
    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.perf_counter()


def measure(recipe: str, model: str, data: str, threads: int, blocks: int) -> dict:
    """Pictures per second of both, at the recipe's early and final picture sizes and over a whole run."""
    common = {
        "data": data,
        "synthetic_faces": 0 if data else DRAWN,
        "threads": threads,
        "model_name_or_path": "",  # random weights of the same shape are as fast
        "model_config": AutoConfig.from_pretrained(model).to_json_string(use_diff=False),
        "gradient_accumulation_steps": 1,
        "patch_drop_fraction": 1,
        "torch_compile": False,
        "eval_steps": 0.999999,
        "max_steps": BLOCK * (blocks + 1),
        "resume_from_checkpoint": "none",
    }
    argv = [recipe, *(f"--{name}={value}" for name, value in common.items())]
    arguments = read_arguments(argv)
    splits = load_splits(arguments.data, arguments.training.seed)
    splits["validation"] = splits["validation"].select(range(min(64, len(splits["validation"]))))
    early, final = arguments.training.early_size, arguments.model.image_size
    share = arguments.training.early_fraction if early else 0.0
    shares = ({early: share} if early else {}) | {final: 1 - share}
    rows = [measure_size(argv, splits, size, early) | {"share_of_steps": round(shares[size], 4)} for size in shares]
    training = arguments.training
    about = {"batch_size": training.per_device_train_batch_size, "bfloat16": training.bf16, "sizes": rows}
    return whole_run(rows) | about


def measure_size(argv: list[str], splits: dict, size: int, early: int) -> dict:
    """Both at one picture size, which is the early one or the final one."""
    sizes = [f"--early_size={early}", "--early_fraction=1"] if size == early else ["--early_size=0"]
    with TemporaryDirectory() as folder:
        arguments = read_arguments([*argv, *sizes, f"--output_dir={folder}"])
        set_up(arguments.training)
        trainer = make_trainer(arguments, splits)
        clock = Alternation(BareSteps(arguments, size))
        trainer.add_callback(clock)
        trainer.train()
    pictures = BLOCK * arguments.training.per_device_train_batch_size
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
