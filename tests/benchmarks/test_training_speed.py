"""The speed of training against bare steps of the same model."""

import pytest

from benchmarks import training_speed


def test_the_speed_of_a_whole_run_is_its_parts_in_proportion():
    sizes = [
        {"share_of_steps": 0.5, "trainer_pictures_a_second": 80.0, "bare_pictures_a_second": 100.0},
        {"share_of_steps": 0.5, "trainer_pictures_a_second": 40.0, "bare_pictures_a_second": 50.0},
    ]
    whole = training_speed.whole_run(sizes)
    assert whole["bare_pictures_a_second"] == 66.7  # 2 pictures in 1/100 + 1/50 s
    assert whole["share"] == 0.8
    assert whole["met"] is False


@pytest.mark.parametrize("heads", ["", ", two_heads: true"], ids=["one head", "two heads"])
def test_training_and_bare_steps_alternate_at_both_sizes(tiny_model, tmp_path, monkeypatch, heads):
    monkeypatch.setattr(training_speed, "DRAWN", 21)
    monkeypatch.setattr(training_speed, "BLOCK", 2)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(f"{{image_size: 32, per_device_train_batch_size: 7, bf16: false, use_cpu: true{heads}}}")
    found = training_speed.measure(str(recipe), str(tiny_model), "", threads=1, blocks=2)
    assert [(row["image_size"], row["blocks"], row["share_of_steps"]) for row in found["sizes"]] == [(32, 2, 1.0)]
    assert found["share"] == pytest.approx(found["trainer_pictures_a_second"] / found["bare_pictures_a_second"], 0.02)
