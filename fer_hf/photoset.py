"""Many photos at once: files and zip archives in; every face, every failure and its reason out.

    for progress in read_photos(reader, ["a.jpg", "holiday.zip"]):
        print(progress.done, "of", progress.total)
    progress.result.csv(), progress.result.counts(), progress.result.failures

An archive is read in memory, picture by picture: nothing of it is unpacked onto the disk, so that no name in it can
reach out of a folder.
"""

import io
import mmap
import re
import stat
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath

from PIL import Image

from fer_hf.errors import FerError
from fer_hf.faces import crop_face
from fer_hf.labels import LABELS
from fer_hf.photos import MAX_BYTES, open_photo
from fer_hf.predict import Face, Reader, Reading
from fer_hf.spreadsheet import csv_text

MAX_PHOTOS = 500
MAX_ARCHIVE = 200 * 2**20  # bytes of a zip file
MAX_EXPANDED = 1024 * 2**20  # bytes of all photos of one zip together
MAX_RATIO = 200  # of a photo's bytes to those it takes in the zip; flat drawings as BMP reach about 100
SMALL = 2**20  # bytes; a photo below this may shrink as it likes
MAX_ENTRIES = 20 * MAX_PHOTOS  # in a zip's table of contents, folders and by-files included
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the others expand without a bound on memory
ARCHIVES = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".jar")
BY_FILES = ("Thumbs.db", "desktop.ini", ".DS_Store", "__MACOSX")  # what systems add unasked, and names in "._"
THUMBNAIL = 96  # pixels a side
CSV_COLUMNS = ("file", "width", "height", "face", "x1", "y1", "x2", "y2", "label", "confidence", *LABELS)


@dataclass(frozen=True)
class Failure:
    """A photo that could not be read, and why, in one line."""

    file: str
    reason: str


@dataclass(frozen=True)
class FoundFace:
    """A face in one of the photos."""

    file: str
    number: int  # in its photo, 1 is the largest
    face: Face
    thumbnail: bytes  # JPEG, THUMBNAIL pixels a side


@dataclass
class PhotoSet:
    """What was read in all photos."""

    photos: list[tuple[str, Reading]] = field(default_factory=list)  # in the order they came
    failures: list[Failure] = field(default_factory=list)
    faces: list[FoundFace] = field(default_factory=list)

    def by_emotion(self) -> list[FoundFace]:
        """All faces, in the order of LABELS, the surest of each first."""
        return sorted(self.faces, key=lambda found: (LABELS.index(found.face.label), -found.face.confidence))

    def counts(self) -> dict[str, int]:
        """Faces of each expression, and of photos: read, without a face, failed."""
        labels = Counter(found.face.label for found in self.faces)
        return {name: labels[name] for name in LABELS} | {
            "photos": len(self.photos),
            "without_face": sum(not reading.faces for _, reading in self.photos),
            "failed": len(self.failures),
        }

    def to_json(self) -> dict:
        """Readings as `predict --json` writes them, counts, and failures."""
        return {
            "photos": [reading.to_json(file) for file, reading in self.photos],
            "counts": self.counts(),
            "failures": [{"file": failure.file, "reason": failure.reason} for failure in self.failures],
        }

    def csv(self) -> str:
        """A row a face, in CSV_COLUMNS; a photo without a face has one row with empty cells."""
        return csv_text(CSV_COLUMNS, (row for file, reading in self.photos for row in _rows(file, reading)))


@dataclass(frozen=True)
class PhotoSetProgress:
    """How far the reading is."""

    done: int  # photos, failed ones included
    total: int
    left: float | None  # seconds that it will still take, by what it took so far
    result: PhotoSet | None = None  # with the last progress


@dataclass(frozen=True)
class _Source:
    """One photo to be read: a file, or an entry of an open archive."""

    name: str  # for people
    path: Path
    archive: zipfile.ZipFile | None = None
    entry: zipfile.ZipInfo | None = None

    def open(self) -> Image.Image:
        if self.archive is None:
            return open_photo(self.path)
        data = io.BytesIO(self._expand())
        data.name = self.name
        return open_photo(data)

    def _expand(self) -> bytes:
        try:
            with self.archive.open(self.entry) as file:
                return file.read(MAX_BYTES + 1)
        except Exception as error:  # zipfile raises its own, zlib's, the disk's and struct's errors on hostile bytes
            raise FerError(f"{self.name}: damaged in the archive") from error


