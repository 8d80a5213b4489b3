import pytest
from PIL import Image

from fer_hf.__main__ import main
from fer_hf.data.synthetic import synthetic_splits
from fer_hf.training.arguments import AugmentationArguments
from fer_hf.training.preview import GAP, SIZE, augmented_grid


def test_the_first_column_is_untouched_and_the_others_are_not():
    rows = list(synthetic_splits(2)["train"])
    grid = augmented_grid(rows, AugmentationArguments(rotation=20.0), columns=3)
    step = SIZE + GAP
    assert grid.size == (3 * step + 3 * GAP, 2 * step + GAP)
    first = grid.crop((GAP, GAP, GAP + SIZE, GAP + SIZE))
    assert first.tobytes() == rows[0]["image"].resize((SIZE, SIZE), Image.Resampling.BICUBIC).tobytes()
    left = GAP + step + 2 * GAP
    second = grid.crop((left, GAP, left + SIZE, GAP + SIZE))
    assert second.tobytes() != first.tobytes()
    assert augmented_grid(rows, AugmentationArguments(rotation=20.0), columns=3).tobytes() == grid.tobytes()


@pytest.mark.parametrize("recipe", [[], ["--recipe", "recipes/dinov2-small.yaml"], ["--recipe", "recipes/smoke.yaml"]])
def test_the_command_draws_one_row_per_expression(tmp_path, recipe):
    assert main(["augment", "--output", str(tmp_path / "grid.png"), *recipe]) == 0
    with Image.open(tmp_path / "grid.png") as grid:
        assert grid.height == 7 * (SIZE + GAP) + GAP
