"""Faces followed through time: each keeps its number while it moves, others cross it or the detector misses it.

The tracker is SORT's (Bewley et al., 2016): one Kalman filter per face and the Hungarian method between frames. It runs
on timestamps, not on frame counts, so dropped frames and a varying frame rate change nothing. It is written by hand
because norfair wants numpy below 2 and counts frames, and trackers brings supervision and with it a second FFmpeg.

    tracker = Tracker()
    numbers = tracker.update(0.04, [(10, 10, 60, 70)])           # [1]
    scores = tracker[numbers[0]].smooth(0.04, [0.1, ..., 0.3])   # smoothed by 0.5 s
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment

Box = Sequence[float]  # x1, y1, x2, y2 in pixels

SMOOTHING = 0.5  # seconds; time constant of the scores' exponential moving average
MEMORY = 1.5  # seconds that a face may be missed and still keep its number
# The filter's units are face sizes (the root of the box's area), so that near and far faces are followed alike.
JITTER = 0.04  # standard deviation of the detector's box
AGILITY = 1.5  # how hard faces accelerate: white noise of this root density, face sizes / s^1.5
SPEED = 3.0  # standard deviation of a new face's speed, face sizes / s
# A box may belong to a face if it is within NEAR face sizes and three standard deviations of where the face is
# expected, but never farther than REACH face sizes, nor more than SIZE times larger or smaller.
NEAR, DEVIATIONS, REACH, SIZE = 0.5, 3.0, 2.0, 1.8
IMPOSSIBLE = 1e6  # cost of a pair that may not be matched; above any sum of costs that may


@dataclass
class Track:
    """One followed face. Positions in pixels, times in seconds."""

    number: int
    time: float  # of the estimate below
    seen: float  # when it was last detected
    box: list[float]  # x and y of the centre, width, height
    velocity: list[float]  # of the centre, pixels / s
    # Covariance of a centre's coordinate and its speed, in face sizes; one filter's gains serve x and y.
    covariance: list[float]  # position-position, position-speed, speed-speed
    scores: list[float] = field(default_factory=list)  # smoothed; empty until the face is scored
    measures: list[float] = field(default_factory=list)  # smoothed as the scores are
    scored: float = 0.0  # when it was last scored
    chosen: float = 0.0  # when it was last chosen to be scored; the scores may come later

    @classmethod
    def start(cls, number: int, time: float, box: Box) -> "Track":
        return cls(number, time, time, _centred(box).tolist(), [0.0, 0.0], [JITTER**2, 0.0, SPEED**2])

    @property
    def size(self) -> float:
        return math.sqrt(self.box[2] * self.box[3])

    @property
    def corners(self) -> tuple[float, float, float, float]:
        """x1, y1, x2, y2 in pixels."""
        x, y, width, height = self.box
        return x - width / 2, y - height / 2, x + width / 2, y + height / 2

    def predict(self, time: float) -> None:
        """Move the estimate to `time` at constant velocity; its uncertainty grows."""
        step = time - self.time
        noise = AGILITY**2
        position, mixed, speed = self.covariance
        self.box[0] += step * self.velocity[0]
        self.box[1] += step * self.velocity[1]
        self.covariance = [
            position + step * (2 * mixed + step * (speed + noise * step / 3)),
            mixed + step * (speed + noise * step / 2),
            speed + noise * step,
        ]
        self.time = time

    def correct(self, box: Box) -> None:
        """Correct the estimate by a detected box; the size moves halfway to the detected one."""
        measured = _centred(box)
        position, mixed, speed = self.covariance
        total = position + JITTER**2
        for axis in (0, 1):
            surprise = measured[axis] - self.box[axis]
            self.box[axis] += position / total * surprise
            self.velocity[axis] += mixed / total * surprise
        self.box[2:] = (0.5 * (np.array(self.box[2:]) + measured[2:])).tolist()
        self.covariance = [
            position * JITTER**2 / total,
            mixed * JITTER**2 / total,
            speed - mixed**2 / total,
        ]
        self.seen = self.time

    def smooth(self, time: float, scores: Sequence[float], measures: Sequence[float] = ()) -> list[float]:
        """Update the smoothed scores and measures of the face by new ones, and return the scores.

        An exponential moving average over time: new scores weigh 1 - exp(-dt / SMOOTHING), where dt is the time since
        the last ones, so that the frame rate does not matter. Scores that sum to 1 still do.
        """
        share = 1 - math.exp(-(time - self.scored) / SMOOTHING) if self.scores else 1.0
        self.scores = _blend(self.scores or scores, scores, share)
        self.measures = _blend(self.measures or measures, measures, share)
        self.scored = time
        return self.scores


@dataclass
class Tracker:
    """All faces that are followed in one session, and the next free number. Not safe to use from several threads."""

    tracks: list[Track] = field(default_factory=list)
    next_number: int = 1
    time: float | None = None  # of the last frame, seconds

    def update(self, time: float, boxes: Sequence[Box]) -> list[int]:
        """The number of each detected box, in their order, at `time` in seconds by any clock that only rises.

        Raises:
            ValueError: the time is not after that of the last frame.
        """
        if not math.isfinite(time) or (self.time is not None and time <= self.time):
            raise ValueError(f"time: expected more than {self.time}, got {time}")
        previous, self.time = self.time, time
        self.tracks = [track for track in self.tracks if time - track.seen <= MEMORY]
        for track in self.tracks:
            track.predict(time)
        numbers = {}
        for row, column in self._pairs(boxes, previous):
            self.tracks[row].correct(boxes[column])
            numbers[column] = self.tracks[row].number
        return [numbers.get(i) or self._start(box).number for i, box in enumerate(boxes)]

    def __getitem__(self, number: int) -> Track:
        return next(track for track in self.tracks if track.number == number)

    def _pairs(self, boxes: Sequence[Box], previous: float | None) -> list[tuple[int, int]]:
        """Which track is which box, with the least sum of distances.

        A face that was missed in the previous frame takes only what the others leave: otherwise a face behind another
        one would take its box.
        """
        if not self.tracks or not len(boxes):
            return []
        cost = np.array([[_distance(track, box) for box in boxes] for track in self.tracks])
        missed = np.array([track.seen < previous for track in self.tracks])
        rows, columns = linear_sum_assignment(cost + 2 * REACH * missed[:, None])
        return [(r, c) for r, c in zip(rows, columns, strict=True) if cost[r, c] < IMPOSSIBLE]

    def _start(self, box: Box) -> Track:
        track = Track.start(self.next_number, self.time, box)
        self.tracks.append(track)
        self.next_number += 1
        return track


def _blend(old: Sequence[float], new: Sequence[float], share: float) -> list[float]:
    """The new numbers at `share`, the old ones at the rest."""
    return [(1 - share) * a + share * float(b) for a, b in zip(old, new, strict=True)]


def _centred(box: Box) -> np.ndarray:
    """x and y of the centre, width, height."""
    x1, y1, x2, y2 = box
    return np.array([(x1 + x2) / 2, (y1 + y2) / 2, max(x2 - x1, 1.0), max(y2 - y1, 1.0)], dtype=float)


def _distance(track: Track, box: Box) -> float:
    """How far a box is from where the face is expected, in face sizes, with the change in size; or IMPOSSIBLE."""
    x, y, width, height = _centred(box)
    distance = math.hypot(x - track.box[0], y - track.box[1]) / track.size
    growth = abs(math.log(math.sqrt(width * height) / track.size))
    reach = min(NEAR + DEVIATIONS * math.sqrt(track.covariance[0] + JITTER**2), REACH)
    return distance + growth if distance <= reach and growth <= math.log(SIZE) else IMPOSSIBLE
