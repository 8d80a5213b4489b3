"""The public record of how often PrivateTest was used, and for which weights."""

import json
from datetime import date
from pathlib import Path

from fer_hf.errors import FerError
from fer_hf.evaluation.views import CROP
from fer_hf.heads import VOTES
from fer_hf.io import write_json


def log_test_evaluation(path: Path, sha256: str, accuracy: float, views: int = 1, head: str = VOTES) -> None:
    """Add date, weights, views, head and accuracy to the log at `path`, unless it has these weights, views and head.

    Raises:
        FerError: the file exists and is not such a log.
    """
    log = read_log(path)
    entry = {"sha256": sha256, "views": views, "crop": CROP if views > 2 else None, "head": head}
    if not any(entry.items() <= ({"head": VOTES} | logged).items() for logged in log):
        log.append({"date": date.today().isoformat(), **entry, "accuracy": accuracy})
        write_json(path, log)
        print(f"{path}: PrivateTest has now been evaluated {len(log)} times")


def read_log(path: Path) -> list[dict]:
    """The entries of a log of test evaluations; none where the file does not exist yet."""
    if not path.exists():
        return []
    try:
        log = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FerError("test_log_broken", path) from error
    if not isinstance(log, list) or not all(isinstance(entry, dict) for entry in log):
        raise FerError("test_log_broken", path)
    return log
