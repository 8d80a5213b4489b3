"""What was read in one photo, and how it is written down: as JSON, and as rows of CSV."""

from dataclasses import dataclass

from fer_hf.inference.detection import Detection
from fer_hf.labels import LABELS

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


def csv_rows(file: str, reading: PhotoResult) -> list[list]:
    """Rows of CSV_COLUMNS, one a face; a photo without a face has one row with empty cells."""
    head = [file, reading.width, reading.height]
    rows = []
    for number, face in enumerate(reading.faces, start=1):
        scores = [f"{score:.6f}" for score in face.scores.values()]
        unsure = " or ".join(face.unsure)
        rows.append([*head, number, *face.box, face.label, f"{face.confidence:.6f}", unsure, *scores])
    return rows or [head + [""] * (len(CSV_COLUMNS) - len(head))]