def read_photos(reader: Reader, files: Sequence[str | Path]) -> Iterator[PhotoSetProgress]:
    """Read photos and zip archives of photos one by one; one that fails is listed and stops nothing.

    Raises:
        FerError: there is nothing to read, or there are more than MAX_PHOTOS files.
    """
    if not files:
        raise FerError("photos: expected at least one file")
    if len(files) > MAX_PHOTOS:
        raise FerError(f"photos: expected at most {MAX_PHOTOS} files, got {len(files)}")
    result, began = PhotoSet(), time.monotonic()
    with ExitStack() as stack:
        sources = _sources(files, result.failures, stack)
        refused = len(result.failures)
        total = refused + len(sources)
        for done, source in enumerate(sources, start=1):
            _read(reader, source, result)
            spent = time.monotonic() - began
            yield PhotoSetProgress(refused + done, total, spent / done * (len(sources) - done))
    yield PhotoSetProgress(total, total, 0.0, result)


def _read(reader: Reader, source: _Source, result: PhotoSet) -> None:
    try:
        photo = source.open()
    except FerError as error:
        result.failures.append(Failure(source.name, _without_file(error, source.path, source.name)))
        return
    reading = reader.read(photo)
    result.photos.append((source.name, reading))
    for number, face in enumerate(reading.faces, start=1):
        result.faces.append(FoundFace(source.name, number, face, _thumbnail(crop_face(photo, face.detection))))


def _thumbnail(crop: Image.Image) -> bytes:
    file = io.BytesIO()
    crop.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0).save(file, "JPEG", quality=85)
    return file.getvalue()


def _without_file(error: FerError, *names: object) -> str:
    """An error's line without the file that it begins with: the list of failures names it already."""
    line = str(error)
    for name in names:
        line = line.removeprefix(f"{name}: ")
    return line


def _rows(file: str, reading: Reading) -> Iterable[list]:
    head = [file, reading.width, reading.height]
    for number, face in enumerate(reading.faces, start=1):
        scores = [round(score, 6) for score in face.scores.values()]
        yield [*head, number, *face.box, face.label, round(face.confidence, 6), *scores]
    if not reading.faces:
        yield head + [""] * (len(CSV_COLUMNS) - len(head))


def _sources(files: Sequence[str | Path], failures: list[Failure], stack: ExitStack) -> list[_Source]:
    """At most MAX_PHOTOS photos of files and archives; what cannot be one goes to `failures`."""
    sources = []
    for path in map(Path, files):
        name = _printable(path.name)
        if not _is_zip(path):
            sources.append(_Source(name, path))
            continue
        try:
            archive = stack.enter_context(_open_zip(path))
        except FerError as error:
            failures.append(Failure(name, _without_file(error, path)))
            continue
        sources += _entries(path, archive, failures)
    failures += [Failure(source.name, f"more than {MAX_PHOTOS} photos") for source in sources[MAX_PHOTOS:]]
    return sources[:MAX_PHOTOS]


def _is_zip(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) in (b"PK\x03\x04", b"PK\x05\x06")  # the latter is an empty one
    except OSError:
        return False  # opening it as a photo says what is wrong


def _open_zip(path: Path) -> zipfile.ZipFile:
    if path.stat().st_size > MAX_ARCHIVE:
        raise FerError(f"{path}: the archive is larger than {MAX_ARCHIVE // 2**20} MB")
    # zipfile reads the whole table of contents at once, as long as it may be, whatever length the archive states.
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if sum(1 for _ in re.finditer(rb"PK\x01\x02", content)) > MAX_ENTRIES:
            raise FerError(f"{path}: the archive holds more than {MAX_ENTRIES} entries")
    try:
        return zipfile.ZipFile(path)
    except Exception as error:  # see _Source._expand
        raise FerError(f"{path}: the archive is damaged") from error


def _entries(path: Path, archive: zipfile.ZipFile, failures: list[Failure]) -> list[_Source]:
    """The archive's photos. zipfile never expands an entry beyond its stated size, so that this can be trusted."""
    sources, expanded = [], 0
    for entry in archive.infolist():
        if entry.is_dir() or any(part in BY_FILES or part.startswith("._") for part in entry.filename.split("/")):
            continue
        name = _printable(f"{path.name}/{entry.filename}")
        reason = _refusal(entry)
        if not reason and expanded + entry.file_size > MAX_EXPANDED:
            reason = f"the archive's photos are larger than {MAX_EXPANDED // 2**20} MB together"
        if reason:
            failures.append(Failure(name, reason))
        else:
            expanded += entry.file_size
            sources.append(_Source(name, path, archive, entry))
    return sources


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


def _printable(name: str) -> str:
    """A file name as text that can be encoded and does not command a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
