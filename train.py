"""Fine-tune a pretrained ViT or ConvNeXt on FER2013 and, if asked, publish it on the Hub.

    python train.py recipes/dinov2-small.yaml --data fer2013.parquet [--name value ...]
    python train.py recipes/smoke.yaml

What comes out, in output_dir: `model/` (for `pipeline("image-classification")`), `report.json`, `confusion_matrix.png`,
`learning_curves.png`, and checkpoints; after a stop the same command continues from the newest checkpoint.
"""

import sys
from pathlib import Path

import torch
from datasets import DatasetDict
from transformers import set_seed

from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.errors import FerError, report
from fer_hf.evaluation.model_metadata import read_training
from fer_hf.heads import LabelHead
from fer_hf.hub.model import publish
from fer_hf.hub.upload import claim
from fer_hf.io import make_folder
from fer_hf.training.arguments import Arguments, DataArguments, FerTrainingArguments
from fer_hf.training.backbone import load_backbone, make_processor
from fer_hf.training.checkpoints import checkpoint_to_resume
from fer_hf.training.collator import Collator
from fer_hf.training.parsing import read_arguments
from fer_hf.training.report import write_report
from fer_hf.training.trainer import FerTrainer, balance
from fer_hf.training.two_heads import finish_two_heads, scored_columns
from fer_hf.training.weights import finish_one_head, save_model, see_grey


def main(argv: list[str]) -> None:
    arguments = read_arguments(argv)
    set_up(arguments.training)
    parent_run = read_training(Path(arguments.model.model_name_or_path)) if arguments.model.model_name_or_path else None
    splits = load_splits(arguments.data, arguments.training.seed)
    trainer = make_trainer(arguments, splits)
    trainer.train(checkpoint_to_resume(arguments.training))
    label_head, results = finish(trainer, arguments, splits)
    if trainer.is_world_process_zero():
        save(trainer, arguments, label_head, results | {"before": parent_run})
        push(arguments.training)


def set_up(arguments: FerTrainingArguments) -> None:
    """Seeds, threads, the output folder and the repository: what is wrong with these is known before hours of work."""
    set_seed(arguments.seed)
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    make_folder(arguments.output_dir)
    if arguments.push_to_hub and arguments.process_index == 0:
        claim(arguments.hub_model_id, "model", arguments.hub_private_repo)


def load_splits(arguments: DataArguments, seed: int) -> DatasetDict:
    """Train, validation and test: of a source of FER2013, or drawn faces."""
    if arguments.synthetic_faces:
        return synthetic_splits(arguments.synthetic_faces, votes=True)
    return load_fer(arguments.data, votes=Path(arguments.votes) if arguments.votes else None, seed=seed)


def make_trainer(arguments: Arguments, splits: DatasetDict) -> FerTrainer:
    """Model, image processor, data and arguments in one trainer."""
    two_heads = arguments.model.two_heads
    return FerTrainer(
        load_backbone(arguments.model, arguments.training.device),
        arguments.training,
        arguments.augmentation,
        make_processor(arguments.model),
        class_weights=balance(splits["train"]["label"], arguments.training.class_weights),
        train_dataset=splits["train"],
        eval_dataset=splits["validation"].select_columns(scored_columns(splits, two_heads)),
        data_collator=Collator(arguments.model.image_size, arguments.data.ferplus_weight, two_heads),
    )


def finish(trainer: FerTrainer, arguments: Arguments, splits: DatasetDict) -> tuple[LabelHead | None, dict]:
    """What is done once to the trained weights: calibrate, learn when to be unsure, see grey.

    Returns the label head, if there are two, and the results on validation, of which each process scores a share.
    """
    model = trainer.model
    logits = trainer.predict(trainer.eval_dataset, metric_key_prefix="eval").predictions
    if arguments.model.two_heads:
        label_head, results = finish_two_heads(model, logits, splits, arguments.training.votes_tau)
    else:
        label_head, results = None, finish_one_head(model, logits, splits["validation"], arguments.training.class_bias)
    see_grey(model, trainer.processing_class)
    return label_head, results


def save(trainer: FerTrainer, arguments: Arguments, label_head: LabelHead | None, results: dict) -> None:
    """The finished model, the report and its pictures."""
    folder, half = Path(arguments.training.output_dir), arguments.training.half_precision
    save_model(trainer.model, trainer.processing_class, folder / "model", half, label_head)
    write_report(folder, arguments, trainer.state, results)


def push(arguments: FerTrainingArguments) -> None:
    """Publish the finished model with its card, if asked, in the repository that stands ready since the start."""
    if arguments.push_to_hub:
        publish(Path(arguments.output_dir) / "model", arguments.hub_model_id, private=arguments.hub_private_repo)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FerError as error:
        report(error)
        sys.exit(1)
    except KeyboardInterrupt:
        print("stopped; the same command continues from the last checkpoint", file=sys.stderr)
        sys.exit(130)
