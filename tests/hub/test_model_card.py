"""The model card: the whole text for known numbers, and what it refuses."""

import json
import re
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import ModelCard
from safetensors.numpy import save_file

from fer_hf.__main__ import main
from fer_hf.errors import FerError
from fer_hf.evaluation import model_metadata
from fer_hf.hub.model_card import card_files
from fer_hf.labels import LABELS

SHIPPED = Path(__file__).parents[2] / "models" / "fer-dinov2-small"
EXPECTED = Path(__file__).with_name("expected_card.md")


def part(n, accuracy):
    per_class = {label: {"n": n // 7, "precision": 0.5, "recall": 0.25, "f1": accuracy / 2} for label in LABELS}
    scores = {"accuracy": accuracy, "macro_f1": accuracy - 0.02, "ece": 0.031, "nll": 0.98765, "brier": 0.41}
    scores["coverage_80"] = 0.8
    interval = {name: [value - 0.015, value + 0.015] for name, value in scores.items()}
    return {"n": n, **scores, "ece_floor": 0.0171, "interval_95": interval, "per_class": per_class}


@pytest.fixture
def model(tmp_path):
    """A model's folder without a model that runs: the card needs none."""
    folder = tmp_path / "run" / "model"
    folder.mkdir(parents=True)
    save_file({"classifier.weight": np.zeros((7, 384), np.float16)}, folder / "model.safetensors")
    (folder / "preprocessor_config.json").write_text(json.dumps({"size": {"height": 112, "width": 112}}))
    (folder / "config.json").write_text(json.dumps({"unsure_below": 0.4375}))
    return folder


@pytest.fixture
def measured(model):
    """The same folder with everything measured."""
    weights = sha256((model / "model.safetensors").read_bytes()).hexdigest()
    common = {
        "sha256": weights,
        "split": "test",
        "private_test": True,
        "whole": part(3589, 0.7),
        "clean": part(3301, 0.69),
    }
    command = "python -m fer_hf evaluate --model models/fer --data fer2013.parquet --output eval_results.json"
    ferplus = {"n": 2720, "accuracy": 0.81, "interval_95": {"accuracy": [0.796, 0.824]}}
    write(model / "eval_results.json", common | {"views": 1, "command": command, "ferplus": ferplus})
    write(model / "eval_results_10_views.json", common | {"views": 10, "command": f"{command} --views 10"})
    (model / "eval_results.png").write_bytes(b"a picture")
    (model / "eval_results_reliability.png").write_bytes(b"a picture")
    recipe = {
        "model": "facebook/dinov2-small",
        "model_config": {},
        "data": "/home/me/fer2013.parquet",
        "drawn_pictures": 0,
    }
    recipe |= {
        "image_size": 112,
        "learning_rate": 2e-4,
        "mixup": 0.0,
        "best_by": "accuracy",
        "start_share": 0.5,
        "output_dir": "/home/me/run",
        "threads": 2,
    }
    report = {
        "recipe": recipe,
        "validation": {"accuracy": 0.68},
        "temperature": 1.25,
        "biases": [0.1] * 7,
        "best_step": 2000,
        "steps": 2407,
        "machine": "2 cores of an AMD EPYC",
    }
    write(model.parent / "report.json", report | {"seconds": 5432.1, "history": []})
    strengths = [{"strength": s, "accuracy": 0.6, "kept": kept} for s, kept in ((8, 0.97), (16, 0.91), (32, 0.7))]
    table = {"clean": {"accuracy": 0.68}, "corruptions": {"noise": {"unit": "grey levels", "strengths": strengths}}}
    write(
        model / "corruptions.json",
        table | {"sha256": weights, "split": "validation", "faces": 1000},
    )
    write(model / "test_evaluations.json", [{"sha256": "another"}, {"sha256": weights}])
    return model


def write(path, value):
    path.write_text(json.dumps(value))


def text_of(folder, name="user/fer-test"):
    return card_files(folder, name)["README.md"].decode()


def test_the_whole_card(measured):
    text = text_of(measured)
    assert text == EXPECTED.read_text(encoding="utf-8"), "read the new card; if it is right, it is the expected one"


def test_its_metadata_is_what_the_hub_reads(measured):
    card = ModelCard(text_of(measured))
    data = card.data
    assert (data.license, data.license_name, data.license_link) == ("other", "research-use", "LICENSE.md")
    assert (data.library_name, data.pipeline_tag) == ("transformers", "image-classification")
    assert (data.base_model, data.datasets) == ("facebook/dinov2-small", ["fer2013"])
    values = {(r.dataset_config, r.metric_type): r.metric_value for r in data.eval_results}
    assert len(values) == len(data.eval_results) == 12
    assert values["clean, 10 views", "accuracy"] == 0.69
    assert values["whole, one view", "ece"] == 0.031


@pytest.fixture
def two_headed(measured):
    """The measured model with a label head: 89 % on what most people see, 71 % on the label."""
    majority = part(2720, 0.89) | {"six_class_f1": 0.84}
    majority["interval_95"]["six_class_f1"] = [0.82, 0.86]
    (measured / "eval_results_10_views.json").unlink()
    results = json.loads((measured / "eval_results.json").read_text())
    votes = {"head": "votes", "truth": "ferplus", "ferplus": majority, "whole": part(3589, 0.6)}
    write(measured / "eval_results.json", results | votes)
    label = {"head": "label", "truth": "label", "ferplus": part(2720, 0.74), "whole": part(3589, 0.71)}
    write(measured / "eval_results_label.json", results | label)
    save_file({"weight": np.zeros((7, 384), np.float16)}, measured / "label_head.safetensors")
    report = json.loads((measured.parent / "report.json").read_text()) | {"validation": {"accuracy": 0.6}}
    heads = {"ferplus": {"accuracy": 0.88}, "label_head": {"validation": {"accuracy": 0.69}}}
    write(measured.parent / "report.json", report | heads)
    return measured


def test_every_number_of_two_heads_says_whose_it_is(two_headed):
    text = text_of(two_headed)
    assert "It has two heads on one backbone" in text and "contempt" in text
    assert "| votes | FER2013's PrivateTest, FER+ majority | one view | 2,720 | 89.0 %" in text
    assert "| label | FER2013's PrivateTest, whole | one view | 3,589 | 71.0 %" in text
    assert "| label | FER2013's PrivateTest, clean |" in text
    assert "60.0 %" not in text  # what the votes head has on the label, which it was not trained to tell
    assert "2,720 faces, votes head, one view, F1 of the six expressions without disgust 84.0 %" in text
    assert "The votes head against the FER+ majority" in text
    training = text[text.index("## Training") :]
    assert "88.0 % against the FER+ majority (votes head), 69.0 % against FER2013's label (label head)" in training
    values = {(r.dataset_config, r.metric_type): r.metric_value for r in ModelCard(text).data.eval_results}
    assert values["FER+ majority, one view", "accuracy"] == 0.89
    assert values["whole, one view", "accuracy"] == 0.71


def test_no_folder_of_the_machine_is_told(measured):
    files = card_files(measured, "user/fer-test")
    training = json.loads(files["training.json"])
    assert training["data"] == "fer2013.parquet"
    assert not re.search("/home/|/run", files["README.md"].decode() + json.dumps(training))


@pytest.fixture
def trained_on(measured, tmp_path):
    """The measured model, as if it had been trained on from an earlier one in another folder of this machine."""
    first = tmp_path / "first"
    first.mkdir()
    save_file({"classifier.weight": np.ones((7, 384), np.float16)}, first / "model.safetensors")
    report = json.loads((measured.parent / "report.json").read_text())
    write(tmp_path / "report.json", report | {"steps": 1000, "seconds": None})
    (first / "training.json").write_bytes(card_files_of_training(first, tmp_path / "report.json"))
    (tmp_path / "report.json").unlink()
    recipe = report["recipe"] | {"model": str(first), "learning_rate": 1e-4}
    write(measured.parent / "report.json", report | {"recipe": recipe})
    return measured, first


def card_files_of_training(folder, report):
    return json.dumps(model_metadata.read_training(folder, report=report)).encode()


def test_a_model_that_was_trained_on_tells_both_parts(trained_on):
    model, first = trained_on
    files = card_files(model, "user/fer-test")
    text = files["README.md"].decode()
    assert ModelCard(text).data.base_model == "facebook/dinov2-small"
    assert "In 2 parts" in text
    assert re.search(r"\*\*Part 1\.\*\* 1,000 .*Time: not known.*learning_rate: 0.0002", text, re.DOTALL)
    assert re.search(r"\*\*Part 2\.\*\* 2,407 .*Time: 1 h 31 min.*learning_rate: 0.0001", text, re.DOTALL)
    assert not re.search("/home/|/run|/first", text + files["training.json"].decode())
    (model / "training.json").write_bytes(files["training.json"])
    (model.parent / "report.json").unlink()
    (first / "training.json").unlink()
    assert card_files(model, "user/fer-test") == files, "what stands with the model is not enough"


def test_a_report_that_tells_of_the_earlier_model_is_believed(trained_on):
    """train.py notes it, for the folder may hold another model by now."""
    model, first = trained_on
    before = json.loads((first / "training.json").read_text())
    report = json.loads((model.parent / "report.json").read_text())
    write(model.parent / "report.json", report | {"before": before})
    write(first / "training.json", before | {"steps": 77, "base_model": "another/one"})
    assert "**Part 1.** 1,000 " in text_of(model)
    write(model.parent / "report.json", report | {"before": None})
    assert "Part 1" not in text_of(model)


@pytest.mark.parametrize("name", ["training.json", "report.json"])
def test_a_training_of_other_weights_is_refused(measured, name):
    """New weights were put where older ones stood."""
    (measured / "training.json").write_bytes(card_files(measured, "user/fer-test")["training.json"])
    if name == "report.json":
        (measured / "training.json").unlink()
        report = json.loads((measured.parent / "report.json").read_text())
        write(measured.parent / "report.json", report | {"sha256": "another"})
    else:
        save_file({"classifier.weight": np.ones((7, 384), np.float16)}, measured / "model.safetensors")
        for path in measured.glob("eval_results*.json"):
            path.unlink()
    with pytest.raises(FerError, match=rf"{name}: sha256: is of other weights than .*--report"):
        text_of(measured)
    assert card_files(measured, "user/fer-test", report=measured.parent / "report.json")


def test_without_a_threshold_nobody_is_unsure(measured):
    assert "Below a confidence of 43.8 %" in text_of(measured)
    write(measured / "config.json", {"unsure_below": "often"})
    with pytest.raises(FerError, match=r"config\.json: unsure_below: expected a number from 0 to 1, got 'often'"):
        text_of(measured)
    write(measured / "config.json", {})
    assert "unsure" not in text_of(measured)


@pytest.mark.skipif(not SHIPPED.exists(), reason="no model in the repository")
def test_the_shipped_models_card_is_what_the_command_writes():
    files = card_files(SHIPPED, f"models/{SHIPPED.name}")
    for name in ("README.md", "LICENSE.md", "training.json"):
        assert (SHIPPED / name).read_text() == files[name].decode(), f"run `python -m fer_hf card --model {SHIPPED}`"


def test_what_is_not_measured_is_said(model):
    text = text_of(model)
    assert "Nothing has been measured of these weights" in text
    assert "not measured for these weights" in text
    assert "How these weights were trained is not known" in text
    assert ModelCard(text).data.eval_results is None


def test_a_part_that_is_missing_is_said(measured):
    (measured / "eval_results_10_views.json").unlink()
    results = json.loads((measured / "eval_results.json").read_text())
    write(measured / "eval_results.json", {key: results[key] for key in results if key not in ("clean", "ferplus")})
    text = text_of(measured)
    assert "Without leaked pictures: not measured." in text
    assert re.search(r"Averaged over several views: not\s+measured", text)
    assert "Agreement with FER+'s votes: not measured." in text


def test_corruptions_of_other_weights_are_not_told(measured):
    table = json.loads((measured / "corruptions.json").read_text())
    write(measured / "corruptions.json", table | {"sha256": "another"})
    assert "grey levels" not in text_of(measured)


def test_training_facts_stay_with_the_model(measured):
    """What `card` writes into the folder is enough, without the run's report."""
    before = card_files(measured, "user/fer-test", base_model="me/backbone")
    (measured / "training.json").write_bytes(before["training.json"])
    (measured.parent / "report.json").unlink()
    assert card_files(measured, "user/fer-test") == before


def test_the_command_writes_the_card_beside_the_model(measured):
    assert main(["card", "--model", str(measured), "--name", "user/fer-test"]) == 0
    assert (measured / "README.md").read_text(encoding="utf-8") == EXPECTED.read_text(encoding="utf-8")
    written = {path.name for path in measured.iterdir()}
    assert written >= {"README.md", "LICENSE.md", "examples.png", "training.json"}


def test_the_command_refuses_what_is_no_model(tmp_path, capsys):
    assert main(["card", "--model", str(tmp_path)]) == 1
    assert "model.safetensors: cannot be read" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_onnx_files_are_told_of(measured):
    assert "InferenceSession" not in text_of(measured)
    (measured / "onnx").mkdir()
    (measured / "onnx" / "model.onnx").write_bytes(b"onnx")
    assert "InferenceSession" in text_of(measured)


def test_a_time_that_is_not_known_is_said(measured):
    report = json.loads((measured.parent / "report.json").read_text())
    write(measured.parent / "report.json", report | {"seconds": None})
    assert "Time: not known on 2 cores" in text_of(measured)


def test_results_of_other_weights_are_refused(measured):
    save_file({"classifier.weight": np.ones((7, 384), np.float16)}, measured / "model.safetensors")
    with pytest.raises(FerError, match=r"eval_results\.json: sha256: was measured on other weights"):
        text_of(measured)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"whole": {"n": 3}}, r"eval_results\.json: whole: lacks accuracy, macro_f1"),
        ({"views": "one"}, r"eval_results\.json: views: expected int"),
        ({"sha256": None}, r"eval_results\.json: sha256: expected str"),
    ],
)
def test_broken_results_are_refused(measured, change, message):
    results = json.loads((measured / "eval_results.json").read_text())
    write(measured / "eval_results.json", results | change)
    with pytest.raises(FerError, match=message):
        text_of(measured)


def test_files_that_are_no_json_are_refused(measured):
    (measured / "eval_results.json").write_text("{")
    with pytest.raises(FerError, match=r"eval_results\.json: is not JSON"):
        text_of(measured)
    (measured / "eval_results.json").write_text("[]")
    with pytest.raises(FerError, match=r"eval_results\.json: expected a JSON dict, got list"):
        text_of(measured)
