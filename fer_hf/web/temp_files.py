"""Keeping the promise on the page: what people send is deleted with their session, at the latest after four minutes.

The page sends a photo as data and nothing of it touches the disk. Videos, sets of photos and what `gradio_client` sends
are files. They lie in a folder of this process alone, which goes when the process ends.
"""

import os
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from fer_hf.io import make_folder

FREQUENCY, AGE = 60, 180  # seconds: every minute, what is older than three


class Uploads:
    """A folder of uploaded files and which open session sent which.

    Gradio names an upload by its content, so that two sessions which send the same photo share one file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._of_session: dict[str, set[Path]] = defaultdict(set)
        self._lock = threading.Lock()

    def add(self, session: str, path: Path) -> None:
        """Note that a session sent a file."""
        with self._lock:
            self._of_session[session].add(path)

    def receive(self, session: str, path: object) -> Path | None:
        """Note the upload that a browser says it has made at `path`; None if there is no such upload.

        What a browser says is not to be trusted: only files in the folder are.
        """
        with suppress(OSError, ValueError, TypeError):
            found = Path(path).resolve()
            if found.is_relative_to(self.folder.resolve()) and found.is_file():
                self.add(session, found)
                return found
        return None

    def keep(self, paths: Iterable[Path]) -> None:
        """Make files that are still needed young again, so that neither our sweep nor Gradio's takes them."""
        for path in paths:
            with suppress(OSError):
                os.utime(path)

    def keep_young(self, session: str) -> None:
        """Keep all files of a session that is still at work."""
        with self._lock:
            self.keep(self._of_session.get(session, ()))

    def drop(self, session: str, paths: Iterable[Path]) -> None:
        """Delete those of the files that this session made and no other open session did."""
        with self._lock:
            mine = self._of_session.get(session, set())
            files = mine.intersection(paths)
            mine -= files
            self._remove_unshared(files)

    def forget(self, session: str) -> None:
        """Delete the files that this session sent and no other open session did."""
        with self._lock:
            self._remove_unshared(self._of_session.pop(session, set()))

    def sweep(self, age: float = AGE) -> None:
        """Delete all files older than `age` seconds, also those that Gradio lost sight of (broken uploads)."""
        for path in list(self.folder.rglob("*")):
            with suppress(FileNotFoundError):
                if path.is_file() and time.time() - path.stat().st_ctime > age:
                    self._remove(path)

    def sweep_for_ever(self) -> None:
        """Sweep every minute in the background until the process ends."""

        def loop() -> None:
            while True:
                time.sleep(FREQUENCY)
                self.sweep()

        threading.Thread(target=loop, name="sweep", daemon=True).start()

    def _remove_unshared(self, files: set[Path]) -> None:
        for path in files.difference(*self._of_session.values()):
            self._remove(path)

    def _remove(self, path: Path) -> None:
        """Delete a file, and its folder once that is empty: Gradio gives each upload one, named by its hash."""
        with suppress(OSError):
            path.unlink(missing_ok=True)
            if path.parent != self.folder:
                path.parent.rmdir()


@contextmanager
def private_folder() -> Iterator[Path]:
    """Give Gradio a new folder for all its files, and remove it with everything in it at the end.

    Raises:
        FerError: GRADIO_TEMP_DIR names a folder that cannot be made or written to.
    """
    before = os.environ.get("GRADIO_TEMP_DIR")
    if before:
        make_folder(before)
    with tempfile.TemporaryDirectory(prefix="fer-hf-", dir=before, ignore_cleanup_errors=True) as folder:
        os.environ["GRADIO_TEMP_DIR"] = folder
        try:
            yield Path(folder)
        finally:
            os.environ.pop("GRADIO_TEMP_DIR") if before is None else os.environ.update(GRADIO_TEMP_DIR=before)
