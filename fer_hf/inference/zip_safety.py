"""Zip archives of photos, hostile until looked at.

    with open_zip(path) as archive:
        for entry, refusal in look_through(archive):
            data = refusal or expand(archive, entry)

Nothing is unpacked onto the disk.
"""

import mmap
import re
import stat
import zipfile
from pathlib import Path, PurePosixPath, PureWindowsPath

from fer_hf.errors import FerError
from fer_hf.inference.image_io import MAX_BYTES

MAX_ARCHIVE = 200 * 2**20  # bytes of a zip file
MAX_EXPANDED = 1024 * 2**20  # bytes of all photos of one zip together
MAX_ENTRIES = 10_000  # in a zip's table of contents, folders and by-files included
MAX_RATIO = 200  # of a photo's bytes to those it takes in the zip; flat drawings as BMP reach about 100
SMALL = 2**20  # bytes; a photo below this may shrink as it likes
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others expand without a bound on memory
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".jar")
BY_FILES = ("Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX")  # what systems add unasked, and names in "._"


def is_zip(path: Path) -> bool:
    """Whether the file begins as a zip does; a file that cannot be read is none."""
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")  # the latter is an empty one
    except OSError:
        return False


def open_zip(path: Path) -> zipfile.ZipFile:
    """Open an archive whose size and table of contents are within the limits.

    Raises:
        FerError: they are not, or the archive is damaged.
    """
    if path.stat().st_size > MAX_ARCHIVE:
        raise FerError(f"{path}: the archive is larger than {MAX_ARCHIVE // 2**20} MB")
    # zipfile reads the whole table of contents at once, as long as it may be, whatever length the archive states.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if sum(1 for _ in re.finditer(rb"PK\x01\x02", content)) > MAX_ENTRIES:
            raise FerError(f"{path}: the archive holds more than {MAX_ENTRIES} entries")
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # zipfile raises its own, zlib's, the disk's and struct's errors on hostile bytes
        raise FerError(f"{path}: the archive is damaged") from error


def look_through(archive: zipfile.ZipFile) -> list[tuple[zipfile.ZipInfo, str]]:
    """The archive's files, each with why it is refused, or with nothing. Folders and by-files are passed over.

    zipfile never expands an entry beyond its stated size, so that the stated sizes can be trusted.
    """
    found, expanded = [], 0
    for entry in archive.infolist():
        if entry.is_dir() or any(part in BY_FILES or part.startswith("._") for part in entry.filename.split("/")):
            continue
        refusal = _refusal(entry)
        if not refusal and expanded + entry.file_size > MAX_EXPANDED:
            refusal = f"the archive's photos are larger than {MAX_EXPANDED // 2**20} MB together"
        if not refusal:
            expanded += entry.file_size
        found.append((entry, refusal))
    return found


def expand(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """An entry's bytes.

    Raises:
        FerError: it is damaged.
    """
    try:
        with archive.open(entry) as file:
            return file.read(MAX_BYTES + 1)
    except Exception as error:  # see open_zip
        raise FerError(f"{entry.filename}: damaged in the archive") from error


def _refusal(entry: zipfile.ZipInfo) -> str:
    """Why an entry is not even looked at; empty if it is."""
    path, windows = PurePosixPath(entry.filename), PureWindowsPath(entry.filename)
    if path.is_absolute() or windows.anchor or ".." in windows.parts:
        return "its path leads out of the archive"
    if stat.S_ISLNK(entry.external_attr >> 16):
        return "a link, not a photo"
    if path.suffix.lower() in ARCHIVES:
        return "an archive inside an archive"
    if entry.flag_bits & 1:
        return "it is locked with a password"
    if entry.compress_type not in METHODS:
        return "packed by a method that is not read here"
    if entry.file_size > MAX_BYTES:
        return f"larger than {MAX_BYTES // 2**20} MB"
    if entry.file_size > max(SMALL, MAX_RATIO * entry.compress_size):
        return f"it expands more than {MAX_RATIO} times"
    return ""
