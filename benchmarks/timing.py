"""Measuring side by side: what is compared runs in turn, so that a busy moment of the machine hits all of it alike."""

import time
from collections.abc import Callable
from statistics import median

from tqdm import tqdm

WARM_UPS = 2  # rounds that do not count: caches fill, threads start


def interleaved(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median seconds of each task over `rounds`, in each of which every task runs once."""
    seconds = {name: [] for name in tasks}
    for number in tqdm(range(WARM_UPS + rounds), desc="timing", unit="round"):
        for name, task in tasks.items():
            started = time.perf_counter()
            task()
            if number >= WARM_UPS:
                seconds[name].append(time.perf_counter() - started)
    return {name: median(each) for name, each in seconds.items()}


def against(seconds: float, reference: float, limit: float | None) -> dict:
    """A time as a ratio to the reference's, and whether it keeps the limit."""
    ratio = seconds / reference
    return {
        "milliseconds": round(1000 * seconds, 2),
        "ratio": round(ratio, 4),
        "limit": limit,
        "met": None if limit is None else ratio <= limit,
    }
