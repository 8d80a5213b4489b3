"""Is Live live? The real page in Chromium, whose fake camera shows one face and four, at 10 and 30 frames per second.

    python -m benchmarks.live [--seconds 30] [--faces 1 4] [--rates 10 30] [--model M]

The page and the browser run on this machine, as on a visitor's and a server's at once. A frame's delay runs from the
moment at which the camera took it to the moment at which its boxes have been drawn. Every frame of the fake camera has
a number in it, so that those that were never read are counted; at 10 frames per second, 95 % are to be read. The time
of a frame is split into taking and encoding it in the browser, carrying it to the server and the answer back, reading
it (with any wait for its turn), and drawing.
"""

import base64
import io
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from PIL import Image
from playwright.sync_api import Page

from benchmarks import record
from benchmarks.browser import chromium
from benchmarks.moving_faces import HEIGHT, WIDTH, moving_faces, number_of, write_video
from benchmarks.page_speed import started_page
from benchmarks.timing import interleaved
from fer_hf.errors import FerError
from fer_hf.evaluation.plots import figure
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.stream import SIDE, detect_small
from fer_hf.web.i18n import TEXT

FRAMES = 120  # of the video, which is shown in a loop
WARM_UP = 3.0  # seconds before anything counts
LIMITS = {"frames_a_second": 10.0, "delay_ms": 250.0, "distinct_frames_read": 0.95}  # with one face
PARTS = {"encode": "#E69F00", "transport": "#56B4E9", "server": "#0072B2", "draw": "#CC79A7"}
# Keeps what was sent and what was drawn in the page; it is looked at when the time is up.
WATCH = """
window.sent = [];
window.drawn = [];
window.WebSocket = class extends WebSocket {
  send(data) { if (data instanceof Uint8Array) sent.push(data); super.send(data); }
};
"""
LISTEN = """document.querySelector(".live").addEventListener("live:drawn", ({ detail }) =>
  drawn.push({ ...detail.marks, sent: detail.sent, server: detail.milliseconds, faces: detail.faces.length }))"""
FORGET = "() => { sent.length = drawn.length = 0; }"
COLLECT = """async () => {
  const text = (bytes) => new Promise((done) => {
    const reader = new FileReader();
    reader.onload = () => done(reader.result.split(",")[1]);
    reader.readAsDataURL(new Blob([bytes]));
  });
  return { drawn, sent: await Promise.all(sent.map(text)) };
}"""


def one_run(url: str, server: psutil.Process, faces: int, rate: int, seconds: float) -> dict:
    """Watch one live session for some seconds."""
    with TemporaryDirectory() as folder:
        video = write_video(Path(folder) / "camera.y4m", faces, FRAMES, rate)
        with live_tab(url, video) as (page, browser):
            page.wait_for_function("drawn.length > 5", timeout=120_000)
            page.wait_for_timeout(1000 * WARM_UP)
            page.evaluate(FORGET)
            before, started = cpu_seconds(server, browser), time.perf_counter()
            page.wait_for_timeout(1000 * seconds)
            after, spent = cpu_seconds(server, browser), time.perf_counter() - started
            watched = page.evaluate(COLLECT)
    cores = {name: round((after[name] - before[name]) / spent, 2) for name in before}
    return {"faces": faces, "camera_frames_a_second": rate, **figures(watched), "cpu_cores": cores}


@contextmanager
def live_tab(url: str, video: Path) -> Iterator[tuple[Page, psutil.Process]]:
    """A browser whose camera shows a video, with the Live tab started, and its process."""
    with chromium(video) as browser:
        process = next(each for each in psutil.Process().children(recursive=True) if "chrom" in each.name())
        page = browser.new_page(viewport={"width": 1280, "height": 900}, permissions=["camera"])
        page.add_init_script(WATCH)
        page.goto(url, timeout=120_000)
        page.get_by_role("tab", name=TEXT["live_tab"], exact=True).click()
        page.wait_for_selector("[data-ready] .live [data-do=start]", state="visible", timeout=120_000)
        page.evaluate(LISTEN)
        page.click(".live [data-do=start]")
        yield page, process


def cpu_seconds(server: psutil.Process, browser: psutil.Process) -> dict[str, float]:
    """What the page's server and the browser, with all their processes, have used until now."""
    return {
        name: sum(sum(each.cpu_times()[:2]) for each in (process, *process.children(recursive=True)))
        for name, process in (("server", server), ("browser", browser))
    }


def figures(watched: dict) -> dict:
    """From what was sent (base64 of a time and a picture) and what was drawn ("captured", ... in milliseconds)."""
    drawn = watched["drawn"]
    if len(drawn) < 2:
        raise FerError("too_few_frames", "--seconds")
    delays = [each["drawn"] - each["captured"] for each in drawn]
    parts = {
        "encode": [each["encoded"] - each["captured"] for each in drawn],
        "transport": [each["heard"] - each["encoded"] - each["server"] for each in drawn],
        "server": [each["server"] for each in drawn],
        "draw": [each["drawn"] - each["heard"] for each in drawn],
    }
    span = (drawn[-1]["drawn"] - drawn[0]["drawn"]) / 1000
    return {
        "seconds": round(span, 1),
        "frames_read": len(drawn),
        "faces_a_frame": round(float(np.mean([each["faces"] for each in drawn])), 2),
        "frames_a_second": round((len(drawn) - 1) / span, 2),
        "delay_ms": {"median": round(float(np.median(delays)), 1), "p95": round(float(np.percentile(delays, 95)), 1)},
        "distinct_frames_read": round(distinct_share(watched), 4),
        "where_ms": {name: round(float(np.median(each)), 1) for name, each in parts.items()},
    }


