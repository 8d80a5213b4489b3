"""The faces of a video: their timeline, and a copy of the video with the faces marked.

    for progress in analyze_video(analyzer, "party.mp4", "marked.mp4"):
        print(f"{progress.fraction:.0%}, {progress.left:.0f} s left")
    timeline_csv(progress.result.samples)

FFmpeg decodes hostile files: it may open only this one file, only as MP4, QuickTime or WebM, and only for a limited
time. It runs in a process of its own.
"""

import io
import subprocess
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import numpy as np
from imageio_ffmpeg import get_ffmpeg_exe, read_frames
from PIL import Image, ImageOps

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.annotate import draw_samples
from fer_hf.inference.stream import Look, find_faces
from fer_hf.inference.timeline import Sample, caption, summarise
from fer_hf.inference.tracking import Tracker
from fer_hf.io import replacing

MAX_BYTES = 200 * 2**20
MAX_SECONDS = 300.0
MAX_PIXELS = 4096 * 2304  # of a frame in the file
MAX_SIDE = 1280  # pixels; larger frames are reduced to this size
MAX_RATE = 30.0  # frames per second that are written
LOOK = 640  # pixels; the longer side of the picture in which faces are looked for
EVERY = (1 / MAX_RATE, 10.0)  # seconds between two analyzed frames: least and most
PORTRAIT = 96  # pixels per side
HELD = 256 * 2**20  # bytes of frames that wait for their faces' scores, at most
PATIENCE = 900  # seconds of processor time after which FFmpeg gives up on a file
# No playlists, which could name other files or addresses.
FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm"
GUARDED = ["-protocol_whitelist", "file", "-format_whitelist", FORMATS]
LIMITED = ["-max_pixels", str(MAX_PIXELS), "-timelimit", str(PATIENCE)]
# Never larger than the file's own pictures; H.264 wants even sides.
SCALE = f"scale='min({MAX_SIDE},iw)':'min({MAX_SIDE},ih)':force_original_aspect_ratio=decrease:force_divisible_by=2"

Writer = Callable[[np.ndarray, list[Sample]], None]  # writes a frame with the faces marked


@dataclass(frozen=True)
class VideoResult:
    """The faces of one video."""

    width: int  # of the frames that the samples' boxes lie in
    height: int
    seconds: float  # of the analyzed part
    cut: bool  # the video is longer
    every: float  # seconds between two analyzed frames
    samples: list[Sample]  # times count from the video's start
    portraits: dict[int, bytes]  # of each face where it was largest, as JPEG, PORTRAIT pixels per side

    def to_dict(self, file: str) -> dict:
        """The result as plain values, under the video's file name; each face's summary, then all samples."""
        return {
            "file": file,
            "width": self.width,
            "height": self.height,
            "seconds": self.seconds,
            "cut": self.cut,
            "every": self.every,
            "faces": summarise(self.samples),
            "samples": [sample.to_dict() for sample in self.samples],
        }


@dataclass(frozen=True)
class VideoProgress:
    """How far the work is."""

    fraction: float | None  # 0 to 1; None where the file does not say how long it is
    left: float | None  # seconds that it will still take, by what it took so far
    result: VideoResult | None = None  # with the last progress


@dataclass(frozen=True)
class _Clip:
    """The part of a video that is analyzed, as FFmpeg delivers it."""

    source: Path
    width: int
    height: int
    rate: float  # frames per second
    seconds: float  # of the whole video; 0 if the file does not say
    limit: float  # seconds that are analyzed

    @property
    def fraction_per_frame(self) -> float | None:
        return 1 / max(min(self.seconds, self.limit) * self.rate, 1) if self.seconds else None


