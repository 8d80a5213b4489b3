import numpy as np
import pytest
import torch

from fer_hf.data.synthetic import draw_face
from fer_hf.labels import LABELS
from fer_hf.training import degradation
from fer_hf.training.augmentation import seeded
from fer_hf.training.degradation import degrade

NONE = {"small": 0.0, "blur": 0.0, "noise": 0.0, "jpeg": 0.0}


@pytest.fixture
def pictures():
    faces = np.stack([np.asarray(draw_face(label, 0, 84)) for label in LABELS])
    return torch.from_numpy(faces).unsqueeze(1).float() / 255


def degraded(pictures, seed=0, **ways):
    with seeded(seed):
        return degrade(pictures, **(NONE | ways))


def detail(pictures):
    """Mean difference of neighbouring pixels."""
    return float(pictures.diff(dim=-1).abs().mean())


def test_no_way_is_no_change_and_the_batch_given_stays_as_it_is(pictures):
    before = pictures.clone()
    assert torch.equal(degraded(pictures), pictures)
    degraded(pictures, small=1.0, blur=1.0, noise=1.0, jpeg=1.0)
    assert torch.equal(pictures, before)


@pytest.mark.parametrize("way", NONE)
def test_each_way_changes_every_picture_and_keeps_its_range(pictures, way):
    found = degraded(pictures, **{way: 1.0})
    assert found.shape == pictures.shape
    assert found.dtype == pictures.dtype
    assert all((one - other).abs().max() > 0.02 for one, other in zip(found, pictures, strict=True))
    assert found.min() >= 0
    assert found.max() <= 1


def test_small_and_blur_take_detail_away_and_noise_adds_it(pictures):
    texture = torch.rand(4, 1, degradation.SIDE, degradation.SIDE)
    assert detail(degraded(texture, small=1.0)) < 0.7 * detail(texture)
    assert detail(degraded(texture, blur=1.0)) < 0.7 * detail(texture)
    assert detail(degraded(pictures, noise=1.0)) > 1.5 * detail(pictures)


def test_noise_has_the_strength_that_is_named(monkeypatch):
    monkeypatch.setattr(degradation, "NOISE", (16, 16))
    grey = torch.full((50, 1, degradation.SIDE, degradation.SIDE), 0.5)
    assert 255 * float(degraded(grey, noise=1.0).std()) == pytest.approx(16, rel=0.02)


def test_a_lower_quality_is_further_from_the_picture(pictures, monkeypatch):
    faces = torch.nn.functional.interpolate(pictures, size=(degradation.SIDE,) * 2, mode="area")
    distance = {}
    for quality in (15, 70):
        monkeypatch.setattr(degradation, "JPEG", (quality, quality + 1))
        distance[quality] = float((degraded(faces, jpeg=1.0) - faces).abs().mean())
    assert distance[15] > 2 * distance[70] > 0


def test_a_share_of_the_pictures_is_degraded(pictures):
    many = pictures.repeat(60, 1, 1, 1)
    changed = (degraded(many, noise=0.3) - many).abs().amax((1, 2, 3)) > 0
    assert 0.2 < changed.float().mean() < 0.4


def test_the_seed_alone_decides(pictures):
    ways = {"small": 0.5, "blur": 0.5, "noise": 0.5, "jpeg": 0.5}
    one, same, other = (degraded(pictures, seed, **ways) for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
