"""How soon the page answers after `python app.py`, and in how much memory. Part of `python -m benchmarks.speed`."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import psutil
from gradio_client import Client, handle_file
from PIL import Image

from fer_hf.errors import FerError

ROOT = Path(__file__).parents[1]
STARTS = 3
PATIENCE = 120  # seconds after which a page that does not answer is given up
SECONDS_LIMIT = 15.0  # from start to the first photo read
GIGABYTES_LIMIT = 1.5  # resident, after the photos


def measure(model: str, photos: list[Image.Image]) -> dict:
    """Start the page several times, and let it read all `photos` each time."""
    with TemporaryDirectory() as folder:
        files = [str(Path(folder) / f"{number}.png") for number in range(len(photos))]
        for photo, file in zip(photos, files, strict=True):
            photo.save(file)
        starts = [one_start(model, files) for _ in range(STARTS)]
    page, answer, memory = (median(each) for each in zip(*starts, strict=True))
    return {
        "page_seconds": round(page, 2),
        "first_answer_seconds": round(answer, 2),
        "resident_gigabytes": round(memory, 3),
        "limits": {"first_answer_seconds": SECONDS_LIMIT, "resident_gigabytes": GIGABYTES_LIMIT},
        "met": answer <= SECONDS_LIMIT and memory <= GIGABYTES_LIMIT,
        "starts": STARTS,
    }


def one_start(model: str, files: list[str]) -> tuple[float, float, float]:
    """Seconds to the page, seconds to the first photo read, resident gigabytes after all photos."""
    started = time.perf_counter()
    with started_page(model) as (url, pid):
        page = time.perf_counter() - started
        client = Client(url, verbose=False)
        client.predict(handle_file(files[0]), api_name="/read_photo")
        answer = time.perf_counter() - started
        for file in files[1:]:
            client.predict(handle_file(file), api_name="/read_photo")
        return page, answer, resident_gigabytes(pid)


@contextmanager
def started_page(model: str) -> Iterator[tuple[str, int]]:
    """The address and the process of `python app.py` on loopback, once it is served; it ends with the block."""
    port = free_port()
    settings = {"FER_MODEL": model, "GRADIO_SERVER_NAME": "127.0.0.1", "GRADIO_SERVER_PORT": str(port)}
    command = [sys.executable, "app.py"]
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | settings, stdout=subprocess.DEVNULL)
    try:
        wait_for(url := f"http://127.0.0.1:{port}", process)
        yield url, process.pid
    finally:
        process.terminate()
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url: str, process: subprocess.Popen) -> None:
    """Wait until the page is served.

    Raises:
        FerError: the program ended, or did not answer for two minutes.
    """
    give_up = time.perf_counter() + PATIENCE
    while time.perf_counter() < give_up:
        if process.poll() is not None:
            raise FerError("page_ended", "app.py", status=process.returncode)
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)
    raise FerError("page_late", "app.py", seconds=PATIENCE)


def resident_gigabytes(pid: int) -> float:
    """Resident memory of a process and its children."""
    process = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (process, *process.children(recursive=True))) / 1e9
