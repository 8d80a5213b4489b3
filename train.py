"""Fine-tune a pretrained ViT or ConvNeXt on FER2013 and, if asked, push it to the Hub.

    python train.py recipes/dinov2-small.yaml --data fer2013.csv [--field value ...]
    python train.py recipes/smoke.yaml

What comes out, in output_dir: `model/` (for `pipeline("image-classification")`), `report.json`, `confusion_matrix.png`,
`learning_curves.png`, and checkpoints; the same command goes on from the newest one after a stop.
"""

import os
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from datasets import Dataset, DatasetDict
from transformers import set_seed

from fer_hf.data.load import load_fer
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.environment import machine
from fer_hf.errors import FerError
from fer_hf.evaluation.calibration import Calibration, fit_calibration, fold_calibration, softmax, unsure_threshold
from fer_hf.evaluation.metrics import agreement, confusion_matrix, fer_metrics
from fer_hf.evaluation.model_metadata import read_training
from fer_hf.evaluation.plots import plot_confusion_matrix, plot_learning_curves
from fer_hf.hub.model import publish
from fer_hf.hub.upload import claim
from fer_hf.io import make_folder, sha256_of, write_json
from fer_hf.labels import LABELS
from fer_hf.training.arguments import Recipe, read_recipe
from fer_hf.training.backbone import load_backbone, make_processor, mix, save_model, see_grey
from fer_hf.training.callbacks import StopOnSignal, seconds_of
from fer_hf.training.collator import Collator
from fer_hf.training.trainer import FerTrainer, newest_checkpoint


def main(words: list[str]) -> None:
    recipe = read_recipe(words)
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    set_seed(recipe.seed)
    make_folder(recipe.output_dir)

    if recipe.push_to_hub and int(os.environ.get("RANK", "0")) == 0:
        claim(recipe.hub_model_id, "model", recipe.hub_private)  # a wrong token is to be known before hours of training
    before = read_training(Path(recipe.model)) if recipe.model else None
    splits = load_splits(recipe)
    trainer = make_trainer(recipe, splits)
    trainer.train(resume_from_checkpoint=newest_checkpoint(recipe.output_dir) if recipe.resume else None)
    if any(isinstance(each, StopOnSignal) and each.stopped for each in trainer.callback_handler.callbacks):
        trainer.accelerator.wait_for_everyone()  # one that is early would make torchrun end the others
        raise KeyboardInterrupt

    calibration, scores = finish(trainer, splits["validation"])
    if trainer.is_world_process_zero():
        save(trainer, splits["validation"], scores, calibration, before)
        if recipe.push_to_hub:
            push(trainer)


def load_splits(recipe: Recipe) -> DatasetDict:
    """The recipe's data: a source of FER2013, or drawn faces."""
    if recipe.drawn_pictures:
        return synthetic_splits(recipe.drawn_pictures)
    return load_fer(recipe.data, votes=Path(recipe.votes) if recipe.votes else None, seed=recipe.seed)


def make_trainer(recipe: Recipe, splits: DatasetDict) -> FerTrainer:
    """Model, processor, data and recipe in one trainer."""
    counts = np.bincount(splits["train"]["label"], minlength=len(LABELS))
    weights = (counts.sum() / np.maximum(1, counts)) ** recipe.class_weights
    return FerTrainer(
        load_backbone(recipe),
        recipe,
        make_processor(recipe),
        class_weights=torch.tensor(weights / weights.mean(), dtype=torch.float32) if recipe.class_weights else None,
        train_dataset=splits["train"],
        eval_dataset=splits["validation"].select_columns(["image", "label"]),
        data_collator=Collator(recipe.image_size, recipe.vote_blend),
    )


def finish(trainer: FerTrainer, validation: Dataset) -> tuple[Calibration, np.ndarray]:
    """What is done once to the trained weights: mix, calibrate, note when to be unsure, make them see grey.

    Returns the calibration, and the scores (N, 7) on validation. All processes take part: each scores a share.
    """
    if trainer.recipe.start_share:
        mix(trainer.model, load_backbone(trainer.recipe), trainer.recipe.start_share)
    logits = trainer.predict(validation.select_columns(["image", "label"])).predictions
    calibration = fit_calibration(logits, np.asarray(validation["label"]), trainer.recipe.biases)
    scores = softmax(calibration.apply(logits))
    fold_calibration(trainer.model, calibration)
    trainer.model.config.unsure_below = unsure_threshold(scores)
    see_grey(trainer.model, trainer.processor)
    return calibration, scores


def save(
    trainer: FerTrainer, validation: Dataset, scores: np.ndarray, calibration: Calibration, before: dict | None
) -> None:
    """The finished model, the report and its pictures; `before` tells how the model it started from was trained."""
    folder = Path(trainer.args.output_dir)
    save_model(trainer.model, trainer.processor, folder / "model", trainer.recipe.half_precision)
    labels = np.asarray(validation["label"])
    plot_confusion_matrix(confusion_matrix(scores, labels), folder / "confusion_matrix.png", "validation")
    plot_learning_curves(trainer.state.log_history, folder / "learning_curves.png")
    report = {
        "recipe": asdict(trainer.recipe),
        "validation": fer_metrics().compute(predictions=scores, references=labels),
        **calibration._asdict(),
        "best_step": trainer.state.best_global_step,
        "steps": trainer.state.global_step,
        "seconds": seconds_of(trainer.state),
        "machine": machine(),
        "before": before,
        "sha256": sha256_of(folder / "model" / "model.safetensors"),
        "history": trainer.state.log_history,
    }
    if "votes" in validation.column_names:
        report["ferplus"] = agreement(scores, np.asarray(validation["votes"], dtype=float))
    write_json(folder / "report.json", report)
    print(f"{folder}/model: validation accuracy {100 * report['validation']['accuracy']:.2f} %")


def push(trainer: FerTrainer) -> None:
    """Publish the finished model, with its card, in the repository that stands ready since the start."""
    recipe = trainer.recipe
    publish(Path(recipe.output_dir) / "model", recipe.hub_model_id, private=recipe.hub_private)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except FerError as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        sys.exit(130)
