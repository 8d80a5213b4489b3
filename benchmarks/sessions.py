"""Do ten people at once get their own answers, for as long as they stay? Live sessions and people with photos.

    python -m benchmarks.sessions [--seconds 120] [--model M]

The page is started as `python app.py`, on loopback, and stopped at the end. Two sessions send ten live frames per
second over a WebSocket; the others send a photo every three seconds by the very request that the browser makes. Each
session has a picture of a size and a number of faces that no other has, and every answer is compared with both. The
server's memory is read each second; its slope is fitted to what comes after the first minute.
"""

import json
import threading
import time
from pathlib import Path

import numpy as np

from benchmarks import record
from benchmarks.page_speed import resident_gigabytes, started_page
from benchmarks.visitors import PATIENCE, LiveVisitor, PhotoVisitor, Session
from fer_hf.evaluation.plots import figure

LIVE, PHOTOS = 2, 8
SETTLED = 60.0  # seconds after which the memory should be flat
FLAT = 10.0  # megabytes per minute that count as flat


def watch(pid: int, end: float) -> list[tuple[float, float]]:
    """The server's memory each second: seconds since now, resident megabytes."""
    started, samples = time.monotonic(), []
    while time.monotonic() < end:
        samples.append((time.monotonic() - started, 1000 * resident_gigabytes(pid)))
        time.sleep(1)
    return samples


def measure(url: str, pid: int, seconds: float) -> dict:
    """Let all visitors come at once and stay for `seconds`."""
    end = time.monotonic() + seconds
    started = time.monotonic()
    kinds = [LiveVisitor] * LIVE + [PhotoVisitor] * PHOTOS
    visitors = [kind(number, url, end) for number, kind in enumerate(kinds)]
    threads = [threading.Thread(target=visitor.run, daemon=True) for visitor in visitors]
    for thread in threads:
        thread.start()
    memory = watch(pid, end)
    for thread in threads:
        thread.join(2 * PATIENCE)
    late = sum(thread.is_alive() for thread in threads)
    return figures(visitors, memory, late) | {"memory": memory, "answers": answers(visitors, started)}


def figures(visitors: list[Session], memory: list[tuple[float, float]], late: int) -> dict:
    """What is reported: errors, mixed-up answers, answer times, and the memory's slope once it should have settled."""
    errors = [error for visitor in visitors for error in visitor.errors] + ["never came to its end"] * late
    settled = np.array([sample for sample in memory if sample[0] >= min(SETTLED, memory[-1][0] / 2)])
    slope = 60 * float(np.polyfit(settled[:, 0], settled[:, 1], 1)[0]) if len(settled) > 1 else 0.0
    mixed = sum(visitor.mixed for visitor in visitors)
    silent = sum(not visitor.answers for visitor in visitors)
    return {
        "errors": errors,
        "mixed_up": mixed,
        "sessions_without_an_answer": silent,
        "seconds_to_answer": {
            "live": spread([visitor for visitor in visitors if isinstance(visitor, LiveVisitor)]),
            "photo": spread([visitor for visitor in visitors if isinstance(visitor, PhotoVisitor)]),
        },
        "megabytes": {
            "start": round(memory[0][1], 1),
            "end": round(memory[-1][1], 1),
            "most": round(max(size for _, size in memory), 1),
            "slope_a_minute": round(slope, 2),
            "fitted_to_seconds": len(settled),
            "limit": FLAT,
        },
        "met": not errors and not mixed and not silent and abs(slope) <= FLAT,
    }


def spread(visitors: list[Session]) -> dict:
    """How many answers, and how long they took."""
    seconds = [took for visitor in visitors for _, took in visitor.answers]
    if not seconds:
        return {"answers": 0}
    median, late, most = np.percentile(seconds, (50, 95, 100)).round(3).tolist()
    return {"answers": len(seconds), "median": median, "percentile_95": late, "most": most}


def answers(visitors: list[Session], started: float) -> dict[str, list]:
    """Each answer's time since the start and the seconds that it took, for the picture."""
    rows = {"live": [], "photo": []}
    for visitor in visitors:
        kind = "live" if isinstance(visitor, LiveVisitor) else "photo"
        rows[kind] += [(round(came - started, 2), round(took, 3)) for came, took in visitor.answers]
    return rows


def draw(results: dict, path: Path) -> None:
    """Memory over time, and when each answer came and how long it took."""
    with figure(path, 8, 4) as axes:
        axes.plot(*zip(*results["memory"], strict=True), color="#0072B2")
        axes.set(xlabel="seconds", ylabel="the server's memory, MB (line)", ylim=(0, None))
        right = axes.twinx()
        for kind, colour in (("live", "#56B4E9"), ("photo", "#D55E00")):
            if results["answers"][kind]:
                right.plot(*zip(*results["answers"][kind], strict=True), ".", color=colour, markersize=4, label=kind)
        right.set(ylabel="seconds to an answer (dots)", ylim=(0, None))
        right.legend(loc="upper left")
        slope = results["megabytes"]["slope_a_minute"]
        axes.set_title(f"{LIVE + PHOTOS} sessions at once; memory {slope:+.1f} MB a minute at the end", fontsize=10)


def main(argv: list[str]) -> None:
    parser = record.bare_parser("benchmarks.sessions", __doc__, model=True)
    parser.add_argument("--seconds", type=float, default=120.0, help="they stay (default: %(default)g)")
    arguments = parser.parse_args(argv)
    with started_page(arguments.model) as (url, pid):
        results = measure(url, pid, arguments.seconds)
    print(json.dumps({key: value for key, value in results.items() if key not in ("memory", "answers")}, indent=2))
    draw(results, record.path_of("benchmarks.sessions", ".png"))
    results |= {"memory": [[round(value, 1) for value in row] for row in results["memory"]]}
    del results["answers"]
    record.keep("benchmarks.sessions", {"live": LIVE, "photos": PHOTOS, "seconds": arguments.seconds} | results)


if __name__ == "__main__":
    record.run(main)
