import pytest
import torch
from torch import nn

from fer_hf.errors import FerError
from fer_hf.training.arguments import FerTrainingArguments
from fer_hf.training.checkpoints import checkpoint_to_resume, load_weights, newest_checkpoint, read_state
from tests.training.test_backbone import random_model


def write_checkpoint(folder, step, **files):
    (folder / f"checkpoint-{step}").mkdir()
    for name, text in files.items():
        (folder / f"checkpoint-{step}" / name.replace("__", ".")).write_text(text)


def test_half_a_checkpoint_is_not_resumed_from(tmp_path):
    """Neither one that has no state yet, nor one whose state was cut off by a full disk."""
    write_checkpoint(tmp_path, 9, trainer_state__json="{}")
    write_checkpoint(tmp_path, 10, trainer_state__json="{}")
    write_checkpoint(tmp_path, 11, model__safetensors="{}")
    write_checkpoint(tmp_path, 12, trainer_state__json='{"global_step": 1')
    write_checkpoint(tmp_path, 13, trainer_state__json="")
    assert newest_checkpoint(tmp_path) == tmp_path / "checkpoint-10"
    assert newest_checkpoint(tmp_path / "none") is None


def test_which_checkpoint_is_resumed_from_is_an_argument(tmp_path):
    write_checkpoint(tmp_path, 3, trainer_state__json="{}")

    def chosen(value):
        return checkpoint_to_resume(
            FerTrainingArguments(output_dir=str(tmp_path), resume_from_checkpoint=value, use_cpu=True)
        )

    assert chosen("auto") == tmp_path / "checkpoint-3"
    assert chosen("none") is None
    assert chosen("runs/other/checkpoint-7").name == "checkpoint-7"


def test_a_folder_that_is_no_checkpoint_is_refused(tmp_path):
    for refused in (lambda: read_state(tmp_path), lambda: load_weights(nn.Linear(2, 2), tmp_path)):
        with pytest.raises(FerError, match="no whole checkpoint") as caught:
            refused()
        assert caught.value.code == "checkpoint_broken"


@pytest.mark.parametrize("family", ["vit", "dinov2"])
def test_weights_under_the_names_of_older_versions_are_refused_and_not_left_out(tmp_path, family):
    """As the Trainer itself saves a checkpoint of these families."""
    model = random_model(family)
    model.save_pretrained(tmp_path)
    with pytest.raises(FerError, match="another model or an earlier version") as caught:
        load_weights(model, tmp_path)
    assert caught.value.code == "checkpoint_other_model"
    model.save_pretrained(tmp_path, save_original_format=False)
    expected = {name: value.clone() for name, value in model.state_dict().items()}
    for parameter in model.parameters():
        nn.init.zeros_(parameter)
    load_weights(model, tmp_path)
    assert all(torch.equal(model.state_dict()[name], value) for name, value in expected.items())
