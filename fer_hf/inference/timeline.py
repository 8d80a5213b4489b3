"""What each face showed over time: samples, their table and their summary.

Live and Video both make `Sample`s; everything that is shown or exported of them is made here.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from fer_hf.inference.csv_export import csv_text
from fer_hf.inference.results import Box, unsure_labels
from fer_hf.inference.unsure import UNLIMITED, UNMEASURED, Limits, Measures, Pose, by_name, reasons
from fer_hf.io import percent
from fer_hf.labels import LABELS, UNSURE

CSV_COLUMNS = (
    *("time", "face", "x1", "y1", "x2", "y2"),
    *("label", "confidence", "unsure", "unsure_because", *LABELS),
)
GAP = 1.0  # seconds without a sample of a face from which its areas are broken


class Segment(NamedTuple):
    """A stretch of time in which a face showed one expression."""

    start: float  # seconds
    end: float
    label: str  # or UNSURE


class Sample(NamedTuple):
    """The expression of one face at one time."""

    time: float  # seconds since the start of the video or of the session
    face: int  # its number
    box: Box  # in pixels of the frame
    label: str
    scores: tuple[float, ...]  # smoothed, in the order of LABELS
    unsure: tuple[str, ...] = ()  # the two best labels where no score is high enough to name one, or for a reason
    unsure_because: tuple[str, ...] = ()  # of REASONS; empty where no score is high enough
    pose: Pose | None = None  # smoothed
    adjusted: bool = False  # to a resting face (see inference/baseline.py): the scores are not calibrated

    @property
    def counted_as(self) -> str:
        """The label under which the sample is counted; UNSURE where the model is unsure."""
        return UNSURE if self.unsure else self.label

    def to_dict(self) -> dict:
        """The sample as plain values, its scores by their labels."""
        scores = {label: round(score, 6) for label, score in zip(LABELS, self.scores, strict=True)}
        lists = {"box": list(self.box), "unsure": list(self.unsure)}
        values = {name: value for name, value in self._asdict().items() if name != "adjusted" or value}
        return values | lists | by_name(self.unsure_because, self.pose) | {"scores": scores}


def make_sample(
    time: float,
    face: int,
    box: Sequence[float],
    scores: Sequence[float],
    unsure_below: float = 0.0,
    measures: Measures = UNMEASURED,
    limits: Limits = UNLIMITED,
    adjusted: bool = False,
) -> Sample:
    """A sample whose label is that of the highest score; unsure by the rule of `unsure_labels`."""
    label = LABELS[int(np.argmax(scores))]
    box = tuple(round(edge) for edge in box)
    because = reasons(measures, limits)
    unsure = unsure_labels(scores, unsure_below, because)
    return Sample(round(time, 3), face, box, label, tuple(map(float, scores)), unsure, because, measures.pose, adjusted)


def caption(sample: Sample) -> str:
    """A sample in a few words: "1 happy 93 %", or "1 sad or fear?" where the model is unsure."""
    if sample.unsure:
        return f"{sample.face} {' or '.join(sample.unsure)}?"
    return f"{sample.face} {sample.label} {percent(max(sample.scores))}"


def by_face(samples: Iterable[Sample]) -> dict[int, list[Sample]]:
    """The samples of each face, faces by their number."""
    faces: dict[int, list[Sample]] = {}
    for sample in samples:
        faces.setdefault(sample.face, []).append(sample)
    return dict(sorted(faces.items()))


def timeline_csv(samples: Iterable[Sample]) -> str:
    """One row per sample, in CSV_COLUMNS; `unsure` names the two best labels where the model is unsure.

    Where some are adjusted to a resting face, a last column says which.
    """
    samples = list(samples)
    if not any(sample.adjusted for sample in samples):
        return csv_text(CSV_COLUMNS, map(_csv_row, samples))
    rows = ((*_csv_row(sample), "adjusted, not calibrated" if sample.adjusted else "") for sample in samples)
    return csv_text((*CSV_COLUMNS, "adjusted"), rows)


def _csv_row(sample: Sample) -> tuple:
    scores = [round(score, 6) for score in sample.scores]
    unsure = " or ".join(sample.unsure), " and ".join(sample.unsure_because)
    return (sample.time, sample.face, *sample.box, sample.label, max(scores), *unsure, *scores)


def summarise(samples: Iterable[Sample]) -> list[dict]:
    """For each face: when it was seen, its dominant expression, and each expression's share and mean score.

    The shares count a sample under UNSURE where the model is unsure, and UNSURE dominates where it has more than half.
    Otherwise the dominant expression is the one with the highest mean score over the sure samples, not the one that
    led most often: a face that is barely neutral all the time and laughs for a third of it is not a neutral face.
    """
    return [_summary(face, samples) for face, samples in by_face(samples).items()]


def _summary(face: int, samples: list[Sample]) -> dict:
    means = np.mean([sample.scores for sample in samples], axis=0)
    counts = Counter(sample.counted_as for sample in samples)
    share = {name: round(counts[name] / len(samples), 4) for name in (*LABELS, UNSURE)}
    sure = [sample.scores for sample in samples if not sample.unsure]
    return {
        "face": face,
        "first": samples[0].time,
        "last": samples[-1].time,
        "readings": len(samples),
        **({"adjusted": True} if any(sample.adjusted for sample in samples) else {}),
        "dominant": UNSURE if share[UNSURE] > 0.5 else LABELS[int(np.mean(sure, axis=0).argmax())],
        "share": share,
        "mean": {name: round(float(mean), 4) for name, mean in zip(LABELS, means, strict=True)},
    }


def segments(samples: Sequence[Sample], every: float) -> list[Segment]:
    """One face's expression as stretches of time, broken where it was away for GAP seconds.

    A sample holds until the next one, the last for `every` seconds.
    """
    found: list[Segment] = []
    for sample, later in pairwise([*samples, None]):
        away = later is None or later.time - sample.time > max(GAP, every)
        end = sample.time + every if away else later.time
        label = sample.counted_as
        if found and found[-1].label == label and found[-1].end == sample.time:
            found[-1] = found[-1]._replace(end=end)
        else:
            found.append(Segment(sample.time, end, label))
    return found
