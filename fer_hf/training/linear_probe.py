"""A linear probe: the classifier alone, fitted to the features of a backbone that stays as it is.

Fine-tuning from a fitted classifier distorts the features less than from a new one (Kumar et al., 2022). Fitted again
to the features of the trained backbone, it answers for pictures as they are and targets that are not smoothed.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from transformers import BaseImageProcessor, PreTrainedModel

from fer_hf.labels import LABELS
from fer_hf.training.arguments import TARGETS
from fer_hf.training.backbone import normalise

WEIGHT_DECAY = 3e-3
ITERATIONS = 120


def fit_classifier(
    model: PreTrainedModel, batches: Iterable[dict[str, Tensor]], processor: BaseImageProcessor, bf16: bool = False
) -> None:
    """Fit the classifier, of one head or two, to the features that the model has of these batches.

    Args:
        batches: the Collator's; the pictures are read as they are, without augmentation.
    """
    features, targets = read_features(model, batches, processor, bf16)
    fitted = logistic_regression(features, targets)
    model.classifier.load_state_dict(fitted.state_dict())


@torch.no_grad()
def read_features(
    model: PreTrainedModel, batches: Iterable[dict[str, Tensor]], processor: BaseImageProcessor, bf16: bool
) -> tuple[Tensor, Tensor]:
    """What the classifier is given for each picture, (N, D), and the targets, (N, outputs)."""
    found, targets, training = [], [], model.training
    hook = model.classifier.register_forward_pre_hook(lambda module, inputs: found.append(inputs[0].float()))
    model.eval()
    try:
        for batch in batches:
            pictures = batch["pictures"].to(model.device).float() / 255
            with torch.autocast(model.device.type, torch.bfloat16, enabled=bf16):
                model(pixel_values=normalise(pictures, processor))
            targets.append(batch[TARGETS].to(model.device))
    finally:
        hook.remove()
        model.train(training)
    return torch.cat(found), torch.cat(targets)


def logistic_regression(features: Tensor, targets: Tensor) -> nn.Linear:
    """The linear layer that minimises the cross-entropy of features (N, D) against targets (N, outputs).

    The outputs of each head have a softmax of their own.
    """
    mean = features.mean(0)
    features = features - mean
    layer = nn.Linear(features.shape[1], targets.shape[1], device=features.device)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    optimizer = torch.optim.LBFGS(layer.parameters(), max_iter=ITERATIONS, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimizer.zero_grad()
        heads = zip(layer(features).split(len(LABELS), 1), targets.split(len(LABELS), 1), strict=True)
        value = sum(nn.functional.cross_entropy(logits, target) for logits, target in heads)
        value = value + WEIGHT_DECAY / 2 * layer.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        layer.bias.sub_(layer.weight @ mean)
    return layer