def analyze_video(
    analyzer: FaceAnalyzer,
    source: str | Path,
    target: str | Path | None = None,
    every: float = 0.2,
    limit: float = 120.0,
    describe: Callable[[Sample], str] = caption,
) -> Iterator[VideoProgress]:
    """Analyze the faces of a video every `every` seconds, for its first `limit` seconds at most.

    With a `target`, a copy with numbered boxes is written there: H.264 in MP4 with the sound, whole or not at all.
    Between two analyzed frames its boxes move on at the speed they had. `describe` gives the words at a box. Close the
    iterator to stop the work.

    Raises:
        FerError: the file is too large or not a video that can be read, or the copy cannot be written.
    """
    source = Path(source)
    _check(source, every, limit)
    # Without a copy to write, only the frames that are analyzed are decoded into pictures.
    clip = _probe(source, MAX_RATE if target else 1 / every, limit)
    with ExitStack() as stack:
        write = stack.enter_context(_marked_copy(Path(target), clip, describe)) if target else None
        result = yield from _analyze_clip(analyzer, clip, write, max(round(every * clip.rate), 1))
    yield VideoProgress(1.0, 0.0, result)


def _analyze_clip(
    analyzer: FaceAnalyzer, clip: _Clip, write: Writer | None, stride: int
) -> Generator[VideoProgress, None, VideoResult]:
    tracker, portraits, samples, count = Tracker(), {}, [], 0
    waiting: list[_Stretch] = []
    began = time.monotonic()
    with closing(_frames(clip)) as frames:
        for count, frame in enumerate(frames, start=1):
            seconds = (count - 1) / clip.rate
            if (count - 1) % stride == 0:
                if _enough(waiting, analyzer.gather):
                    samples += _score(analyzer, waiting, write)
                look = find_faces(analyzer, tracker, frame, seconds, LOOK)
                waiting.append(_Stretch(look))
                _portray(portraits, frame, look)
                yield _progress(count, clip, time.monotonic() - began)
            if write:
                waiting[-1].frames.append((seconds, frame))
    samples += _score(analyzer, waiting, write)
    if not count:
        raise FerError("video_without_pictures", clip.source)
    analyzed = count / clip.rate
    cut = clip.seconds > clip.limit if clip.seconds else analyzed >= clip.limit
    scored = {sample.face for sample in samples}
    pictures = {face: picture for face, (_, picture) in portraits.items() if face in scored}
    return VideoResult(clip.width, clip.height, round(analyzed, 3), cut, stride / clip.rate, samples, pictures)


@dataclass(frozen=True)
class _Stretch:
    """A frame whose faces were found, and the frames up to the next one that are to be written, with their times."""

    look: Look
    frames: list[tuple[float, np.ndarray]] = field(default_factory=list)


def _enough(waiting: list[_Stretch], gather: int) -> bool:
    """Whether no face waits, or so many that they are worth a forward pass, or their frames fill the memory."""
    faces = sum(len(stretch.look.faces) for stretch in waiting)
    return (
        not faces or faces >= gather or sum(frame.nbytes for stretch in waiting for _, frame in stretch.frames) >= HELD
    )


def _score(analyzer: FaceAnalyzer, waiting: list[_Stretch], write: Writer | None) -> list[Sample]:
    """Score all faces that wait, and write their frames."""
    scores = iter(analyzer.classify([face for stretch in waiting for face in stretch.look.faces]))
    samples = []
    for look, frames in ((stretch.look, stretch.frames) for stretch in waiting):
        latest = look.samples(list(islice(scores, len(look.faces))), analyzer.unsure_below, analyzer.unsure_limits)
        samples += latest
        for seconds, frame in frames:
            write(frame, [_moved(sample, look.velocities[sample.face], seconds) for sample in latest])
    waiting.clear()
    return samples


def _progress(count: int, clip: _Clip, spent: float) -> VideoProgress:
    if clip.fraction_per_frame is None:
        return VideoProgress(None, None)
    fraction = min(count * clip.fraction_per_frame, 1.0)
    return VideoProgress(fraction, spent / fraction - spent)


def _portray(portraits: dict[int, tuple[float, bytes]], frame: np.ndarray, look: Look) -> None:
    """Keep a picture of each face and the area of its box; take a new picture where the face is half as large again."""
    for track, (x1, y1, x2, y2) in zip(look.tracks, look.boxes, strict=True):
        area = (x2 - x1) * (y2 - y1)
        if area > 1.5 * portraits.get(track.number, (0, b""))[0]:
            x, y, reach = (x1 + x2) // 2, (y1 + y2) // 2, round(0.65 * max(x2 - x1, y2 - y1))
            face = Image.fromarray(frame[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach])
            file = io.BytesIO()
            ImageOps.fit(face, (PORTRAIT, PORTRAIT)).save(file, "JPEG", quality=85)
            portraits[track.number] = area, file.getvalue()


