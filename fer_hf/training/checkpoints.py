"""Checkpoints of a run: which of them are whole, and loading their weights so that none is silently left out."""

from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file
from transformers import PreTrainedModel, TrainerState
from transformers.utils import SAFE_WEIGHTS_NAME

from fer_hf.errors import FerError
from fer_hf.training.arguments import FerTrainingArguments

AVERAGE = "average"  # folder in a checkpoint that holds the averaged weights
STATE = "trainer_state.json"  # the last file of a checkpoint that the Trainer writes


def checkpoint_to_resume(arguments: FerTrainingArguments) -> Path | None:
    """The checkpoint that `resume_from_checkpoint` asks for; None if the run starts anew."""
    match arguments.resume_from_checkpoint:
        case "auto":
            return newest_checkpoint(arguments.output_dir)
        case "none":
            return None
        case folder:
            return Path(folder)


def newest_checkpoint(folder: str | Path) -> Path | None:
    """The newest checkpoint in `folder` that is whole, None if there is none."""
    whole = [path.parent for path in Path(folder).glob(f"checkpoint-*/{STATE}") if is_whole(path.parent)]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def is_whole(checkpoint: Path) -> bool:
    """Whether a checkpoint was written to its end; a kill or a full disk leaves one that was not."""
    try:
        read_state(checkpoint)
    except FerError:
        return False
    return True


def read_state(checkpoint: Path) -> TrainerState:
    """How far training had come at a checkpoint.

    Raises:
        FerError: it is no checkpoint, or not a whole one.
    """
    try:
        return TrainerState.load_from_json(str(checkpoint / STATE))
    except (OSError, ValueError, TypeError) as error:
        raise FerError("checkpoint_broken", checkpoint) from error


def load_weights(model: PreTrainedModel, folder: Path) -> None:
    """Load a checkpoint's weights into `model`, all of them or none.

    Raises:
        FerError: the file is missing or broken, or is of another model.
    """
    try:
        model.load_state_dict(load_file(folder / SAFE_WEIGHTS_NAME))
    except (OSError, SafetensorError) as error:
        raise FerError("checkpoint_broken", folder) from error
    except RuntimeError as error:  # names or shapes differ
        raise FerError("checkpoint_other_model", folder) from error
