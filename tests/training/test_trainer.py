"""The trainer on tiny random models and drawn faces: exact resume, the right best weights, a clean stop."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModelForImageClassification, TrainerCallback

from fer_hf.data.synthetic import synthetic_splits
from fer_hf.errors import FerError
from fer_hf.training.callbacks import seconds_of
from fer_hf.training.checkpoints import AVERAGE, newest_checkpoint
from fer_hf.training.collator import Collator
from fer_hf.training.trainer import balance
from tests.support.made_sources import pixels, write_csv, write_votes
from tests.support.run_arguments import arguments_of
from train import load_splits, main, make_trainer

ROOT = Path(__file__).parents[2]
TOKENS = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2, "image_size": 28, "patch_size": 14}
CONFIGS = {
    "dinov2": {"model_type": "dinov2", "mlp_ratio": 2, **TOKENS},
    "vit": {"model_type": "vit", "intermediate_size": 32, **TOKENS},
    "convnext": {"model_type": "convnext", "hidden_sizes": [8, 8, 16, 16], "depths": [1, 1, 1, 1]},
}


def arguments_in(folder, family="dinov2", **values):
    common = {
        "model_config": CONFIGS[family],
        "synthetic_faces": 28,
        "image_size": 32 if family == "convnext" else 28,
        "per_device_train_batch_size": 4,
        "max_steps": 10,
        "eval_steps": 0.2,
        "learning_rate": 3e-2,
        "warmup_steps": 0.0,
        "erasing": 0.5,
        "mixup": 0.4,
        "drop_path_rate": 0.2 if family != "vit" else 0.0,
        "ema_decay": 0.7,
        "bf16": False,
        "use_cpu": True,
        "output_dir": str(folder),
    }
    return arguments_of(**(common | values))


def trainer_of(arguments, callbacks=()):
    torch.manual_seed(arguments.training.seed)
    trainer = make_trainer(arguments, load_splits(arguments.data, seed=0))
    for callback in callbacks:
        trainer.add_callback(callback)
    return trainer


class StopAfter(TrainerCallback):
    """What a kill leaves behind: the run is over after a step, the last checkpoint lies some steps back."""

    def __init__(self, step):
        self.step = step

    def on_step_end(self, args, state, control, **named):
        control.should_training_stop = state.global_step == self.step


def weights_of(model):
    return {name: value.clone() for name, value in model.state_dict().items()}


def assert_same(one, other):
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("family", CONFIGS)
def test_a_run_stopped_in_mid_epoch_and_resumed_is_bitwise_the_same(tmp_path, family):
    whole = trainer_of(arguments_in(tmp_path / "whole", family))
    whole.train()
    arguments = arguments_in(tmp_path / "parts", family)
    trainer_of(arguments, [StopAfter(5)]).train()  # seven steps an epoch, a checkpoint every two: step 5 is lost
    resumed = trainer_of(arguments)
    assert newest_checkpoint(arguments.training.output_dir).name == "checkpoint-4"
    resumed.train(resume_from_checkpoint=newest_checkpoint(arguments.training.output_dir))
    assert_same(weights_of(whole.model), weights_of(resumed.model))
    assert_same(weights_of(whole.average.module), weights_of(resumed.average.module))
    assert (whole.state.best_metric, whole.state.best_global_step) == (
        resumed.state.best_metric,
        resumed.state.best_global_step,
    )
    last = [each.optimizer.state_dict()["state"] for each in (whole, resumed)]
    assert all(torch.equal(last[0][key]["exp_avg"], last[1][key]["exp_avg"]) for key in last[0])
    assert whole.lr_scheduler.state_dict()["last_epoch"] == resumed.lr_scheduler.state_dict()["last_epoch"] == 10
    assert [log for log in whole.state.log_history if "eval_nll" in log][-1]["eval_nll"] == [
        log for log in resumed.state.log_history if "eval_nll" in log
    ][-1]["eval_nll"]


@pytest.mark.parametrize("family", CONFIGS)
@pytest.mark.parametrize("ema", [0.0, 0.7])
def test_the_best_weights_come_back_when_the_best_step_is_not_the_last(tmp_path, family, ema):
    class Spoil(TrainerCallback):
        """Ruins the weights after step 4, so that every later evaluation is worse."""

        def on_step_end(self, args, state, control, model, **named):
            if state.global_step > 4:
                with torch.no_grad():
                    model.classifier.weight.fill_(0)
                    model.classifier.bias.copy_(torch.tensor([50.0, 0, 0, 0, 0, 0, 0]))

    arguments = arguments_in(tmp_path, family, ema_decay=ema, metric_for_best_model="nll", learning_rate=1e-4)
    trainer = trainer_of(arguments, [Spoil()])
    trainer.train()
    scored = {log["step"]: log["eval_nll"] for log in trainer.state.log_history if "eval_nll" in log}
    assert trainer.state.best_global_step in (2, 4)
    assert scored[10] > scored[trainer.state.best_global_step] + 1
    again = trainer.evaluate()
    assert again["eval_nll"] == pytest.approx(min(scored.values()), abs=1e-6)
    folder = Path(trainer.state.best_model_checkpoint)
    saved = AutoModelForImageClassification.from_pretrained(folder / AVERAGE if ema else folder)
    assert_same(weights_of(trainer.model), weights_of(saved))


def test_early_stopping_stops(tmp_path):
    arguments = arguments_in(tmp_path, learning_rate=0.0, early_stopping_patience=1, ema_decay=0.0, mixup=0.0)
    trainer = trainer_of(arguments)
    trainer.train()
    assert trainer.state.global_step < 10


class NoStep(TrainerCallback):
    """Fails if anything is trained."""

    def on_step_begin(self, args, state, control, **named):
        raise AssertionError("a finished run trains on")


@pytest.mark.parametrize(
    "fields", [{"max_steps": 9}, {"max_steps": 7}, {"early_stopping_patience": 1, "learning_rate": 0.0}]
)
def test_a_finished_run_goes_straight_to_the_finish(tmp_path, fields):
    """Stopped in mid-epoch, at an epoch's end (seven steps), and by early stopping."""
    arguments = arguments_in(tmp_path, **({"ema_decay": 0.0, "mixup": 0.0, "metric_for_best_model": "nll"} | fields))
    first, again = trainer_of(arguments), trainer_of(arguments, [NoStep()])
    first.train()
    again.train(resume_from_checkpoint=newest_checkpoint(tmp_path))
    assert again.state.global_step == first.state.global_step <= 9
    assert again.state.best_global_step == first.state.best_global_step
    assert seconds_of(again.state) == seconds_of(first.state) > 0
    assert_same(weights_of(first.model), weights_of(again.model))


