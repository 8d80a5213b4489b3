"""Little videos, made here with FFmpeg from a face that moves, and files that only claim to be videos."""

import io
import subprocess
import wave

import numpy as np
import pytest
from imageio_ffmpeg import get_ffmpeg_exe, read_frames, write_frames
from PIL import Image
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference import video
from fer_hf.inference.timeline import by_face
from fer_hf.inference.video import analyze_video

FACE = Image.fromarray(astronaut()).crop((150, 0, 310, 220))
SIZE = (480, 320)
RATE = 10


def frames(count, step=4):
    for i in range(count):
        frame = Image.new("RGB", SIZE, "#707070")
        frame.paste(FACE, (60 + step * i, 50))
        yield frame.tobytes()


def make_video(path, count=10, step=4, **options):
    writer = write_frames(path, SIZE, fps=RATE, macro_block_size=2, ffmpeg_log_level="quiet", **options)
    writer.send(None)
    for frame in frames(count, step):
        writer.send(frame)
    writer.close()
    return path


def about(path):
    """What FFmpeg says of a video, and its frames."""
    reading = read_frames(path)
    meta = next(reading)
    return meta, [np.frombuffer(data, np.uint8).reshape(meta["size"][1], meta["size"][0], 3) for data in reading]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("clip") / "clip.mp4")


def test_a_face_is_followed_through_the_video(analyzer, clip):
    steps = list(analyze_video(analyzer, clip, every=0.2))
    result = steps[-1].result
    assert [step.result for step in steps[:-1]] == [None] * (len(steps) - 1)
    assert (result.width, result.height, result.cut) == (*SIZE, False)
    assert result.seconds == pytest.approx(1.0, abs=0.21)
    assert set(by_face(result.samples)) == {1}
    assert [sample.time for sample in result.samples] == pytest.approx([0, 0.2, 0.4, 0.6, 0.8])
    lefts = [sample.box[0] for sample in result.samples]
    assert np.diff(lefts) == pytest.approx([8] * 4, abs=6)


def test_each_face_has_a_portrait(analyzer, clip):
    result = list(analyze_video(analyzer, clip))[-1].result
    assert result.every == pytest.approx(0.2)
    assert list(result.portraits) == [1]
    portrait = Image.open(io.BytesIO(result.portraits[1]))
    assert portrait.size == (video.PORTRAIT, video.PORTRAIT)
    assert np.asarray(portrait).std() > 20


def test_the_caption_may_be_anyones(analyzer, clip, tmp_path):
    seen = []

    def caption(sample):
        seen.append(sample.face)
        return "Gesicht"

    list(analyze_video(analyzer, clip, tmp_path / "marked.mp4", describe=caption))
    assert set(seen) == {1}


def test_progress_rises_and_tells_the_time_left(analyzer, clip):
    steps = list(analyze_video(analyzer, clip, every=0.1))
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 0.3
    assert (fractions[-1], steps[-1].left) == (1.0, 0.0)
    assert all(step.left >= 0 for step in steps)


def test_the_marked_copy_is_the_video_with_boxes(analyzer, clip, tmp_path):
    target = tmp_path / "marked.mp4"
    result = list(analyze_video(analyzer, clip, target, every=0.2))[-1].result
    meta, marked = about(target)
    _, plain = about(clip)
    assert meta["codec"].startswith("h264")
    assert meta["pix_fmt"].startswith("yuv420p")
    assert (meta["size"], meta["fps"], len(marked)) == (SIZE, RATE, 10)
    assert len(result.samples) == 5
    changed = np.abs(marked[4].astype(int) - plain[4]).max(-1) > 60
    x1, y1, x2, y2 = result.samples[2].box  # read at frame 4
    assert changed[y1 : y1 + 3, x1 + 5 : x2 - 5].mean() > 0.5  # the upper edge
    assert not changed[y1 + 20 : y2 - 20, x1 + 20 : x2 - 20].any()  # the face itself
    assert list(tmp_path.iterdir()) == [target]


def test_the_sound_is_kept(analyzer, tmp_path):
    sound = tmp_path / "sound.wav"
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16000, 0, "NONE", ""))
        tone = 8000 * np.sin(np.arange(16000) / 10)
        file.writeframes(tone.astype("<i2").tobytes())
    source = make_video(tmp_path / "loud.mp4", audio_path=str(sound))
    list(analyze_video(analyzer, source, tmp_path / "marked.mp4"))
    assert about(tmp_path / "marked.mp4")[0]["audio_codec"] == "aac"


@pytest.mark.parametrize(("suffix", "options"), [(".mov", {}), (".webm", {"codec": "libvpx"})])
def test_other_containers(analyzer, tmp_path, suffix, options):
    source = make_video(tmp_path / f"clip{suffix}", count=4, **options)
    assert list(analyze_video(analyzer, source))[-1].result.samples


