"""What `python -m benchmarks.live` makes of what it watched."""

import base64
import io
import struct

import pytest
from PIL import Image

from benchmarks import live
from benchmarks.moving_faces import moving_faces
from fer_hf.errors import FerError


def watched(numbers, rate=10):
    """A session in which these frames of the camera were read, one every 1 / rate seconds, each in 100 ms."""
    frames = list(moving_faces(1, live.FRAMES))
    sent, drawn = [], []
    for place, number in enumerate(numbers):
        file, at = io.BytesIO(), place / rate
        Image.fromarray(frames[number % live.FRAMES]).save(file, "JPEG", quality=80)
        sent.append(base64.b64encode(struct.pack("<d", at) + file.getvalue()).decode())
        marks = {"captured": 1000 * at, "encoded": 1000 * at + 10, "heard": 1000 * at + 90, "drawn": 1000 * at + 100}
        drawn.append({**marks, "sent": at, "server": 60.0, "faces": 1})
    return {"sent": sent, "drawn": drawn}


def test_rate_delay_and_where_the_time_goes():
    found = live.figures(watched(range(20)))
    assert found["frames_a_second"] == pytest.approx(10)
    assert found["delay_ms"] == {"median": 100.0, "p95": 100.0}
    assert found["where_ms"] == {"encode": 10.0, "transport": 20.0, "server": 60.0, "draw": 10.0}
    assert found["distinct_frames_read"] == 1.0


@pytest.mark.parametrize(
    ("numbers", "share"),
    [([0, 1, 3, 4], 3 / 4), ([118, 119, 120, 121], 1.0), ([5, 5, 6, 6], 1.0), ([0, 10, 20], 2 / 20)],
)
def test_frames_that_were_never_read_are_counted(numbers, share):
    assert live.distinct_share(watched(numbers)) == pytest.approx(share)


def test_too_little_to_say_anything_is_said():
    with pytest.raises(FerError, match="--seconds"):
        live.figures(watched([1]))


def test_the_verdict_is_about_one_face():
    run = {"frames_a_second": 12.0, "delay_ms": {"median": 100, "p95": 260}, "distinct_frames_read": 0.97}
    runs = [{"faces": faces, "camera_frames_a_second": rate, **run} for faces in (1, 4) for rate in (10, 30)]
    assert live.verdict(runs) == {"frames_a_second": True, "delay_ms": False, "distinct_frames_read": True}
    assert live.verdict(runs[2:]) == {"frames_a_second": None, "delay_ms": None, "distinct_frames_read": None}


def test_the_picture_is_drawn(tmp_path):
    run = {"faces": 1, "camera_frames_a_second": 10, **live.figures(watched(range(5)))}
    live.plot([run], tmp_path / "live.png")
    assert Image.open(tmp_path / "live.png").width > 500