def _moved(sample: Sample, velocity: tuple[float, float], seconds: float) -> Sample:
    """The sample with its box where the face should be at `seconds`, if it keeps its speed."""
    x, y = (round(speed * (seconds - sample.time)) for speed in velocity)
    x1, y1, x2, y2 = sample.box
    return sample._replace(box=(x1 + x, y1 + y, x2 + x, y2 + y))


def _check(source: Path, every: float, limit: float) -> None:
    if not EVERY[0] <= every <= EVERY[1]:
        raise FerError("video_interval", "every", least=round(EVERY[0], 3), most=EVERY[1], value=every)
    if not 0 < limit <= MAX_SECONDS:
        raise FerError("video_limit", "limit", most=MAX_SECONDS, value=limit)
    if not source.is_file():
        raise FerError("file_missing", source)
    size = source.stat().st_size
    if not size:
        raise FerError("file_empty", source)
    if size > MAX_BYTES:
        raise FerError("file_too_large", source, megabytes=MAX_BYTES // 2**20)


def _probe(source: Path, rate_limit: float, limit: float) -> _Clip:
    """Size, frame rate and length of the frames that `_frames` will give."""
    try:
        with closing(_start(source, ["-frames:v", "1", "-vf", SCALE])) as frames:
            found = next(frames)
    except Exception as error:  # imageio-ffmpeg raises whatever its parsing of FFmpeg's messages meets
        raise FerError("video_unreadable", source) from error
    width, height = found["size"]
    if not (2 <= width <= MAX_SIDE and 2 <= height <= MAX_SIDE):
        raise FerError("video_picture_size", source)
    rate = min(found["fps"] or 25.0, rate_limit)
    return _Clip(source, width, height, rate, found["duration"], limit)


def _frames(clip: _Clip) -> Iterator[np.ndarray]:
    """Upright RGB frames (height, width, 3) at the clip's constant rate, whatever the file's rate does."""
    filters = f"fps={clip.rate:.6f},{SCALE}"
    try:
        with closing(_start(clip.source, ["-t", str(clip.limit), "-vf", filters])) as frames:
            if next(frames)["size"] != (clip.width, clip.height):
                raise RuntimeError("the picture size is not what it was")
            for data in frames:
                yield np.frombuffer(data, np.uint8).reshape(clip.height, clip.width, 3)
    except (OSError, RuntimeError, KeyError, IndexError, ValueError) as error:
        raise FerError("video_damaged", clip.source) from error


def _start(source: Path, output: list[str]) -> Generator:
    # An absolute path: a name that begins with "-" would be an option, one with a colon an address.
    return read_frames(source.resolve(), input_params=GUARDED + LIMITED, output_params=["-an", "-sn", "-dn", *output])


@contextmanager
def _marked_copy(target: Path, clip: _Clip, describe: Callable[[Sample], str]) -> Iterator[Writer]:
    """Yield what writes the copy's frames, one by one; the copy is at `target` once the block has succeeded."""
    with replacing(target) as temporary:
        process = subprocess.Popen(
            [
                *[get_ffmpeg_exe(), "-y", "-v", "quiet", "-timelimit", str(PATIENCE)],
                *["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{clip.width}x{clip.height}", "-r", f"{clip.rate:.6f}"],
                *["-i", "pipe:0", *GUARDED, "-i", str(clip.source.resolve()), "-t", str(clip.limit)],
                *["-map", "0:v:0", "-map", "1:a:0?", "-c:v", "libx264", "-preset", "veryfast", "-crf", "23"],
                *["-pix_fmt", "yuv420p", "-c:a", "aac", "-movflags", "+faststart", "-f", "mp4", str(temporary)],
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            yield lambda frame, samples: process.stdin.write(draw_samples(frame, samples, describe).tobytes())
            process.stdin.close()
            if process.wait():
                raise FerError("video_not_written", target)
        finally:
            process.kill()
            process.wait()
            with suppress(BrokenPipeError):
                process.stdin.close()
