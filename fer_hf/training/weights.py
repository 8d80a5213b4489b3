"""What is done to a model's weights after training, so that plain `pipeline("image-classification")` is right.

Everything that cannot be set in a `pipeline` is written into the weights here: calibration,
grey sight, and half precision on disk. A `pipeline` user needs none of our code.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from torch import nn
from transformers import BaseImageProcessor, PreTrainedModel

from fer_hf.evaluation.calibration import Calibration, fit_calibration, neutral_logits, softmax, unsure_threshold
from fer_hf.evaluation.logit_adjustment import log_frequency
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.io import replacing, write_json
from fer_hf.training.report import score

LUMA = (0.299, 0.587, 0.114)  # ITU-R BT.601, what Pillow's mode "L" is made of


@torch.no_grad()
def fold_calibration(model: PreTrainedModel, calibration: Calibration) -> None:
    """Calibrate the classifier's weights for good, so that the scores of a plain `pipeline` are calibrated."""
    classifier = model.classifier
    if not isinstance(classifier, nn.Linear):
        raise TypeError(f"expected a linear classifier, got {type(classifier).__name__}")
    classifier.weight.div_(calibration.temperature)
    classifier.bias.div_(calibration.temperature).add_(torch.tensor(calibration.biases).to(classifier.bias))


def finish_one_head(
    model: PreTrainedModel, logits: np.ndarray, validation: Dataset, class_bias: float
) -> dict[str, Any]:
    """Calibrate the classifier by its logits (N, 7) on validation; what to report."""
    labels = np.asarray(validation["label"])
    calibration = fit_calibration(logits, labels, class_bias)
    scores = softmax(calibration.apply(logits))
    fold_calibration(model, calibration)
    model.config.unsure_below = unsure_threshold(scores)
    model.config.log_prior = {"votes": log_frequency(labels).round(4).tolist()}  # the biases have fitted it to these
    model.config.neutral_logits = neutral_logits(scores, labels)
    return score(scores, validation) | calibration._asdict()


@torch.no_grad()
def see_grey(model: PreTrainedModel, processor: BaseImageProcessor) -> None:
    """Make the model see the grey picture whatever colours it is given; grey pictures give the same logits as before.

    The first convolution is linear, so luma can be folded into it: with x_c = (p_c - mean_c) / std_c and grey
    g = sum(luma_c p_c), the response to (g, g, g) is sum(w_k (g - mean_k) / std_k) = sum(luma_c std_c v x_c) +
    v sum(luma_c mean_c) - sum(w_k mean_k / std_k), where v = sum(w_k / std_k).
    """
    patches = model.base_model.embeddings.patch_embeddings
    convolution = patches if isinstance(patches, nn.Conv2d) else getattr(patches, "projection", patches)
    convolution = getattr(convolution, "patch_embeddings", convolution)
    weight = convolution.weight.double()  # (out, 3, height, width)
    luma, mean, std = (
        torch.tensor(each, dtype=torch.float64, device=weight.device).view(1, 3, 1, 1)
        for each in (LUMA, processor.image_mean, processor.image_std)
    )
    grey = (weight / std).sum(1, keepdim=True)
    offset = (grey * (luma * mean).sum() - (weight * mean / std).sum(1, keepdim=True)).sum((1, 2, 3))
    convolution.weight.copy_(luma * std * grey)
    convolution.bias.add_(offset.to(convolution.bias.dtype))


def save_model(
    model: PreTrainedModel,
    processor: BaseImageProcessor,
    folder: str | Path,
    half_precision: bool = True,
    label_head: LabelHead | None = None,
) -> None:
    """Save model and processor for `pipeline` as safetensors; float16 on disk if asked, loaded as float32 again.

    A label head is saved beside them; a file of one that lay there before goes.
    """
    folder = Path(folder)
    state = {name: value.half() if half_precision else value for name, value in model.state_dict().items()}
    if "drop_path_rate" in model.config.to_dict():
        model.config.drop_path_rate = 0.0
    model.save_pretrained(folder, state_dict=state)
    processor.save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    config.pop("unsure_limits", None)  # were fitted to other weights: `python -m benchmarks.unsure`
    write_json(folder / "config.json", config | {"dtype": "float32"})
    if label_head is None:
        (folder / LABEL_HEAD).unlink(missing_ok=True)
        return
    weight, bias = (value.half() if half_precision else value for value in (label_head.weight, label_head.bias))
    with replacing(folder / LABEL_HEAD) as temporary:
        save_label_head(label_head._replace(weight=weight, bias=bias), temporary)
