import numpy as np
import pytest
import torch

from fer_hf.data.synthetic import draw_face
from fer_hf.labels import LABELS
from fer_hf.training.arguments import AugmentationArguments
from fer_hf.training.augmentation import Augmentation, seeded

STILL = {"flip": 0.0, "rotation": 0.0, "shift": 0.0, "zoom": 0.0, "color_jitter": 0.0}


@pytest.fixture
def batch():
    faces = np.stack([np.asarray(draw_face(label, 0, 56)) for label in LABELS])
    return torch.from_numpy(faces).unsqueeze(1).float() / 255, torch.eye(7)


def augmented(batch, seed=0, **fields):
    with seeded(seed):
        return Augmentation(AugmentationArguments(**(STILL | fields)))(*batch)


def test_nothing_asked_nothing_changed(batch):
    pictures, targets = augmented(batch)
    torch.testing.assert_close(pictures, batch[0], atol=1e-4, rtol=0)
    assert torch.equal(targets, batch[1])


@pytest.mark.parametrize(
    "field",
    [
        {"rotation": 20.0},
        {"shift": 0.2},
        {"zoom": 0.3},
        {"color_jitter": 0.4},
        {"erasing": 1.0},
        {"wide_view": 1.0},
        {"wide_light": 1.0},
        {"low_resolution": 1.0},
        {"blur": 1.0},
        {"noise": 1.0},
        {"jpeg": 1.0},
        {"mixup": 1.0},
    ],
)
def test_each_field_changes_the_pictures_and_keeps_them_in_range(batch, field):
    pictures, targets = augmented(batch, **field)
    assert pictures.shape == batch[0].shape
    assert (pictures - batch[0]).abs().max() > 0.02
    assert pictures.min() >= 0
    assert pictures.max() <= 1
    torch.testing.assert_close(targets.sum(1), torch.ones(7))


def test_flip_is_the_mirror_image(batch):
    pictures, _ = augmented(batch, flip=1.0)
    torch.testing.assert_close(pictures, batch[0].flip(-1), atol=1e-4, rtol=0)


def test_the_same_seed_gives_the_same_batch_and_leaves_the_generator_alone(batch):
    fields = {"rotation": 20.0, "erasing": 0.5, "mixup": 0.4}
    before = torch.get_rng_state()
    one, same, other = augmented(batch, 1, **fields), augmented(batch, 1, **fields), augmented(batch, 2, **fields)
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])
    assert not torch.equal(one[0], other[0])
    assert torch.equal(before, torch.get_rng_state())


def test_pictures_of_a_batch_are_moved_differently(batch):
    same = (batch[0][:1].expand(7, -1, -1, -1).contiguous(), batch[1])
    pictures, _ = augmented(same, rotation=20.0)
    assert (pictures[0] - pictures[1]).abs().max() > 0.02


def test_wide_light_goes_from_half_to_twice_on_a_share_of_the_faces():
    grey = torch.full((400, 1, 4, 4), 0.4)
    with seeded(0):
        light = (
            Augmentation(AugmentationArguments(**STILL, wide_light=0.5))(grey, torch.ones(400, 7))[0][:, 0, 0, 0] / 0.4
        )
    changed = light[(light - 1).abs() > 1e-4]
    assert 0.4 < len(changed) / len(light) < 0.6
    assert 0.5 <= changed.min() < 0.6
    assert 1.9 < changed.max() <= 2.001
    assert 0.4 < (changed < 1).float().mean() < 0.6  # as often less as more
