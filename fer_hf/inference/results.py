"""What was read in one photo, and how it is written down: as JSON, and as rows of CSV."""

from collections.abc import Sequence
from dataclasses import dataclass

from fer_hf.inference.detection import Detection
from fer_hf.labels import LABELS, UNSURE

CSV_COLUMNS = ("file", "width", "height", "face", "x1", "y1", "x2", "y2", "label", "confidence", "unsure", *LABELS)


@dataclass(frozen=True)
class Face:
    """One face that was found and read."""

    box: tuple[int, int, int, int]  # x1, y1, x2, y2 in pixels of the upright photo, inside it
    confidence: float  # the score of `label`
    label: str
    scores: dict[str, float]  # in the order of LABELS, sum 1
    detection: Detection
    unsure: tuple[str, ...] = ()  # the two best labels where `confidence` is too low to name one

    @property
    def counted_as(self) -> str:
        """The label under which the face is counted; UNSURE where the model is unsure."""
        return UNSURE if self.unsure else self.label


@dataclass(frozen=True)
class PhotoResult:
    """What was read in one photo."""

    width: int  # of the upright photo
    height: int
    faces: tuple[Face, ...]  # largest first

    def to_dict(self, file: str) -> dict:
        """The reading as plain values, named by the photo's file name."""
        faces = [
            {
                "box": list(face.box),
                "confidence": round(face.confidence, 6),
                "label": face.label,
                "unsure": list(face.unsure),
                "scores": {name: round(score, 6) for name, score in face.scores.items()},
            }
            for face in self.faces
        ]
        return {"file": file, "width": self.width, "height": self.height, "faces": faces}


def unsure_labels(scores: Sequence[float], unsure_below: float) -> tuple[str, ...]:
    """The two best labels where none of the seven scores reaches `unsure_below`, else nothing."""
    best, second = sorted(range(len(LABELS)), key=lambda index: -scores[index])[:2]
    return (LABELS[best], LABELS[second]) if scores[best] < unsure_below else ()


def csv_rows(file: str, reading: PhotoResult) -> list[list]:
    """Rows of CSV_COLUMNS, one a face; a photo without a face has one row with empty cells."""
    head = [file, reading.width, reading.height]
    rows = []
    for number, face in enumerate(reading.faces, start=1):
        scores = [f"{score:.6f}" for score in face.scores.values()]
        unsure = " or ".join(face.unsure)
        rows.append([*head, number, *face.box, face.label, f"{face.confidence:.6f}", unsure, *scores])
    return rows or [head + [""] * (len(CSV_COLUMNS) - len(head))]
