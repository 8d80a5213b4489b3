import json
import subprocess
import sys
from pathlib import Path

import pytest

from fer_hf.errors import FerError
from fer_hf.training.parsing import read_arguments

TRAIN = Path(__file__).parents[2] / "train.py"


@pytest.fixture
def recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("model_name_or_path: some/model\ndata: faces.csv\nnum_train_epochs: 3\nlearning_rate: 1e-4\n")
    return str(path)


def test_the_command_line_overrides_the_recipe(recipe):
    argv = ["--num_train_epochs", "1.5", "--ema_decay=0.9", "--use_cpu", "--data", "other.csv", "--max_steps", "-1"]
    arguments = read_arguments([recipe, *argv])
    training = arguments.training
    assert (training.num_train_epochs, training.ema_decay, training.use_cpu) == (1.5, 0.9, True)
    assert training.learning_rate == 1e-4  # YAML reads it as text
    assert arguments.data.data == "other.csv"
    assert arguments.model.image_size == 112  # a default


def test_every_argument_of_the_trainer_works(recipe):
    argv = ["--optim", "sgd", "--lr-scheduler-type", "linear", "--dataloader_num_workers", "2", "--bf16", "false"]
    argv += ["--torch_compile", "--report_to", "none", "--no_load_best_model_at_end", "--weight_decay", "1e-3"]
    training = read_arguments([recipe, *argv]).training
    assert (training.optim, training.lr_scheduler_type) == ("sgd", "linear")
    assert (training.dataloader_num_workers, training.bf16, training.torch_compile) == (2, False, True)
    assert (training.load_best_model_at_end, training.report_to, training.weight_decay) == (False, [], 1e-3)


def test_tables_and_lists_are_read_from_yaml_and_json(tmp_path):
    path = tmp_path / "recipe.yaml"
    table = {"model_type": "vit", "hidden_size": 32}
    path.write_text(
        json.dumps({"model_config": table, "synthetic_faces": 7, "label_names": ["targets"], "votes": None})
    )
    assert read_arguments([str(path)]).model.model_config == table
    argv = ["--model_config", '{"model_type": "deit"}', "--lr_scheduler_kwargs", '{"num_cycles": 0.4}']
    arguments = read_arguments([str(path), *argv])
    assert arguments.model.model_config == {"model_type": "deit"}
    assert arguments.training.lr_scheduler_kwargs == {"num_cycles": 0.4}


def test_no_recipe_is_needed():
    arguments = read_arguments(["--model_name_or_path", "some/model", "--data", "faces.csv"])
    assert arguments.model.model_name_or_path == "some/model"


@pytest.mark.parametrize(
    ("argv", "code", "message"),
    [
        (["--learnin_rate", "1"], "argument_unknown", "learnin_rate is no argument of train.py; .*is learning_rate"),
        (["--learning-rat=1"], "argument_unknown", "the nearest is learning_rate"),
        (["--num_train", "1"], "argument_unknown", "num_train is no argument"),  # no abbreviations
        (["--num_train_epochs", "many"], "argument_refused", "num_train_epochs: invalid float value: 'many'"),
        (["--per_device_train_batch_size", "1.5"], "argument_refused", "train_batch_size: invalid int value: '1.5'"),
        (["--use_cpu", "2"], "argument_refused", "use_cpu: Truthy value expected: got 2"),
        (["--metric_for_best_model", "luck"], "argument_refused", "model: invalid choice: 'luck' .*accuracy"),
        (["--lr_scheduler_type", "wavy"], "argument_refused", "lr_scheduler_type: invalid choice: 'wavy'"),
        (["--output_dir"], "argument_refused", "output_dir: expected one argument"),
        (["num_train_epochs", "3"], "argument_stray", "num_train_epochs: expected --name value"),
        (["--label_smoothing_factor", "0.95"], "argument_range", "label_smoothing_factor: expected 0 to 0.9, got 0.95"),
    ],
)
def test_a_wrong_word_is_one_clear_line(recipe, capfd, argv, code, message):
    with pytest.raises(FerError, match=message) as caught:
        read_arguments([recipe, *argv])
    assert caught.value.code == code
    assert "\n" not in str(caught.value)
    assert "usage" not in "".join(capfd.readouterr())


def test_a_wrong_name_in_a_recipe_is_told_with_its_file(recipe):
    Path(recipe).write_text("model_name_or_path: a\ndata: b\nepochs: 3\n")
    with pytest.raises(FerError, match=r"recipe\.yaml: epochs is no argument of train.py; the nearest is ") as caught:
        read_arguments([recipe])
    assert caught.value.code == "argument_unknown"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- a\n- b\n", "recipe_no_table"),
        ("1: 2", "recipe_no_table"),
        ("words", "recipe_no_table"),
        ("", "recipe_no_table"),
        ("a: [", "recipe_not_yaml"),
        ("\x00", "recipe_not_yaml"),
    ],
)
def test_a_file_that_is_no_recipe(tmp_path, text, code):
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(FerError, match=r"broken\.yaml") as caught:
        read_arguments([str(path)])
    assert caught.value.code == code


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FerError, match="cannot be read") as caught:
        read_arguments([str(tmp_path / "none.yaml")])
    assert caught.value.code == "file_unreadable"


def test_help_lists_every_argument_in_groups():
    done = subprocess.run([sys.executable, TRAIN, "--help"], capture_output=True, text=True, check=True, timeout=120)
    groups = [line for line in done.stdout.splitlines() if line in ("model:", "data:", "augmentation:", "training:")]
    assert groups == ["model:", "data:", "augmentation:", "training:"]
    for name in ("model_config", "ferplus_weight", "color_jitter", "head_lr_multiplier", "torch_compile", "report_to"):
        assert f"--{name}" in done.stdout
