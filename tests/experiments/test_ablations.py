"""Ablations: which runs a series has, what it refuses, and what it gathers."""

import json
from pathlib import Path

import pytest
import yaml
from PIL import Image

from benchmarks import record
from experiments import ablations
from fer_hf.errors import FerError
from fer_hf.training.parsing import read_arguments


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Results of a test stay in its own folder."""
    monkeypatch.setattr(record, "ROOT", tmp_path)
    return tmp_path / "experiments" / "results"


@pytest.fixture
def runs(tmp_path, monkeypatch):
    monkeypatch.setattr(ablations, "RUNS", tmp_path / "runs")
    return tmp_path / "runs"


def test_every_factor_is_a_field_with_values_that_train_py_takes():
    factors = ablations.read_factors(ablations.RECIPES)
    assert set(ablations.SHORT) < set(factors)
    base = ablations.RECIPES / "base.yaml"
    common = read_arguments([str(base), "--data", "any"]).as_table()
    for field, values in factors.values():
        for value in values:
            argv = ablations.Trial(field, value, 0, 0).argv(base, ["--data", "any"])
            assert read_arguments(argv).as_table()[field] == value != common[field]


def test_a_short_run_is_not_asked_what_it_cannot_say():
    factors = {"size": ("image_size", [84]), "mixup": ("mixup", [0.2])}
    assert ablations.choose(factors, None, epochs=0).keys() == {"size"}
    assert ablations.choose(factors, None, epochs=20).keys() == {"size", "mixup"}
    with pytest.raises(FerError, match="mixup says nothing in a shortened run"):
        ablations.choose(factors, ["mixup"], epochs=0)
    with pytest.raises(FerError, match="'sam' is not one of"):
        ablations.choose(factors, ["sam"], epochs=0)


def test_a_series_tries_something_of_every_factor_first():
    factors = {"size": ("image_size", [112, 140]), "erasing": ("erasing", [0.25])}
    trials = ablations.interleave(factors, seeds=[0], epochs=0)
    assert [each.value for each in trials] == [112, 0.25, 140]


def test_gains_are_over_the_base_of_the_same_seed_and_the_rest_is_not_run(runs, tmp_path):
    def finished(trial, accuracy):
        trial.folder.mkdir(parents=True)
        validation = {"accuracy": accuracy, "macro_f1": 0.5, "ece": 0.1, "nll": 1.0}
        report = {"validation": validation, "ferplus": {"accuracy": 0.7}, "steps": 300, "seconds": 1.0}
        (trial.folder / "report.json").write_text(json.dumps(report))

    finished(ablations.Trial("", None, 0, 0), 0.60)
    finished(ablations.Trial("", None, 1, 0), 0.62)
    finished(ablations.Trial("image_size", 84, 0, 0), 0.58)
    factors = {"size": ("image_size", [84, 140]), "mixup": ("mixup", [0.2])}
    base = read_arguments([str(ablations.RECIPES / "base.yaml"), "--data", "any"]).as_table()
    found = ablations.collect(base, factors, seeds=[0], base_seeds=[0, 1], epochs=0)
    assert found["base"]["accuracy"] == 0.61
    smaller, larger = found["factors"]["size"]["values"]
    assert (smaller["accuracy_gain"], smaller["ferplus_gain"]) == (-0.02, 0.0)  # not -0.03, over the mean of the base
    assert larger == {"value": 140, "status": "not run"}
    assert found["factors"]["mixup"]["values"] == [{"value": 0.2, "status": "not run"}]
    assert found["configurations_tried"] == 2
    assert "shortened" in found["budget"]
    ablations.draw(found, tmp_path / "ablations.png")
    with Image.open(tmp_path / "ablations.png") as picture:
        assert picture.width > 100


def test_a_run_of_another_recipe_is_refused():
    recipe = read_arguments([str(ablations.RECIPES / "base.yaml"), "--data", "any"]).as_table()
    done = recipe | {"data": "elsewhere"}
    ablations.check_same(done, recipe, Path("a run"))
    with pytest.raises(FerError, match="another recipe \\(max_steps differ"):
        ablations.check_same(done | {"max_steps": 5}, recipe, Path("a run"))


def test_a_factor_file_of_another_shape_is_named(tmp_path):
    (tmp_path / "size.yaml").write_text("image_size: 84")
    with pytest.raises(FerError, match=r"size\.yaml: expected one field and a list"):
        ablations.read_factors(tmp_path)


@pytest.mark.slow
def test_a_series_trains_scores_and_is_not_done_twice(runs, results, tmp_path, capfd):
    smoke = yaml.safe_load((Path(__file__).parents[2] / "recipes" / "smoke.yaml").read_text())
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "base.yaml").write_text(yaml.safe_dump(smoke))
    (tmp_path / "recipes" / "erasing.yaml").write_text("erasing: [0.5]")
    argv = ["--recipes", str(tmp_path / "recipes"), "--base_seeds", "0"]
    ablations.main(argv)
    found = json.loads((results / "ablations.json").read_text())
    assert "accuracy_gain" in found["factors"]["erasing"]["values"][0]
    assert not list(runs.glob("**/checkpoint-*"))
    capfd.readouterr()
    ablations.main(argv)
    assert "==" not in capfd.readouterr().out
