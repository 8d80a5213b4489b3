"""Many photos: files and zip archives in; every face and every failure with its reason out.

    for progress in analyze_files(analyzer, ["a.jpg", "holiday.zip"]):
        print(progress.done, "of", progress.total)
    progress.result.csv(), progress.result.counts(), progress.result.failures

An archive is read in memory, picture by picture: nothing of it is unpacked to the disk, so no name in it can reach out
of a folder.
"""

import io
import math
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.detection import Detection
from fer_hf.inference.image_io import open_photo
from fer_hf.inference.results import CSV_COLUMNS, Face, PhotoResult, csv_rows
from fer_hf.inference.unsure import Measures, measure
from fer_hf.inference.zip_safety import check_entries, is_zip, open_zip, read_entry
from fer_hf.io import printable
from fer_hf.labels import LABELS, UNSURE

MAX_PHOTOS = 500
THUMBNAIL = 96  # pixels per side

Opening = Callable[[Path | BinaryIO], AbstractContextManager[Image.Image]]


@dataclass(frozen=True)
class Failure:
    """A photo that could not be read, and why."""

    file: str
    error: FerError  # without a source: `file` names the photo

    @property
    def reason(self) -> str:
        """The error as one English line; `error.message(language)` gives other languages."""
        return self.error.message()


@dataclass(frozen=True)
class FoundFace:
    """A face in one of the photos."""

    file: str
    number: int  # in its photo, 1 is the largest
    face: Face
    thumbnail: bytes  # JPEG, THUMBNAIL pixels per side


@dataclass
class BatchResult:
    """The results of all photos."""

    photos: list[tuple[str, PhotoResult]] = field(default_factory=list)  # in the order of the files, without pictures
    failures: list[Failure] = field(default_factory=list)
    faces: list[FoundFace] = field(default_factory=list)

    def by_emotion(self) -> list[FoundFace]:
        """All faces, in the order of LABELS and UNSURE, the most confident of each first."""
        order = (*LABELS, UNSURE)
        return sorted(self.faces, key=lambda found: (order.index(found.face.counted_as), -found.face.confidence))

    def counts(self) -> dict[str, int]:
        """Faces of each expression and unsure ones; photos read, photos without a face, failures."""
        faces = Counter(found.face.counted_as for found in self.faces)
        return {name: faces[name] for name in (*LABELS, UNSURE)} | {
            "photos": len(self.photos),
            "without_face": sum(not photo.faces for _, photo in self.photos),
            "failed": len(self.failures),
        }

    def to_dict(self) -> dict:
        """Results as `predict --json` writes them, counts, and failures."""
        return {
            "photos": [photo.to_dict(file) for file, photo in self.photos],
            "counts": self.counts(),
            "failures": [{"file": failure.file, "reason": failure.reason} for failure in self.failures],
        }

    def csv(self) -> str:
        """One row of CSV_COLUMNS per face; a photo without a face has one row with empty cells."""
        return csv_text(CSV_COLUMNS, (row for file, photo in self.photos for row in csv_rows(file, photo)))


@dataclass(frozen=True)
class BatchProgress:
    """How far the work is."""

    done: int  # photos, failed ones included
    total: int
    left: float | None  # seconds that it will still take, by what it took so far
    result: BatchResult | None = None  # with the last progress


@dataclass(frozen=True)
class _Source:
    """One photo: a file, or an entry of an open archive."""

    name: str  # for people
    path: Path
    archive: zipfile.ZipFile | None = None
    entry: zipfile.ZipInfo | None = None

    def file(self) -> Path | BinaryIO:
        """What `open_photo` opens."""
        if self.archive is None:
            return self.path
        data = io.BytesIO(read_entry(self.archive, self.entry))
        data.name = self.entry.filename
        return data

    def failure(self, error: FerError) -> Failure:
        """The error as it stands in the list of failures, where the photo's name for people is its source."""
        return Failure(self.name, FerError(error.code, **error.params))


@contextmanager
def _opened(file: Path | BinaryIO) -> Iterator[Image.Image]:
    yield open_photo(file)


