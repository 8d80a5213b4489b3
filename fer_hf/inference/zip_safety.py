"""Zip archives of photos, treated as hostile until they are checked.

    with open_zip(path) as archive:
        for entry, refusal in check_entries(archive):
            data = None if refusal else read_entry(archive, entry)

Nothing is unpacked to the disk.
"""

import mmap
import re
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from fer_hf.errors import FerError
from fer_hf.inference.image_io import MAX_BYTES

MAX_ARCHIVE = 200 * 2**20  # bytes of a zip file
MAX_EXPANDED = 1024 * 2**20  # bytes of all photos in one zip together
MAX_ENTRIES = 10_000  # in the table of contents, folders and system files included
MAX_RATIO = 200  # of a photo's size to its compressed size; flat drawings stored as BMP reach about 100
SMALL = 2**20  # bytes; MAX_RATIO does not apply to smaller photos
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others expand without a limit on memory
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".jar")
SYSTEM_FILES = ("Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX")  # added by Windows and macOS, like names in "._"


def is_zip(path: Path) -> bool:
    """Whether the file begins like a zip; False for a file that cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")  # the latter is an empty archive
    except OSError:
        return False


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open an archive whose size and number of entries are within the limits.

    Raises:
        FerError: they are not, or the archive is damaged.
    """
    if path.stat().st_size > MAX_ARCHIVE:
        raise FerError("archive_too_large", path, megabytes=MAX_ARCHIVE // 2**20)
    # zipfile reads the whole table of contents at once, however long it is and whatever length the archive states.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if sum(1 for _ in re.finditer(rb"PK\x01\x02", content)) > MAX_ENTRIES:
            raise FerError("archive_too_many_entries", path, entries=MAX_ENTRIES)
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises its own, zlib's, the disk's and struct's errors on hostile bytes
        raise FerError("archive_damaged", path) from error


def check_entries(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, FerError | None]]:
    """The archive's files, each with the reason why it is refused, or None. Folders and system files are skipped.

    zipfile never expands an entry beyond its stated size, so the stated sizes can be trusted.
    """
    entries, expanded = [], 0
    for entry in archive.infolist():
        if entry.is_dir() or any(part in SYSTEM_FILES or part.startswith("._") for part in entry.filename.split("/")):
            continue
        refusal = _refusal(entry)
        if not refusal and expanded + entry.file_size > MAX_EXPANDED:
            refusal = FerError("archive_expands_too_much", megabytes=MAX_EXPANDED // 2**20)
        if not refusal:
            expanded += entry.file_size
        entries.append((entry, refusal))
    return entries


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """The bytes of an entry.

    Raises:
        FerError: the entry is damaged.
    """
    try:
        with archive.open(entry) as file:
            return file.read(MAX_BYTES + 1)
    except Exception as error:  # see open_zip
        raise FerError("entry_damaged", entry.filename) from error


def _refusal(entry: zipfile.ZipInfo) -> FerError | None:
    """Why an entry is not even opened; None if it may be."""
    path, windows = PurePosixPath(entry.filename), PureWindowsPath(entry.filename)
    if path.is_absolute() or windows.anchor or ".." in windows.parts:
        return FerError("entry_path")
    if stat.S_ISLNK(entry.external_attr >> 16):
        return FerError("entry_link")
    if path.suffix.lower() in ARCHIVES:
        return FerError("entry_archive")
    if entry.flag_bits & 1:
        return FerError("entry_locked")
    if entry.compress_type not in METHODS:
        return FerError("entry_method")
    if entry.file_size > MAX_BYTES:
        return FerError("file_too_large", megabytes=MAX_BYTES // 2**20)
    if entry.file_size > max(SMALL, MAX_RATIO * entry.compress_size):
        return FerError("entry_expands_too_much", times=MAX_RATIO)
    return None
