"""A personal baseline: what a resting face is read as becomes what neutral faces are read as."""

import numpy as np
import pytest

from fer_hf.errors import FerError
from fer_hf.inference.baseline import CAP, LEAST, SECONDS, RestingFace, adjusted, centred_logits, read_neutral_logits
from fer_hf.labels import LABELS

NEUTRAL = np.array([-0.5, -0.5, -0.5, -0.5, -0.5, -0.5, 3.0])
SAD = np.array([[0.1, 0.03, 0.1, 0.06, 0.36, 0.06, 0.29]])  # at rest


def taken(scores, frames=LEAST, faces=(1,)):
    resting = RestingFace(10.0)
    for _ in range(frames):
        resting.add(list(faces), scores)
    return resting


def test_a_resting_face_that_looks_sad_reads_as_neutral():
    offset = taken(SAD).offset(NEUTRAL)
    assert SAD.argmax() == LABELS.index("sad")
    found = adjusted(SAD, offset)
    assert found.sum() == pytest.approx(1)
    assert found.argmax() == LABELS.index("neutral")
    np.testing.assert_allclose(centred_logits(SAD[0]) + offset, NEUTRAL, atol=1e-9)  # nothing was capped


def test_an_offset_is_capped():
    sure = np.full((1, 7), 1e-6)
    sure[0, 4] = 1 - 6e-6
    offset = taken(sure).offset(NEUTRAL)
    assert np.abs(offset).max() == CAP
    assert adjusted(sure, offset).argmax() == 4  # a face that shows it as clearly as this keeps it


def test_what_is_not_one_face_all_the_time_is_refused():
    with pytest.raises(FerError) as none:
        taken(np.empty((0, 7)), faces=()).offset(NEUTRAL)
    assert none.value.code == "baseline_no_face"
    resting = taken(SAD, LEAST)
    resting.add([1, 2], np.repeat(SAD, 2, 0))
    with pytest.raises(FerError) as several:
        resting.offset(NEUTRAL)
    assert several.value.code == "baseline_several_faces"
    with pytest.raises(FerError):
        taken(SAD, LEAST - 1).offset(NEUTRAL)


def test_the_time_runs_from_its_start():
    assert [RestingFace(10.0).share(time) for time in (10, 10 + SECONDS / 2, 99)] == [0, 0.5, 1]


@pytest.mark.parametrize("value", [[1, 2], "0", [0.0] * 6 + [float("nan")], [None] * 7, [True] * 7, 3])
def test_a_config_that_says_something_else_is_refused(value):
    with pytest.raises(FerError) as caught:
        read_neutral_logits({"neutral_logits": value})
    assert caught.value.code == "model_neutral_logits"


def test_a_config_without_them_has_no_baseline():
    assert read_neutral_logits({}) is None
    assert read_neutral_logits({"neutral_logits": NEUTRAL.tolist()}).tolist() == NEUTRAL.tolist()