def analyze_files(
    analyzer: FaceAnalyzer,
    files: Mapping[Path, str] | Sequence[str | Path],
    opening: Opening = _opened,
    most: int = MAX_PHOTOS,
    seconds: float = math.inf,
) -> Iterator[BatchProgress]:
    """Analyze photos and zip archives of photos, one photo after the other; one that fails is listed and stops nothing.

    `files` may map paths to the names by which people know them; `opening` opens a photo for as long as it is needed.
    What is beyond `most` photos, or left after `seconds`, is listed as a failure.

    Raises:
        FerError: there are no files, or more than `most`.
    """
    if not files:
        raise FerError("photos_none", "photos")
    if len(files) > most:
        raise FerError("photos_too_many_files", "photos", most=most, found=len(files))
    result, waiting, began = BatchResult(), [], time.monotonic()
    with ExitStack() as stack:
        sources = _sources(files, result.failures, most, stack)
        refused = len(result.failures)
        total = refused + len(sources)
        for done, source in enumerate(sources, start=1):
            spent = time.monotonic() - began
            if spent > seconds:
                result.failures.append(source.failure(FerError("photos_out_of_time", seconds=f"{seconds:g}")))
                continue
            _find_faces(analyzer, source, waiting, result, opening)
            if sum(len(photo.pixels) for photo in waiting) >= analyzer.gather:
                _score(analyzer, waiting, result)
            spent = time.monotonic() - began
            yield BatchProgress(refused + done, total, spent / done * (len(sources) - done))
        _score(analyzer, waiting, result)
    yield BatchProgress(total, total, 0.0, result)


@dataclass(frozen=True)
class _Photo:
    """What is kept of a photo until its faces are scored."""

    name: str
    size: tuple[int, int]
    detections: list[Detection]
    measures: list[Measures]
    pixels: np.ndarray  # what the classifier is shown of each face
    thumbnails: list[bytes]


def _find_faces(
    analyzer: FaceAnalyzer, source: _Source, waiting: list[_Photo], result: BatchResult, opening: Opening
) -> None:
    try:
        with opening(source.file()) as photo:
            detections = analyzer.detector.detect(photo)
            crops = [crop_face(photo, detection) for detection in detections]
            thumbnails = [_thumbnail(crop) for crop in crops]
            measures = [measure(crop, face.landmarks) for crop, face in zip(crops, detections, strict=True)]
            waiting.append(_Photo(source.name, photo.size, detections, measures, analyzer.pixels(crops), thumbnails))
    except FerError as error:
        result.failures.append(source.failure(error))


def _score(analyzer: FaceAnalyzer, waiting: list[_Photo], result: BatchResult) -> None:
    """Score the faces of all photos that wait."""
    scores = iter(analyzer.classify([face for photo in waiting for face in photo.pixels]))
    for photo in waiting:
        read = analyzer.result(photo.size, photo.detections, photo.measures, islice(scores, len(photo.detections)))
        result.photos.append((photo.name, read))
        pairs = enumerate(zip(read.faces, photo.thumbnails, strict=True), start=1)
        result.faces += [FoundFace(photo.name, number, face, thumbnail) for number, (face, thumbnail) in pairs]
    waiting.clear()


def _thumbnail(crop: Image.Image) -> bytes:
    file = io.BytesIO()
    crop.resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BICUBIC, reducing_gap=2.0).save(file, "JPEG", quality=85)
    return file.getvalue()


def _sources(
    files: Mapping[Path, str] | Sequence[str | Path], failures: list[Failure], most: int, stack: ExitStack
) -> list[_Source]:
    """At most `most` photos of files and archives; what cannot be one goes to `failures`."""
    sources = []
    names = files if isinstance(files, Mapping) else {}
    taken: Counter[str] = Counter()
    for path in map(Path, files):
        whole = _Source(_distinct(names.get(path, path.name), taken), path)
        try:
            sources += _of_archive(whole, failures, stack, taken) if is_zip(path) else [whole]
        except FerError as error:
            failures.append(whole.failure(error))
    failures += [source.failure(FerError("photos_too_many", most=most)) for source in sources[most:]]
    return sources[:most]


def _of_archive(whole: _Source, failures: list[Failure], stack: ExitStack, taken: Counter[str]) -> list[_Source]:
    archive = stack.enter_context(open_zip(whole.path))
    sources = []
    for entry, refusal in check_entries(archive):
        name = _distinct(f"{whole.name}/{entry.filename}", taken)
        if refusal:
            failures.append(Failure(name, refusal))
        else:
            sources.append(_Source(name, whole.path, archive, entry))
    return sources


def _distinct(name: str, taken: Counter[str]) -> str:
    """A name for people that no other photo has: "IMG_1.jpg", then "IMG_1.jpg (2)"."""
    name = printable(name)
    taken[name] += 1
    while taken[name] > 1:
        name = f"{name} ({taken[name]})"
        taken[name] += 1
    return name
