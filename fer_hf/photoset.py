"""Many photos at once: files and zip archives in; every face, every failure and its reason out.

    for progress in read_photos(reader, ["a.jpg", "holiday.zip"]):
        print(progress.done, "of", progress.total)
    progress.result.csv(), progress.result.counts(), progress.result.failures

An archive is read in memory, picture by picture: nothing of it is unpacked onto the disk, so that no name in it can
reach out of a folder.
"""

import io
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image

from fer_hf.archives import expand, is_zip, look_through, open_zip
from fer_hf.errors import FerError
from fer_hf.faces import crop_face
from fer_hf.labels import LABELS
from fer_hf.photos import open_photo
from fer_hf.predict import Reader
from fer_hf.reading import CSV_COLUMNS, Face, Reading, csv_rows
from fer_hf.spreadsheet import csv_text

MAX_PHOTOS = 500
THUMBNAIL = 96  # pixels a side


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
        return csv_text(CSV_COLUMNS, (row for file, reading in self.photos for row in csv_rows(file, reading)))


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
        data = io.BytesIO(expand(self.archive, self.entry))
        data.name = self.entry.filename
        return open_photo(data)

    def reason(self, error: FerError) -> str:
        """An error's line without the file that it begins with: the list of failures names it already."""
        return str(error).removeprefix(f"{self.path if self.entry is None else self.entry.filename}: ")


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
        result.failures.append(Failure(source.name, source.reason(error)))
        return
    reading = reader.read(photo)
    result.photos.append((source.name, reading))
    for number, face in enumerate(reading.faces, start=1):
        result.faces.append(FoundFace(source.name, number, face, _thumbnail(crop_face(photo, face.detection))))


def _thumbnail(crop: Image.Image) -> bytes:
    file = io.BytesIO()
    crop.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0).save(file, "JPEG", quality=85)
    return file.getvalue()


def _sources(files: Sequence[str | Path], failures: list[Failure], stack: ExitStack) -> list[_Source]:
    """At most MAX_PHOTOS photos of files and archives; what cannot be one goes to `failures`."""
    sources = []
    for path in map(Path, files):
        whole = _Source(_printable(path.name), path)
        try:
            sources += _of_archive(path, failures, stack) if is_zip(path) else [whole]
        except FerError as error:
            failures.append(Failure(whole.name, whole.reason(error)))
    failures += [Failure(source.name, f"more than {MAX_PHOTOS} photos") for source in sources[MAX_PHOTOS:]]
    return sources[:MAX_PHOTOS]


def _of_archive(path: Path, failures: list[Failure], stack: ExitStack) -> list[_Source]:
    archive = stack.enter_context(open_zip(path))
    sources = []
    for entry, refusal in look_through(archive):
        name = _printable(f"{path.name}/{entry.filename}")
        if refusal:
            failures.append(Failure(name, refusal))
        else:
            sources.append(_Source(name, path, archive, entry))
    return sources


def _printable(name: str) -> str:
    """A file name as text that can be encoded and does not command a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
