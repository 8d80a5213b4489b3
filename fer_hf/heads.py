"""The two heads of a model: what most people see in a face, and what FER2013's label says.

The votes head is the classifier in `model.safetensors`, so plain `pipeline("image-classification")` reads what people
see. The label head lies beside it in `label_head.safetensors`: `weight` (7, D) and `bias` (7,) in the order of the
config's labels, its temperature folded in, and its threshold `unsure_below` in the file's metadata. A model that was
trained with one head has no such file.
"""

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from fer_hf.errors import FerError, first_line

if TYPE_CHECKING:  # imported when a head is read: PyTorch takes most of a command's start
    from torch import Tensor
    from transformers import PreTrainedModel

VOTES, LABEL = HEADS = ("votes", "label")
LABEL_HEAD = "label_head.safetensors"


class LabelHead(NamedTuple):
    """A linear layer that reads FER2013's label from the features that the votes head reads."""

    weight: "Tensor"  # (7, D)
    bias: "Tensor"  # (7,)
    unsure_below: float

    def replace_classifier(self, model: "PreTrainedModel") -> None:
        """Make this head the model's classifier, and its threshold the config's.

        Raises:
            FerError: the model's classifier has another shape.
        """
        own = model.classifier.state_dict()
        shapes = {name: tuple(value.shape) for name, value in own.items()}
        found = {"weight": tuple(self.weight.shape), "bias": tuple(self.bias.shape)}
        if shapes != found:
            raise FerError("label_head_shape", LABEL_HEAD, found=found["weight"], expected=shapes.get("weight"))
        model.classifier.load_state_dict({"weight": self.weight.to(own["weight"]), "bias": self.bias.to(own["bias"])})
        model.config.unsure_below = self.unsure_below


def save_label_head(head: LabelHead, path: str | Path) -> None:
    """Write the head to a file that must be called LABEL_HEAD to be found."""
    from safetensors.torch import save_file

    tensors = {"weight": head.weight.contiguous(), "bias": head.bias.contiguous()}
    save_file(tensors, path, metadata={"unsure_below": str(head.unsure_below)})


def has_label_head(model: str) -> bool:
    """Whether a model folder or a model on the Hub has two heads."""
    try:
        load_label_head(model)
    except FerError as error:
        if error.code != "label_head_missing":
            raise
        return False
    return True


def load_label_head(model: str) -> LabelHead:
    """The label head of a model folder or of a model on the Hub.

    Raises:
        FerError: the model has none, or the file is damaged.
    """
    from safetensors import SafetensorError, safe_open
    from transformers.utils import cached_file

    try:
        path = cached_file(model, LABEL_HEAD)
    except OSError as error:  # transformers' own, for a missing file and for a Hub that cannot be reached
        raise FerError("label_head_missing", model, file=LABEL_HEAD) from error
    try:
        with safe_open(path, "pt") as file:
            threshold = float((file.metadata() or {})["unsure_below"])
            head = LabelHead(file.get_tensor("weight"), file.get_tensor("bias"), threshold)
    except (OSError, SafetensorError, KeyError, ValueError) as error:
        raise FerError("label_head_broken", f"{model}/{LABEL_HEAD}", details=first_line(error)) from error
    if not 0 <= threshold <= 1:
        raise FerError("model_threshold", f"{model}/{LABEL_HEAD}", value=threshold)
    return head
