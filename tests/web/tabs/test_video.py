"""What the Video tab answers, and what lies on the disk meanwhile."""

import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe, write_frames
from PIL import Image
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.timeline import make_sample
from fer_hf.web.i18n import TEXT, TEXTS
from fer_hf.web.limits import sent_uploads
from fer_hf.web.tabs import video
from fer_hf.web.temp_files import Uploads

FACE = Image.fromarray(astronaut()).crop((150, 0, 310, 220))


def make_video(path, count=10):
    writer = write_frames(path, (480, 320), fps=10, macro_block_size=2, ffmpeg_log_level="quiet")
    writer.send(None)
    for i in range(count):
        frame = Image.new("RGB", (480, 320), "#707070")
        frame.paste(FACE, (60 + 4 * i, 50))
        writer.send(frame.tobytes())
    writer.close()
    return path


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("clip") / "clip.mp4").read_bytes()


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path)


def upload(uploads, content, name="clip.mp4"):
    path = uploads.folder / str(len(list(uploads.folder.iterdir()))) / name
    path.parent.mkdir()
    path.write_bytes(content)
    return path


def test_two_files_are_one_too_many_and_go_at_once(analyzer, uploads, clip):
    paths = [str(upload(uploads, clip)) for _ in range(2)]
    sent = sent_uploads({"paths": paths, "names": ["a.mp4", "b.mp4"]}, uploads, "mine")
    with pytest.raises(FerError, match="video: expected one video, got 2 files"):
        next(video.read(analyzer, uploads, "mine", sent, TEXT))
    assert not any(path.is_file() for path in uploads.folder.rglob("*"))


def read(analyzer, uploads, path, name="party.mp4", job="mine", text=TEXT):
    return video.read(analyzer, uploads, job, sent_uploads({"paths": [str(path)], "names": [name]}, uploads, job), text)


def files(uploads):
    return [path for path in uploads.folder.rglob("*") if path.is_file()]


def test_a_video_is_read_with_progress_and_only_its_marked_copy_stays_for_the_job(analyzer, uploads, clip):
    *steps, answer = read(analyzer, uploads, upload(uploads, clip))
    assert {step["words"] for step in steps} == {"Reading party.mp4"}
    assert [step["fraction"] for step in steps] == sorted(step["fraction"] for step in steps)
    assert 'class="film"' in answer["html"] and 'class="lane" data-face="1"' in answer["html"]
    assert files(uploads) == [Path(answer["marked"])]
    uploads.forget("mine")
    assert list(uploads.folder.iterdir()) == []


@pytest.mark.parametrize("language", TEXTS)
def test_the_boxes_are_labelled_in_the_pages_language(language):
    sample = make_sample(0, 3, (1, 2, 3, 4), [0.02, 0.02, 0.02, 0.88, 0.02, 0.02, 0.02])
    assert video._caption(TEXTS[language])(sample) == f"3 {TEXTS[language]['happy']} 88 %"


def test_an_unsure_face_is_labelled_with_both_expressions():
    sample = make_sample(0, 3, (1, 2, 3, 4), [0.4, 0.0, 0.35, 0.0, 0.15, 0.0, 0.1], unsure_below=0.5)
    assert video._caption(TEXT)(sample) == "3 angry or fear?"


def sound_only(folder):
    with wave.open(str(folder / "a.wav"), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        file.writeframes((8000 * np.sin(np.arange(16000) / 10)).astype("<i2").tobytes())
    subprocess.run([get_ffmpeg_exe(), "-v", "quiet", "-i", folder / "a.wav", folder / "a.m4a"], check=True)
    return (folder / "a.m4a").read_bytes()


def test_what_is_no_video_is_one_plain_line_with_its_name_and_nothing_stays(analyzer, uploads, clip, tmp_path_factory):
    broken = {
        "words.mp4": b"no video",
        "empty.mp4": b"",
        "cut.mp4": clip[: len(clip) // 3],
        "sound.m4a": sound_only(tmp_path_factory.mktemp("sound")),
    }
    for name, content in broken.items():
        with pytest.raises(FerError) as caught:
            list(read(analyzer, uploads, upload(uploads, content), name))
        assert str(caught.value).startswith(f"{name}: ") and str(uploads.folder) not in str(caught.value)
        uploads.forget("mine")
        assert list(uploads.folder.iterdir()) == []


def test_a_long_video_is_read_as_far_as_is_said(analyzer, uploads, clip, monkeypatch):
    monkeypatch.setattr(video, "SECONDS", 0.6)
    *_, answer = read(analyzer, uploads, upload(uploads, clip))
    assert TEXT["video_cut"].format(length="0:00") in answer["html"]


def test_stopping_leaves_nothing(analyzer, uploads, clip):
    steps = read(analyzer, uploads, upload(uploads, clip))
    next(steps)
    steps.close()
    uploads.forget("mine")
    assert list(uploads.folder.iterdir()) == []


def test_a_disk_that_cannot_be_written_is_said_without_its_path(analyzer, uploads, clip, monkeypatch):
    path = upload(uploads, clip)
    monkeypatch.setattr(video.tempfile, "mkdtemp", lambda dir: str(Path(dir) / "0" / "clip.mp4"))  # a file in the way
    with pytest.raises(FerError, match="cannot be written") as caught:
        list(read(analyzer, uploads, path))
    assert str(uploads.folder) not in str(caught.value)