def test_patience_is_not_given_anew_after_a_stop(tmp_path):
    fields = {"learning_rate": 0.0, "early_stopping_patience": 3, "ema_decay": 0.0, "mixup": 0.0}
    whole = trainer_of(arguments_in(tmp_path / "whole", **fields))
    whole.train()
    arguments = arguments_in(tmp_path / "parts", **fields)
    trainer_of(arguments, [StopAfter(6)]).train()
    resumed = trainer_of(arguments)
    resumed.train(resume_from_checkpoint=newest_checkpoint(arguments.training.output_dir))
    assert resumed.state.global_step == whole.state.global_step == 8


def test_the_time_of_all_parts_is_added(tmp_path):
    arguments = arguments_in(tmp_path, max_steps=4, eval_steps=0.5)
    trainer_of(arguments, [StopAfter(2)]).train()
    file = newest_checkpoint(tmp_path) / "trainer_state.json"
    state = json.loads(file.read_text())
    assert 0 < state["log_history"][-1]["seconds"] < 600
    state["log_history"][-1]["seconds"] = 1000.0
    file.write_text(json.dumps(state))
    resumed = trainer_of(arguments)
    resumed.train(resume_from_checkpoint=file.parent)
    assert 1000 < seconds_of(resumed.state) < 1600


def test_the_time_of_a_run_whose_first_part_noted_none_is_not_known(tmp_path):
    arguments = arguments_in(tmp_path, max_steps=4, eval_steps=0.5)
    trainer_of(arguments, [StopAfter(2)]).train()
    file = newest_checkpoint(tmp_path) / "trainer_state.json"
    state = json.loads(file.read_text())
    state["log_history"] = [{key: entry[key] for key in entry if key != "seconds"} for entry in state["log_history"]]
    file.write_text(json.dumps(state))
    resumed = trainer_of(arguments)
    resumed.train(resume_from_checkpoint=file.parent)
    assert seconds_of(resumed.state) is None


def test_evaluation_scores_the_averaged_weights_and_puts_the_own_back(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path, max_steps=4, eval_steps=0.5))
    trainer.train()
    trainer.is_in_train = True
    own = weights_of(trainer.model)
    for parameter in trainer.average.module.parameters():
        parameter.data.fill_(0)
    assert trainer.evaluate()["eval_nll"] == pytest.approx(np.log(7), abs=1e-5)
    assert_same(own, weights_of(trainer.model))


