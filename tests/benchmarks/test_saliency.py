"""The deletion curve on a model whose answer hangs on a known half of the picture."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from benchmarks.saliency import (
    centred_gaussian,
    deletion_areas,
    draw,
    ends_of,
    measure,
    paired,
    random_cells,
    summarise,
)
from benchmarks.saliency_methods import METHODS
from fer_hf.data.synthetic import draw_face
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.saliency import GRID
from fer_hf.labels import LABELS

SIZE = 64


class LeftHalf(torch.nn.Module):
    """Class 3 rises with the variation in the left half of the picture."""

    def forward(self, pixels):
        logits = torch.zeros(len(pixels), 7)
        logits[:, 3] = 4 * pixels[..., : SIZE // 2].std((1, 2, 3))
        return SimpleNamespace(logits=logits)


def areas_of(pixels, classes, heat):
    return deletion_areas(LeftHalf(), pixels, classes, heat, ends_of(LeftHalf(), pixels, classes))


def test_a_map_that_knows_has_a_smaller_area_than_random_and_one_that_errs_a_larger():
    pixels = torch.randn(4, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    classes = torch.full((4,), 3)
    knows = torch.zeros(4, GRID, GRID)
    knows[..., : GRID // 2] = 1
    right, chance, wrong = (areas_of(pixels, classes, heat) for heat in (knows, random_cells(4), 1 - knows))
    assert (right < chance).all()
    assert (chance < wrong).all()


def test_the_area_does_not_depend_on_the_scale_of_the_heat():
    pixels = torch.randn(2, 3, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    classes, heat = torch.tensor([3, 3]), random_cells(2)
    one, other = (areas_of(pixels, classes, each) for each in (heat, 1000 * heat + 7))
    assert one == pytest.approx(other)


def test_the_gaussian_is_hottest_in_the_middle_of_every_face():
    hill = centred_gaussian(3)
    assert hill.shape == (3, GRID, GRID)
    assert hill[1].argmax().item() in {(GRID // 2 - i) * GRID + GRID // 2 - j for i in (0, 1) for j in (0, 1)}


def test_the_interval_is_paired():
    noise = np.random.default_rng(0).normal(0, 10, 400)
    found = paired((noise + 1) - noise)  # each face differs by 1 however the faces differ
    assert found["mean"] == pytest.approx(1)
    assert found["interval_95"] == pytest.approx([1, 1])


def test_a_method_beats_both_rivals_only_by_the_whole_interval():
    rng = np.random.default_rng(0)
    base = rng.random(100)
    rows = summarise(
        {"random": base, "gaussian": base - 0.1, "better": base - 0.2, "close": base - 0.1 + rng.normal(0, 0.1, 100)}
    )
    assert next(iter(rows)) == "better"
    assert rows["better"]["beats_both"]
    assert not rows["close"]["beats_both"]


def test_all_methods_are_measured_on_a_transformer(tiny_model, tmp_path):
    faces = [draw_face(LABELS[i % 7], seed=i) for i in range(10)]
    areas = measure(FaceAnalyzer.from_pretrained(str(tiny_model)), faces)
    assert set(areas) == {"random", "gaussian", *METHODS}
    assert {len(area) for area in areas.values()} == {10}
    assert all(((area >= 0) & (area <= 1)).all() for area in areas.values())
    draw(summarise(areas), tmp_path / "explain.png")
    assert (tmp_path / "explain.png").stat().st_size > 1000
