"""Writing files so that they are whole or not there: a temporary name first, then a rename."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from fer_hf.errors import FerError


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` if the block succeeds, else remove it.

    Raises:
        FerError: the folder cannot be written or the disk is full.
    """
    path = Path(path)
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=f"{path.name}.tmp", delete=False) as handle:
            temporary = Path(handle.name)
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise FerError("file_unwritable", path, reason=error.strerror or error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def make_folder(path: str | Path) -> Path:
    """Make the folder `path`, and those above it, where they are missing.

    Raises:
        FerError: it cannot be made or written to.
    """
    path = Path(path)
    try:
        path.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=path, prefix=".", suffix=".tmp"):
            pass
    except OSError as error:
        raise FerError("file_unwritable", path, reason=error.strerror or error) from error
    return path


def write_text(path: str | Path, text: str) -> None:
    """Write `text` as UTF-8, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | Path, value: object) -> None:
    """Write `value` as indented JSON with a closing newline, whole or not at all."""
    write_text(path, json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def sha256_of(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise FerError("file_unreadable", path, reason=error.strerror) from error


def percent(share: float) -> str:
    """A share from 0 to 1 as text: "93 %"."""
    return f"{100 * share:.0f} %"


def printable(name: str) -> str:
    """A file name as text that does not command a terminal: what cannot be printed is replaced."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
