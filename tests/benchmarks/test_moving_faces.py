"""The fake camera's videos: numbered frames, faces that move and come back."""

import itertools

import numpy as np
import pytest

from benchmarks.moving_faces import moving_faces, number_of, places, write_video


@pytest.mark.parametrize("faces", [1, 4])
def test_every_frame_differs_and_has_its_number(faces):
    frames = list(moving_faces(faces, 30))
    assert [number_of(frame) for frame in frames] == list(range(30))
    without = [frame[:-16].tobytes() for frame in frames]
    assert all(before != after for before, after in itertools.pairwise(without))


def test_pairs_cross_and_end_where_they_began():
    round_ = [places(4, 2 * np.pi * i / 40) for i in range(41)]
    assert round_[0] == round_[-1]
    sides = [[a[0] < b[0] for a, b in (four[:2], four[2:])] for four in round_]
    assert sides[0] != sides[20]
    assert all(0 <= x <= 520 and 0 <= y <= 299 for four in round_ for x, y in four)


def test_the_file_is_what_its_header_says(tmp_path):
    data = write_video(tmp_path / "one.y4m", 1, 3, 10).read_bytes()
    header, _, rest = data.partition(b"\n")
    assert header == b"YUV4MPEG2 W640 H480 F10:1 Ip A1:1 C420jpeg"
    assert len(rest) == 3 * (len(b"FRAME\n") + 640 * 480 * 3 // 2)