def test_an_early_picture_size_changes_at_its_step(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path, image_size=42, early_size=28, early_fraction=0.5, max_steps=4))
    trainer.state.max_steps = 4
    sizes = []
    for step in range(4):
        trainer.state.global_step = step
        sizes.append(trainer.at_early_size(torch.rand(2, 1, 42, 42)).shape[-1])
    assert sizes == [28, 28, 42, 42]


def test_the_last_part_of_a_run_sees_whole_pictures(tmp_path):
    arguments = arguments_in(tmp_path, image_size=56, patch_drop_rate=0.5, patch_drop_fraction=0.5)
    trainer = trainer_of(arguments)
    trainer.state.max_steps, tokens = 4, []
    trainer.model.train()
    first_layer = trainer.model.base_model.encoder.layer[0]
    first_layer.register_forward_pre_hook(lambda module, given: tokens.append(given[0].shape[1]))
    batch = Collator(56)([synthetic_splits(7)["train"][1]] * 2)
    for step in range(4):
        trainer.state.global_step = step
        trainer.compute_loss(trainer.model, batch)
    assert tokens == [1 + 8, 1 + 8, 1 + 16, 1 + 16]


def test_class_weights_raise_the_loss_of_rare_classes(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path, mixup=0.0))
    batch = Collator(28)([synthetic_splits(7)["train"][1]] * 4 + [synthetic_splits(7)["train"][3]] * 4)
    trainer.model.train()
    torch.nn.init.zeros_(trainer.model.classifier.weight)
    trainer.model.classifier.bias.data = torch.tensor([0.0, -3, 0, 3, 0, 0, 0])
    plain = trainer.compute_loss(trainer.model, batch)
    trainer.class_weights = torch.tensor([1.0, 10, 1, 1, 1, 1, 1])
    assert trainer.compute_loss(trainer.model, batch) > plain


def test_class_weights_are_a_power_of_the_inverse_frequency():
    weights = balance([0] * 4 + [1], 0.5)
    assert weights[1] / weights[0] == pytest.approx(2)
    assert weights.mean() == pytest.approx(1)
    assert balance([0, 1], 0) is None


def test_an_early_size_is_refused_where_the_model_takes_one_size(tmp_path):
    with pytest.raises(FerError, match="early_size: a vit takes pictures of one size only") as caught:
        trainer_of(arguments_in(tmp_path, "vit", early_size=28, image_size=42))
    assert caught.value.code == "early_size_family"


def test_a_checkpoint_of_another_model_is_refused_before_training(tmp_path):
    trainer_of(arguments_in(tmp_path, max_steps=2)).train()
    other = trainer_of(arguments_in(tmp_path, "vit"), [NoStep()])
    with pytest.raises(FerError) as caught:
        other.train(resume_from_checkpoint=newest_checkpoint(tmp_path))
    assert caught.value.code == "checkpoint_other_model"


@pytest.mark.parametrize("ema", [0.0, 0.7])
def test_without_the_best_checkpoint_the_last_weights_are_kept(tmp_path, ema):
    trainer = trainer_of(arguments_in(tmp_path, load_best_model_at_end=False, ema_decay=ema, max_steps=4))
    trainer.train()
    folder = newest_checkpoint(tmp_path)
    saved = AutoModelForImageClassification.from_pretrained(folder / AVERAGE if ema else folder)
    assert_same(weights_of(trainer.model), weights_of(saved))


@pytest.mark.parametrize(
    "values",
    [
        {"optim": "sgd", "lr_scheduler_type": "linear"},
        {"dataloader_num_workers": 2, "gradient_accumulation_steps": 2},
        {"torch_compile": True, "torch_compile_backend": "eager"},
        {"eval_strategy": "epoch", "save_strategy": "epoch"},
        {"save_strategy": "best"},
    ],
    ids="-".join,
)
def test_arguments_of_the_trainer_reach_it(tmp_path, values):
    trainer = trainer_of(arguments_in(tmp_path, max_steps=8, drop_path_rate=0.0, **values))
    before = weights_of(trainer.model)
    trainer.train()
    assert trainer.state.global_step == 8
    assert not torch.equal(before["classifier.weight"], trainer.model.classifier.weight)
    assert isinstance(trainer.optimizer.optimizer, torch.optim.SGD if "optim" in values else torch.optim.AdamW)


