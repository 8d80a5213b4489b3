import json

import pytest
from transformers import TrainingArguments

from fer_hf.errors import FerError
from fer_hf.training.arguments import FerTrainingArguments, has_bfloat16
from tests.support.run_arguments import arguments_of

RUN = {"model_name_or_path": "some/model", "data": "faces.csv"}


@pytest.mark.parametrize(
    ("values", "code", "message"),
    [
        ({"num_train_epochs": -1.0}, "argument_range", "num_train_epochs: expected 0 to 10000, got -1.0"),
        ({"learning_rate": float("nan")}, "argument_range", "learning_rate: expected 0 to 10, got nan"),
        ({"image_size": 7}, "argument_range", "image_size: expected 14 to 1024, got 7"),
        ({"flip": 2.0}, "argument_range", "flip: expected 0 to 1, got 2.0"),
        ({"ferplus_weight": 1.5}, "argument_range", "ferplus_weight: expected 0 to 1, got 1.5"),
        ({"model_name_or_path": ""}, "arguments_model", "either model_name_or_path or model_config"),
        ({"model_config": {"model_type": "vit"}}, "arguments_model", "either model_name_or_path or model_config"),
        ({"model_config": "[1]"}, "argument_no_table", r"model_config: expected a table in YAML or JSON, got \[1\]"),
        ({"data": ""}, "arguments_data", "either data"),
        ({"synthetic_faces": 7}, "arguments_data", "or synthetic_faces"),
        ({"push_to_hub": True}, "arguments_hub_model_id", "push_to_hub needs hub_model_id"),
        ({"hub_strategy": "every_save"}, "argument_fixed", "hub_strategy: train.py needs end"),
        ({"dataloader_drop_last": True}, "argument_fixed", "dataloader_drop_last: train.py needs False"),
        ({"remove_unused_columns": True}, "argument_fixed", "remove_unused_columns: train.py needs False"),
        ({"eval_strategy": "epoch"}, "arguments_refused", "requires the save and eval strategy to match"),
        ({"bf16": True, "fp16": True}, "arguments_refused", "not both"),
        ({"report_to": "paper"}, "tracker_missing", "report_to: paper is not installed or not supported; .* none"),
    ],
)
def test_what_does_not_fit_is_one_clear_line(values, code, message):
    with pytest.raises(FerError, match=message) as caught:
        arguments_of(**(RUN | values))
    assert caught.value.code == code
    assert "\n" not in str(caught.value)


def test_defaults_that_depend_on_other_arguments():
    arguments = FerTrainingArguments(
        output_dir="runs/one", per_device_train_batch_size=7, eval_steps=0.25, seed=3, use_cpu=True
    )
    assert (arguments.per_device_eval_batch_size, arguments.save_steps, arguments.data_seed) == (7, 0.25, 3)
    assert (arguments.run_name, arguments.bf16) == ("one", has_bfloat16(use_cpu=True))
    assert not FerTrainingArguments(bf16=False).bf16
    better = {each: FerTrainingArguments(metric_for_best_model=each).greater_is_better for each in ("accuracy", "nll")}
    assert better == {"accuracy": True, "nll": False}


def test_the_table_of_a_report_has_ours_and_what_differs_from_the_trainers_defaults():
    table = arguments_of(**RUN, adam_beta2=0.95, hub_token="hf_secret", use_cpu=True).as_table()
    assert (table["layer_decay"], table["flip"], table["data"]) == (0.75, 0.5, "faces.csv")
    assert table["adam_beta2"] == 0.95
    assert "adam_beta1" not in table
    assert "secret" not in json.dumps(table)
    assert "hub_token" not in table


OURS = {"early_size", "early_fraction", "head_lr_multiplier", "layer_decay", "class_weights", "ema_decay"}
OURS |= {"early_stopping_patience", "class_bias", "half_precision", "threads"}
OURS |= {"votes_loss_weight", "label_loss_weight", "votes_tau", "checkpoint_minutes", "patch_drop_fraction"}
OURS |= {"linear_probe", "refit_classifier"}


def test_all_other_arguments_are_the_trainers():
    """A new version of transformers that renames one must not go unnoticed: our default would have no effect."""
    assert FerTrainingArguments.__annotations__.keys() - TrainingArguments.__dataclass_fields__.keys() == OURS
