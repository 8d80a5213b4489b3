"""Videos and batches whose faces wait for one another: fewer forward passes, the same answer."""

import dataclasses

import numpy as np
import pytest
from imageio_ffmpeg import write_frames
from PIL import Image
from skimage.data import astronaut

from fer_hf.inference import video
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.batch import analyze_files
from fer_hf.inference.video import analyze_video
from tests.inference.test_video import RATE, SIZE, about, make_video


class Counting:
    """A runtime that counts its passes and wants `gather` faces for each."""

    def __init__(self, runtime, gather):
        self.runtime, self.gather, self.passes = runtime, gather, []

    def logits(self, pixels):
        self.passes.append(len(pixels))
        return self.runtime.logits(pixels)


def gathering(analyzer, gather):
    return FaceAnalyzer(Counting(analyzer.runtime, gather), analyzer.config, analyzer.processor, analyzer.detector)


def last(steps):
    return list(steps)[-1].result


def write_grey(path):
    writer = write_frames(path, SIZE, fps=RATE, macro_block_size=2, ffmpeg_log_level="quiet")
    writer.send(None)
    for _ in range(10):
        writer.send(Image.new("RGB", SIZE, "grey").tobytes())
    writer.close()
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("clip") / "clip.mp4")


def test_the_faces_of_a_video_share_passes(analyzer, clip, tmp_path):
    one, three = gathering(analyzer, 1), gathering(analyzer, 3)
    alone = last(analyze_video(one, clip, tmp_path / "one.mp4", every=0.2))
    together = last(analyze_video(three, clip, tmp_path / "three.mp4", every=0.2))
    assert (one.runtime.passes, three.runtime.passes) == ([1] * 5, [3, 2])
    assert [sample[:3] for sample in together.samples] == [sample[:3] for sample in alone.samples]
    for a, b in zip(together.samples, alone.samples, strict=True):
        assert a.scores == pytest.approx(b.scores, abs=1e-5)
    assert together.portraits == alone.portraits
    frames = [about(tmp_path / name)[1] for name in ("one.mp4", "three.mp4")]
    assert len(frames[0]) == len(frames[1]) == 10
    assert np.abs(np.int16(frames[0]) - np.int16(frames[1])).max() < 40


def test_frames_without_a_face_do_not_wait(analyzer, tmp_path, monkeypatch):
    source = write_grey(tmp_path / "grey.mp4")
    held, enough = [], video._enough
    monkeypatch.setattr(video, "_enough", lambda waiting, gather: held.append(len(waiting)) or enough(waiting, gather))
    assert last(analyze_video(analyzer, source, tmp_path / "marked.mp4", every=0.2)).samples == []
    assert held == [0, 1, 1, 1, 1]


def test_frames_that_wait_do_not_fill_the_memory(analyzer, clip, tmp_path, monkeypatch):
    monkeypatch.setattr(video, "HELD", 1)
    many = gathering(analyzer, 1000)
    assert len(last(analyze_video(many, clip, tmp_path / "marked.mp4", every=0.2)).samples) == 5
    assert many.runtime.passes == [1] * 5


def test_the_photos_of_a_batch_share_passes_and_keep_their_order(analyzer, tmp_path):
    face = Image.fromarray(astronaut()).crop((130, 0, 330, 240))
    face.save(tmp_path / "a.png")
    Image.new("RGB", (200, 240), "grey").save(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no picture")
    face.save(tmp_path / "d.png")
    face.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "e.png")
    files = sorted(tmp_path.iterdir())
    one, two = gathering(analyzer, 1), gathering(analyzer, 2)
    alone, together = last(analyze_files(one, files)), last(analyze_files(two, files))
    assert (one.runtime.passes, two.runtime.passes) == ([1, 1, 1], [2, 1])
    assert [name for name, _ in together.photos] == ["a.png", "b.png", "d.png", "e.png"]
    assert [failure.file for failure in together.failures] == ["c.png"]
    assert [dataclasses.replace(found, face=None) for found in together.faces] == [
        dataclasses.replace(found, face=None) for found in alone.faces
    ]
    for a, b in zip(together.faces, alone.faces, strict=True):
        assert a.face.scores == pytest.approx(b.face.scores, abs=1e-5)