def distinct_share(watched: dict) -> float:
    """The share of the camera's distinct frames, between the first and the last one read, that was read."""
    pictures = dict(map(unpacked, watched["sent"]))
    numbers = [number_of(np.asarray(pictures[each["sent"]])) for each in watched["drawn"] if each["sent"] in pictures]
    steps = [(later - before) % FRAMES for before, later in pairwise(numbers)]
    return sum(step > 0 for step in steps) / max(sum(steps), 1)


def unpacked(message: str) -> tuple[float, Image.Image]:
    """A sent frame's time and picture."""
    data = base64.b64decode(message)
    return float(np.frombuffer(data[:8], "<f8")[0]), Image.open(io.BytesIO(data[8:])).convert("RGB")


def alone(analyzer: FaceAnalyzer, rounds: int) -> dict[str, float]:
    """Milliseconds of the server's steps by themselves, without the browser."""
    frame = Image.fromarray(next(moving_faces(1, 1)))
    file = io.BytesIO()
    frame.save(file, "JPEG", quality=80)
    crops = [crop_face(frame, detect_small(analyzer, np.asarray(frame), SIDE)[0])]
    steps = {
        "open the picture": lambda: np.asarray(open_photo(io.BytesIO(file.getvalue()))),
        "find faces": lambda: detect_small(analyzer, np.asarray(frame), SIDE),
        "read 1 face": lambda: analyzer.scores(crops),
        "read 4 faces": lambda: analyzer.scores(crops * 4),
    }
    return {name: round(1000 * seconds, 1) for name, seconds in interleaved(steps, rounds).items()}


def verdict(runs: list[dict]) -> dict[str, bool | None]:
    """Whether one face keeps each limit, at the camera's rate to which it applies; None if that was not measured."""
    ones = {run["camera_frames_a_second"]: run for run in runs if run["faces"] == 1}
    slow, fast = ones.get(10), ones.get(30)
    return {
        "frames_a_second": fast and fast["frames_a_second"] >= LIMITS["frames_a_second"],
        "delay_ms": slow and slow["delay_ms"]["p95"] <= LIMITS["delay_ms"],
        "distinct_frames_read": slow and slow["distinct_frames_read"] >= LIMITS["distinct_frames_read"],
    }


def plot(runs: list[dict], path: Path) -> None:
    """How the time of a frame is spent, run by run."""
    names = [f"{run['faces']} face{'s' * (run['faces'] > 1)}, {run['camera_frames_a_second']} a second" for run in runs]
    with figure(path, 8, 1.2 + 0.6 * len(runs)) as axes:
        left = np.zeros(len(runs))
        for part, colour in PARTS.items():
            widths = np.array([run["where_ms"][part] for run in runs])
            axes.barh(names, widths, left=left, color=colour, height=0.6, label=part)
            left += widths
        for place, run in enumerate(runs):
            text = f" {run['frames_a_second']:.1f} read a second; 95 % within {run['delay_ms']['p95']:.0f} ms"
            axes.text(left[place], place, text, va="center", fontsize=8)
        axes.axvline(LIMITS["delay_ms"], color="black", linestyle=":", label="limit")
        axes.set(xlabel="milliseconds from capture to drawn, medians", xlim=(0, 1.9 * max(*left, LIMITS["delay_ms"])))
        axes.invert_yaxis()
        axes.legend(loc="lower right", fontsize=8)


def measure(model: str, faces: list[int], rates: list[int], seconds: float) -> list[dict]:
    """Start the page once, and a browser for each run."""
    with started_page(model) as (url, pid):
        server = psutil.Process(pid)
        return [one_run(url, server, count, rate, seconds) for count in faces for rate in rates]


def main(argv: list[str]) -> None:
    parser = record.bare_parser("benchmarks.live", __doc__, model=True)
    parser.add_argument("--seconds", type=float, default=30.0, help="a run (default: %(default)s)")
    parser.add_argument("--faces", type=int, nargs="+", default=[1, 4], choices=(1, 4), help="(default: 1 4)")
    parser.add_argument("--rates", type=int, nargs="+", default=[10, 30], help="the camera's (default: 10 30)")
    parser.add_argument("--rounds", type=int, default=20, help="of each step alone (default: %(default)s)")
    arguments = parser.parse_args(argv)
    runs = measure(arguments.model, arguments.faces, arguments.rates, arguments.seconds)
    results = {
        "camera": {"width": WIDTH, "height": HEIGHT},
        "runs": runs,
        "alone_ms": alone(FaceAnalyzer.from_pretrained(arguments.model), arguments.rounds),
        "limits": LIMITS,
        "met": verdict(runs),
    }
    plot(runs, record.path_of("benchmarks.live", ".png"))
    for run in runs:
        print({name: run[name] for name in ("faces", "camera_frames_a_second", "frames_a_second", "delay_ms")})
    record.keep("benchmarks.live", results)


if __name__ == "__main__":
    record.run(main)
