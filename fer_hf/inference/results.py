"""What was found in one photo, and how it is written: as JSON and as rows of CSV."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.detection import Detection
from fer_hf.inference.unsure import UNLIMITED, UNMEASURED, Limits, Measures, Pose, by_name, reasons
from fer_hf.labels import LABELS, UNSURE

CSV_COLUMNS = (
    *("file", "width", "height", "face", "x1", "y1", "x2", "y2"),
    *("label", "confidence", "unsure", "unsure_because", *LABELS),
)

Box = tuple[int, int, int, int]  # x1, y1, x2, y2 in whole pixels


@dataclass(frozen=True)
class Face:
    """One face and its expression."""

    box: Box  # in pixels of the upright photo, inside it
    confidence: float  # the score of `label`
    label: str
    scores: dict[str, float]  # in the order of LABELS, sum 1
    detection: Detection
    unsure: tuple[str, ...] = ()  # the two best labels where `confidence` is too low to name one, or for a reason
    unsure_because: tuple[str, ...] = ()  # of REASONS; empty where `confidence` alone is too low
    pose: Pose | None = None  # None where there are no landmarks

    @property
    def counted_as(self) -> str:
        """The label under which the face is counted; UNSURE where the model is unsure."""
        return UNSURE if self.unsure else self.label


@dataclass(frozen=True)
class PhotoResult:
    """The faces in one photo."""

    width: int  # of the upright photo
    height: int
    faces: tuple[Face, ...]  # largest first
    photo: Image.Image | None = field(default=None, compare=False, repr=False)  # the upright photo, for `annotate`

    def to_dict(self, file: str) -> dict:
        """The result as plain values, under the photo's file name."""
        faces = [
            {
                "box": list(face.box),
                "confidence": round(face.confidence, 6),
                "label": face.label,
                "unsure": list(face.unsure),
                **by_name(face.unsure_because, face.pose),
                "scores": {name: round(score, 6) for name, score in face.scores.items()},
            }
            for face in self.faces
        ]
        return {"file": file, "width": self.width, "height": self.height, "faces": faces}

    def annotate(self, describe: Callable[[Face], str] | None = None) -> Image.Image:
        """A copy of the photo with a numbered, labelled box for each face.

        Args:
            describe: what to write at a face instead of its label.

        Raises:
            FerError: the result was kept without its photo.
        """
        from fer_hf.inference.annotate import describe_face, draw_faces  # which draws results, so it imports this file

        if self.photo is None:
            raise FerError("result_without_photo")
        return draw_faces(self.photo, self, describe or describe_face)


def make_face(
    detection: Detection,
    scores: Sequence[float],
    size: tuple[int, int],
    unsure_below: float = 0.0,
    measures: Measures = UNMEASURED,
    limits: Limits = UNLIMITED,
) -> Face:
    """A detected face with its scores (7,), in a photo of `size` (width, height)."""
    named = by_label(scores)
    label = max(named, key=named.get)
    because = reasons(measures, limits)
    unsure = unsure_labels(list(named.values()), unsure_below, because)
    box = box_inside(detection.box, size)
    return Face(box, named[label], label, named, detection, unsure, because, measures.pose)


def by_label(scores: Sequence[float]) -> dict[str, float]:
    """Scores (7,) in the order of LABELS, by their label."""
    return dict(zip(LABELS, map(float, scores), strict=True))


def unsure_labels(scores: Sequence[float], unsure_below: float, because: Sequence[str] = ()) -> tuple[str, ...]:
    """The two best labels where none of the seven scores reaches `unsure_below`, or for a reason; else nothing."""
    best, second = sorted(range(len(LABELS)), key=lambda index: -scores[index])[:2]
    return (LABELS[best], LABELS[second]) if scores[best] < unsure_below or because else ()


def box_inside(box: Sequence[float], size: tuple[int, int]) -> Box:
    """The box in whole pixels inside a picture of `size` (width, height), at least one pixel wide and high."""
    (width, height), (left, top, right, bottom) = size, (round(edge) for edge in box)
    x1, y1 = min(max(left, 0), width - 1), min(max(top, 0), height - 1)
    return x1, y1, min(max(right, x1 + 1), width), min(max(bottom, y1 + 1), height)


def csv_rows(file: str, result: PhotoResult) -> list[list]:
    """Rows of CSV_COLUMNS, one per face; a photo without a face has one row with empty cells."""
    head = [file, result.width, result.height]
    rows = []
    for number, face in enumerate(result.faces, start=1):
        scores = [f"{score:.6f}" for score in face.scores.values()]
        unsure = " or ".join(face.unsure), " and ".join(face.unsure_because)
        rows.append([*head, number, *face.box, face.label, f"{face.confidence:.6f}", *unsure, *scores])
    return rows or [head + [""] * (len(CSV_COLUMNS) - len(head))]


def whole_picture(photo: Image.Image) -> Detection:
    """A detection for a picture that already is one face, framed closely."""
    return Detection((0.0, 0.0, float(photo.width), float(photo.height)), 1.0, np.full((5, 2), np.nan, np.float32))