def test_a_turned_phone_video_is_read_upright(analyzer, clip, tmp_path):
    """Phones store the picture as the sensor sees it and say how to turn it."""
    turned, stored = tmp_path / "turned.mp4", tmp_path / "stored.mp4"
    quiet = [get_ffmpeg_exe(), "-v", "quiet"]
    subprocess.run([*quiet, "-i", clip, "-vf", "transpose=1", stored], check=True)
    subprocess.run([*quiet, "-display_rotation", "90", "-i", stored, "-c", "copy", turned], check=True)
    result = list(analyze_video(analyzer, turned))[-1].result
    assert (result.width, result.height) == SIZE
    assert result.samples


def test_a_long_video_is_cut(analyzer, tmp_path):
    source = make_video(tmp_path / "long.mp4", count=20, step=2)
    result = list(analyze_video(analyzer, source, every=0.2, limit=1.0))[-1].result
    assert result.cut
    assert result.seconds == pytest.approx(1.0, abs=0.21)
    assert max(sample.time for sample in result.samples) <= 1.0


def test_a_large_video_is_made_smaller(analyzer, clip, monkeypatch):
    monkeypatch.setattr(video, "SCALE", video.SCALE.replace("1280", "240"))
    result = list(analyze_video(analyzer, clip))[-1].result
    assert (result.width, result.height) == (240, 160)
    assert result.samples


def test_a_video_without_a_face(analyzer, tmp_path):
    source = tmp_path / "empty.mp4"
    writer = write_frames(source, SIZE, fps=RATE, macro_block_size=2, ffmpeg_log_level="quiet")
    writer.send(None)
    for _ in range(5):
        writer.send(bytes([90]) * (SIZE[0] * SIZE[1] * 3))
    writer.close()
    assert list(analyze_video(analyzer, source, tmp_path / "marked.mp4"))[-1].result.samples == []
    assert len(about(tmp_path / "marked.mp4")[1]) == 5


def test_stopping_leaves_nothing_behind(analyzer, clip, tmp_path):
    target = tmp_path / "marked.mp4"
    steps = analyze_video(analyzer, clip, target)
    next(steps)
    assert len(list(tmp_path.iterdir())) == 1  # the unfinished copy, under another name
    assert not target.exists()
    steps.close()
    assert list(tmp_path.iterdir()) == []


def test_an_error_on_the_way_leaves_nothing_behind(analyzer, clip, tmp_path, monkeypatch):
    def fail(*_, **__):
        raise FerError("file_empty")

    monkeypatch.setattr(video, "find_faces", fail)
    with pytest.raises(FerError, match="the file is empty"):
        list(analyze_video(analyzer, clip, tmp_path / "marked.mp4"))
    assert list(tmp_path.iterdir()) == []


def hostile_files(folder, clip):
    good = clip.read_bytes()
    yield "missing.mp4", None, "no such file"
    yield "empty.mp4", b"", "empty"
    yield "text.mp4", b"hello", "not a video"
    yield "picture.mp4", b"\x89PNG\r\n\x1a\n" + bytes(100), "not a video"
    yield "cut.mp4", good[: len(good) // 3], "not a video|damaged|no picture"
    # A playlist that names another file: FFmpeg would follow it.
    yield "list.mp4", f"#EXTM3U\n#EXTINF:1,\nfile://{clip}\n#EXT-X-ENDLIST\n".encode(), "not a video"
    yield "concat.mp4", f"ffconcat version 1.0\nfile {clip}\n".encode(), "not a video"


def test_what_is_no_video_is_refused_in_one_line_and_leaves_nothing(analyzer, clip, tmp_path):
    for name, content, message in hostile_files(tmp_path, clip):
        source = tmp_path / name
        if content is not None:
            source.write_bytes(content)
        with pytest.raises(FerError, match=message) as error:
            list(analyze_video(analyzer, source, tmp_path / "marked.mp4"))
        assert name in str(error.value)
        assert "\n" not in str(error.value)
        assert not list(tmp_path.glob("*marked*"))
        source.unlink(missing_ok=True)


def test_a_video_that_breaks_off_gives_what_it_holds_or_says_so(analyzer, tmp_path):
    source = make_video(tmp_path / "clip.webm", count=10, codec="libvpx")
    source.write_bytes(source.read_bytes()[:-3000])
    try:
        result = list(analyze_video(analyzer, source, every=0.1))[-1].result
    except FerError as error:
        assert "clip.webm" in str(error)
    else:
        assert 0 < result.seconds <= 1.0


def test_limits(analyzer, clip, tmp_path, monkeypatch):
    for options, message in [
        ({"every": 0}, "every: expected"),
        ({"every": float("nan")}, "every: expected"),
        ({"limit": 0}, "limit: expected"),
        ({"limit": 1e9}, "limit: expected"),
    ]:
        with pytest.raises(FerError, match=message):
            next(analyze_video(analyzer, clip, **options))
    monkeypatch.setattr(video, "MAX_BYTES", 1000)
    with pytest.raises(FerError, match="larger than"):
        next(analyze_video(analyzer, clip))
    monkeypatch.undo()
    monkeypatch.setattr(video, "LIMITED", ["-max_pixels", "1000"])
    with pytest.raises(FerError, match=r"clip\.mp4"):
        list(analyze_video(analyzer, clip))


def test_an_unwritable_target(analyzer, clip, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FerError, match="cannot be written"):
        list(analyze_video(analyzer, clip, tmp_path / "file" / "marked.mp4"))