@pytest.mark.slow
def test_metrics_go_to_trackios_local_store(tmp_path):
    pytest.importorskip("trackio")
    words = ["recipes/smoke.yaml", "--output_dir", str(tmp_path / "run"), "--report_to", "trackio"]
    answer = train(words, TRACKIO_DIR=str(tmp_path / "trackio"))
    assert answer.returncode == 0, answer.stderr
    with closing(sqlite3.connect(tmp_path / "trackio" / "fer-hf.db")) as store:
        rows = store.execute("select run_name, metrics from metrics").fetchall()
    assert {name for name, _ in rows} == {"run"}
    accuracy = [json.loads(metrics).get("eval/accuracy") for _, metrics in rows]
    assert any(value is not None and 0 <= value <= 1 for value in accuracy)


@pytest.mark.slow
def test_the_smoke_recipe_trains_without_a_network(tmp_path):
    answer = train(["recipes/smoke.yaml", "--output_dir", str(tmp_path)])
    assert answer.returncode == 0, answer.stderr
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["steps"] == 1
    assert 0 <= report["validation"]["accuracy"] <= 1
    assert (tmp_path / "confusion_matrix.png").exists()
    assert (tmp_path / "learning_curves.png").exists()
    files = {path.name for path in (tmp_path / "model").iterdir()}
    assert files == {"config.json", "model.safetensors", "preprocessor_config.json"}
    assert 1 / 7 <= json.loads((tmp_path / "model" / "config.json").read_text())["unsure_below"] <= 1


def test_the_report_has_the_agreement_with_ferplus_where_votes_are_known(tmp_path):
    usages = ["Training"] * 10 + ["PublicTest"] * 10 + ["PrivateTest"] * 10
    data = write_csv(tmp_path / "fer.csv", [(i % 7, pixels(i), usage) for i, usage in enumerate(usages)])
    votes = write_votes(tmp_path / "votes.csv", usages)
    words = [f"--data={data}", f"--votes={votes}", "--synthetic_faces=0", f"--output_dir={tmp_path / 'run'}"]
    main(["recipes/smoke.yaml", *words])
    found = json.loads((tmp_path / "run" / "report.json").read_text())["ferplus"]
    assert found["n"] == 4  # six to nine of ten votes for neutral
    assert found["accuracy"] in (0, 0.25, 0.5, 0.75, 1)


@pytest.mark.slow
def test_ctrl_c_leaves_a_checkpoint_that_goes_on(tmp_path):
    run, log = tmp_path / "run", tmp_path / "log"
    words = ["recipes/smoke.yaml", "--output_dir", str(run), "--resume_from_checkpoint=auto", "--max_steps"]
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "train.py", *words, "100000"], cwd=ROOT, env=offline(), stderr=stderr
        )
        wait_for(lambda: process.poll() is not None or "2/100000" in log.read_text())
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=120) == 130
    assert "the same command continues from the last checkpoint" in log.read_text()
    assert "Traceback" not in log.read_text()
    step = int(newest_checkpoint(run).name.rpartition("-")[2])
    answer = train([*words, str(step + 1)])
    assert answer.returncode == 0, answer.stderr
    assert json.loads((run / "report.json").read_text())["steps"] == step + 1
    assert load_file(run / "model" / "model.safetensors")


def test_a_wrong_field_is_one_line_and_an_exit_code(tmp_path):
    answer = train(["recipes/smoke.yaml", "--num_train_epoch", "3", "--output_dir", str(tmp_path)])
    assert answer.returncode == 1
    assert (
        answer.stderr.strip().splitlines()[-1]
        == "error: num_train_epoch is no argument of train.py; the nearest is num_train_epochs"
    )
    assert "Traceback" not in answer.stderr


def test_an_output_that_cannot_be_written_is_known_before_the_work(tmp_path):
    (tmp_path / "file").write_text("")
    answer = train(["recipes/smoke.yaml", "--output_dir", str(tmp_path / "file" / "run")])
    assert answer.returncode == 1
    assert "cannot be written" in answer.stderr.strip().splitlines()[-1]
    assert "Traceback" not in answer.stderr


def test_a_disk_that_fills_up_is_one_clear_line(tmp_path):
    trainer = trainer_of(arguments_in(tmp_path))
    full = tmp_path / "checkpoint-2" / "optimizer.pt"
    full.parent.mkdir()
    full.symlink_to("/dev/full")
    with pytest.raises(FerError, match="the checkpoint cannot be written") as caught:
        trainer.train()
    assert caught.value.code == "checkpoint_unwritable"
    assert newest_checkpoint(tmp_path) is None


def offline():
    return os.environ | {"HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}


def train(words, **environment):
    command, environment = [sys.executable, "train.py", *words], offline() | environment
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def wait_for(condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
