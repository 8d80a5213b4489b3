"""The report of a finished run: `report.json`, its confusion matrix and its learning curves."""

from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from transformers import TrainerState

from fer_hf.environment import machine
from fer_hf.evaluation.metrics import agreement, confusion_matrix, fer_metrics
from fer_hf.evaluation.plots import plot_confusion_matrix, plot_learning_curves
from fer_hf.io import sha256_of, write_json
from fer_hf.training.arguments import Arguments
from fer_hf.training.callbacks import seconds_of


def score(scores: np.ndarray, validation: Dataset) -> dict[str, Any]:
    """Metrics of the finished model's scores (N, 7), with the agreement with FER+ if there are votes."""
    labels = np.asarray(validation["label"])
    results = {
        "validation": fer_metrics().compute(predictions=scores, references=labels),
        "confusion_matrix": confusion_matrix(scores, labels).tolist(),
    }
    if "votes" in validation.column_names:
        results["ferplus"] = agreement(scores, np.asarray(validation["votes"], dtype=float))
    return results


def write_report(folder: Path, arguments: Arguments, state: TrainerState, results: dict[str, Any]) -> None:
    """Write the report of the model in `folder`/model: how it was trained, and what came out."""
    plot_confusion_matrix(np.asarray(results["confusion_matrix"]), folder / "confusion_matrix.png", "validation")
    plot_learning_curves(state.log_history, folder / "learning_curves.png")
    report = {
        "recipe": arguments.as_table(),
        **results,
        "best_step": state.best_global_step,
        "steps": state.global_step,
        "evaluations": sum("eval_loss" in entry for entry in state.log_history),
        "seconds": seconds_of(state),
        "machine": machine(),
        "sha256": sha256_of(folder / "model" / "model.safetensors"),
        "history": state.log_history,
    }
    write_json(folder / "report.json", report)
    print(f"{folder}/model: validation accuracy {100 * results['validation']['accuracy']:.2f} %")
