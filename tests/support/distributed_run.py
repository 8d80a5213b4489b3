"""One process of a training run, for test_distributed.py: trains and leaves its weights in FOLDER/rank-N.pt.

torchrun --nproc_per_node 2 tests/support/distributed_run.py FOLDER RECIPE.yaml [--name value ...]
"""

import sys
from pathlib import Path

import torch

from fer_hf.training.parsing import read_arguments
from train import load_splits, make_trainer, set_up

if __name__ == "__main__":
    folder, *argv = sys.argv[1:]
    arguments = read_arguments(argv)
    set_up(arguments.training)
    trainer = make_trainer(arguments, load_splits(arguments.data, arguments.training.seed))
    before = {name: value.clone() for name, value in trainer.model.state_dict().items()}
    trainer.train()
    result = {
        "world_size": trainer.accelerator.num_processes,
        "before": before,
        "weights": trainer.model.state_dict(),
        "average": trainer.average.module.state_dict() if trainer.average else {},
        "examples": trainer.state.global_step * trainer.args.train_batch_size * trainer.accelerator.num_processes,
    }
    torch.save(result, Path(folder) / f"rank-{trainer.args.process_index}.pt")
