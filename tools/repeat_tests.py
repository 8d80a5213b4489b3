"""Run tests many times while another job keeps every core busy, and tell which ones fail at times.

python -m tools.repeat_tests [tests/test_x.py ...] [--times 20]

Without names it takes every test file that starts processes, sends signals, opens sockets or drives a browser.
"""

import argparse
import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
FRAGILE = re.compile(r"\b(subprocess|signal|socket|threading|multiprocessing|torchrun|served|visit|browser)\b")


def fragile_files() -> list[str]:
    """The test files whose outcome may depend on how busy the machine is."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [path.relative_to(ROOT).as_posix() for path in files if FRAGILE.search(path.read_text(encoding="utf-8"))]


@contextlib.contextmanager
def busy_cores(cores: int) -> Iterator[None]:
    """Keep this many cores busy until the block ends."""
    jobs = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores)]
    try:
        yield
    finally:
        for job in jobs:
            job.kill()
            job.wait()


def failures(tests: list[str]) -> list[str]:
    """Run the tests once, in one process; return the names of those that failed, or the reason why none ran."""
    with tempfile.TemporaryFile("w+") as output:  # a pipe would be kept open by what a failed test leaves behind
        command = [sys.executable, "-m", "pytest", "-q", "-rfE", "-p", "no:cacheprovider", *tests]
        done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, check=False)
        output.seek(0)
        text = output.read()
    names = re.findall(r"^(?:FAILED|ERROR) (\S+)", text, re.MULTILINE)
    if done.returncode:
        print(text, file=sys.stderr)
    return names or ([f"pytest ended with exit code {done.returncode}"] if done.returncode else [])


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.repeat_tests", description=__doc__.split("\n\n")[0], allow_abbrev=False
    )
    parser.add_argument("tests", nargs="*", help="test files or names (default: all that may depend on the load)")
    parser.add_argument("--times", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--cores", type=int, default=os.cpu_count(), help="cores to keep busy (default: all)")
    arguments = parser.parse_args(argv)
    failed = 0
    with busy_cores(arguments.cores):
        for test in arguments.tests or fragile_files():
            counts = Counter(name for _ in range(arguments.times) for name in failures([test]))
            print(f"{test}: {arguments.times} times, {sum(counts.values())} failures", flush=True)
            print("".join(f"  {name}: {count}\n" for name, count in counts.items()), end="", flush=True)
            failed += sum(counts.values())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
