"""Fine-tune a pretrained ViT or ConvNeXt on FER2013 and, if asked, publish it on the Hub.

    python train.py recipes/dinov2-small.yaml --data fer2013.csv [--name value ...]
    python train.py recipes/smoke.yaml

What comes out, in output_dir: `model/` (for `pipeline("image-classification")`), `report.json`, `confusion_matrix.png`,
`learning_curves.png`, and checkpoints; after a stop the same command continues from the newest checkpoint.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from transformers import set_seed

from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.errors import FerError, report
from fer_hf.evaluation.calibration import Calibration, fit_calibration, softmax, unsure_threshold
from fer_hf.evaluation.model_metadata import read_training
from fer_hf.hub.model import publish
from fer_hf.hub.upload import claim
from fer_hf.io import make_folder
from fer_hf.training.arguments import Arguments, DataArguments, FerTrainingArguments
from fer_hf.training.backbone import load_backbone, make_processor
from fer_hf.training.checkpoints import checkpoint_to_resume
from fer_hf.training.collator import Collator
from fer_hf.training.parsing import read_arguments
from fer_hf.training.report import score, write_report
from fer_hf.training.trainer import FerTrainer, balance
from fer_hf.training.weights import fold_calibration, interpolate, save_model, see_grey


def main(argv: list[str]) -> None:
    arguments = read_arguments(argv)
    set_up(arguments.training)
    parent_run = read_training(Path(arguments.model.model_name_or_path)) if arguments.model.model_name_or_path else None
    splits = load_splits(arguments.data, arguments.training.seed)
    trainer = make_trainer(arguments, splits)
    trainer.train(checkpoint_to_resume(arguments.training))
    calibration, scores = calibrate(trainer, arguments, splits["validation"])
    if trainer.is_world_process_zero():
        results = score(scores, splits["validation"])
        save(trainer, arguments, results | calibration._asdict() | {"before": parent_run})
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
        return synthetic_splits(arguments.synthetic_faces)
    return load_fer(arguments.data, votes=Path(arguments.votes) if arguments.votes else None, seed=seed)


def make_trainer(arguments: Arguments, splits: DatasetDict) -> FerTrainer:
    """Model, image processor, data and arguments in one trainer."""
    return FerTrainer(
        load_backbone(arguments.model, arguments.training.device),
        arguments.training,
        arguments.augmentation,
        make_processor(arguments.model),
        class_weights=balance(splits["train"]["label"], arguments.training.class_weights),
        train_dataset=splits["train"],
        eval_dataset=splits["validation"].select_columns(["image", "label"]),
        data_collator=Collator(arguments.model.image_size, arguments.data.ferplus_weight),
    )


def calibrate(trainer: FerTrainer, arguments: Arguments, validation: Dataset) -> tuple[Calibration, np.ndarray]:
    """What is done once to the trained weights: interpolate, calibrate, learn when to be unsure, see grey.

    Returns the calibration, and the scores (N, 7) on validation. All processes take part: each scores a share.
    """
    if arguments.model.wise_ft_alpha < 1:
        interpolate(trainer.model, load_backbone(arguments.model), arguments.model.wise_ft_alpha)
    logits = trainer.predict(trainer.eval_dataset, metric_key_prefix="eval").predictions
    calibration = fit_calibration(logits, np.asarray(validation["label"]), arguments.training.class_bias)
    scores = softmax(calibration.apply(logits))
    fold_calibration(trainer.model, calibration)
    trainer.model.config.unsure_below = unsure_threshold(scores)
    see_grey(trainer.model, trainer.processing_class)
    return calibration, scores


def save(trainer: FerTrainer, arguments: Arguments, results: dict) -> None:
    """The finished model, the report and its pictures."""
    folder = Path(arguments.training.output_dir)
    save_model(trainer.model, trainer.processing_class, folder / "model", arguments.training.half_precision)
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
