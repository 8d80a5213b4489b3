"""What is known of the served model: only what was measured of these very weights."""

import json
import shutil

import numpy as np
import pytest

from fer_hf.evaluation.summary import summarise
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.io import sha256_of
from fer_hf.web import model_info
from fer_hf.web.components.about import about_html
from fer_hf.web.i18n import LANGUAGES, TEXTS


@pytest.fixture(scope="module")
def summary():
    scores = np.random.default_rng(0).dirichlet(np.full(7, 0.3), 70)
    return summarise(scores, np.arange(70) % 7)


@pytest.fixture
def model(tiny_model, tmp_path):
    return shutil.copytree(tiny_model, tmp_path / "my-model")


def known_with(model, results):
    """What is known when this stands in eval_results.json."""
    text = results if isinstance(results, str) else json.dumps(results)
    (model / "eval_results.json").write_text(text)
    return model_info.read_model_info(FaceAnalyzer.from_pretrained(str(model)))


def results_of(model, summary):
    sha256 = sha256_of(model / "model.safetensors")
    head = {"command": "python", "sha256": sha256, "split": "test", "views": 1, "private_test": True}
    return head | {"whole": summary}


def test_a_model_is_named_without_its_folders_and_by_its_weights(model):
    known = model_info.read_model_info(FaceAnalyzer.from_pretrained(str(model)))
    assert known.name == "my-model"
    assert known.sha256 == sha256_of(model / "model.safetensors")
    assert known.size == 32 and known.parameters > 1000
    assert (known.results, known.corruptions, known.training, known.broken) == (None, None, None, ())


def test_results_of_these_weights_are_taken(model, summary):
    results = results_of(model, summary)
    assert known_with(model, results).results == json.loads(json.dumps(results))


def broken(summary, **changes):
    return {"whole": summary | changes}


@pytest.mark.parametrize(
    "change",
    [
        lambda summary: {"sha256": "0" * 64},
        lambda summary: {"whole": None},
        lambda summary: broken(summary, accuracy="good"),
        lambda summary: broken(summary, per_class={"happy": {}}),
        lambda summary: broken(summary, reliability=[{"n": 3}]),
        lambda summary: broken(summary, interval_95={}),
        lambda summary: broken(summary, ece_floor=None),
    ],
    ids=["other weights", "no summary", "no number", "no classes", "no bins", "no interval", "no floor"],
)
def test_results_that_are_broken_or_of_other_weights_are_left_out(model, summary, change):
    assert known_with(model, results_of(model, summary) | change(summary)).results is None


@pytest.mark.parametrize("text", ["", "[]", "{"])
def test_a_file_that_holds_no_results_is_left_out_and_the_log_and_the_page_say_so(model, text, monkeypatch):
    said = []
    monkeypatch.setattr(model_info.log, "warning", lambda words, error: said.append(words % error))
    known = known_with(model, text)
    assert (known.results, known.broken) == (None, ("eval_results.json",))
    assert len(said) == 1 and "eval_results.json" in said[0]
    for language in LANGUAGES:
        assert "eval_results.json" in about_html(known, 0.0, TEXTS[language])


def test_corruptions_count_only_for_these_weights(model, monkeypatch, tmp_path):
    for sha256, expected in ((sha256_of(model / "model.safetensors"), True), ("0" * 64, False)):
        (model / "corruptions.json").write_text(json.dumps({"sha256": sha256}))
        known = model_info.read_model_info(FaceAnalyzer.from_pretrained(str(model)))
        assert (known.corruptions is not None) is expected
