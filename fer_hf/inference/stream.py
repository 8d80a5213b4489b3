"""One person's live session: frames in; numbered boxes and smoothed scores out, as plain data to draw over the video.

    session = LiveSession(analyzer)
    answer = session.analyze(frame, time)  # None: the frame came late and was dropped
    session.take_baseline()                # the next three seconds show a resting face
    session.summary(), session.csv()

Nothing is written to the disk and no frame is kept. Late frames are dropped here, surplus ones in
fer_hf/web/websocket.py. Faces are detected in every frame that is analyzed: at 320 px that costs about as much as
scoring two faces, and a box that is only predicted would be cut out wrongly just when the face moves.
"""

import math
import threading
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.baseline import RestingFace, adjusted
from fer_hf.inference.cropping import crop_face
from fer_hf.inference.detection import Detection
from fer_hf.inference.results import Box, box_inside, by_label
from fer_hf.inference.timeline import Sample, make_sample, summarise, timeline_csv
from fer_hf.inference.tracking import Track, Tracker
from fer_hf.inference.unsure import Limits, Measures, by_name, measure

SIDE = 320  # pixels; the longer side of the picture in which faces are detected
FACES = 4  # scored in one frame at most, the longest unscored first: bounds the time that a frame of a crowd takes
MAX_SIDE = 1920  # pixels of a frame
RECORD = 0.2  # seconds between two samples of a face in the history
HISTORY = 20_000  # samples kept: an hour of one face, about 10 MB


class LiveSession:
    """The state of one session. Safe to use from several threads."""

    def __init__(self, analyzer: FaceAnalyzer) -> None:
        self._analyzer = analyzer
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        """Forget everything; the next face is number 1."""
        with self._lock:
            self._tracker = Tracker()
            self._samples: deque[Sample] = deque(maxlen=HISTORY)
            self._recorded: dict[int, float] = {}  # when each followed face last went into the history
            self._start = 0.0
            self._forget_baseline()
            self.read_frames = 0
            self.dropped_frames = 0

    def take_baseline(self) -> None:
        """Take the next three seconds as the visitor's resting face.

        The answers of these frames have "baseline": {"state": "taking", "share"}, the last one "taken", or "failed" and
        "why": a code of FerError. From then on the scores of that face are adjusted, and say so.

        Raises:
            FerError: the model's config has no neutral_logits.
        """
        if self._analyzer.neutral_logits is None:
            raise FerError("baseline_no_neutral")
        with self._lock:
            self._forget_baseline()
            self._resting = RestingFace(math.inf)  # until the next frame comes

    def forget_baseline(self) -> None:
        """Read all faces as they are again."""
        with self._lock:
            self._forget_baseline()

    def _forget_baseline(self) -> None:
        self._resting: RestingFace | None = None
        self._offset: np.ndarray | None = None
        self._offset_of: int | None = None  # the number of the face that is adjusted

    def analyze(self, frame: np.ndarray, time: float) -> dict | None:
        """Analyze an RGB frame (height, width, 3) of bytes taken at `time`; None if the last frame is not older.

        `time` is in seconds by the camera's clock; stop it during a pause, so that faces keep their numbers.

        Returns:
            {"time", "width", "height", "faces": [{"number", "box", "velocity", "label", "confidence", "unsure",
            "unsure_because", "pose", "adjusted", "scores"}]} with boxes in pixels of the frame, their velocity in
            pixels per second, the two best labels where the smoothed scores or measures are unsure, and the time since
            the session's first frame.

        Raises:
            FerError: the frame is not an RGB picture, or too large.
        """
        _check_frame(frame)
        with self._lock:
            return self._analyze(frame, time)

    def summary(self) -> dict:
        """What the session showed: frames, seconds, and each face as in `timeline.summarise`."""
        with self._lock:
            seconds = (self._tracker.time or 0.0) - self._start
            return {
                "seconds": round(seconds, 3),
                "frames": self.read_frames,
                "dropped": self.dropped_frames,
                "faces": summarise(self._samples),
            }

    def csv(self) -> str:
        """The history, one row per sample, at most five per second and face; the oldest are dropped after HISTORY."""
        with self._lock:
            return timeline_csv(self._samples)

    def _analyze(self, frame: np.ndarray, time: float) -> dict | None:
        last = self._tracker.time
        if not math.isfinite(time) or (last is not None and time <= last):
            self.dropped_frames += 1
            return None
        if last is None:
            self._start = time
        look = find_faces(self._analyzer, self._tracker, frame, time, SIDE)
        scores = self._analyzer.classify(look.faces)
        baseline = self._take(look, scores, time)
        scores = self._adjusted(look, scores)
        limits = self._analyzer.unsure_limits
        samples = look.samples(scores, self._analyzer.unsure_below, limits, self._start, self._offset_of)
        self._record(samples)
        self.read_frames += 1
        faces = [self._as_data(sample) for sample in samples]
        size = {"width": frame.shape[1], "height": frame.shape[0]}
        return {"time": round(time - self._start, 3), **size, "faces": faces, **baseline}

    def _take(self, look: "Look", scores: np.ndarray, time: float) -> dict:
        """Add a frame to the resting face that is being taken; how far that is."""
        resting = self._resting
        if resting is None:
            return {}
        resting.start = min(resting.start, time)
        resting.add([track.number for track in look.tracks], scores)
        if (share := resting.share(time)) < 1:
            return {"baseline": {"state": "taking", "share": round(share, 2)}}
        self._resting = None
        try:
            self._offset, self._offset_of = resting.offset(self._analyzer.neutral_logits), resting.face
        except FerError as error:
            return {"baseline": {"state": "failed", "why": error.code}}
        self._tracker[resting.face].scores.clear()  # a mixture with what was read before would be neither
        return {"baseline": {"state": "taken"}}

    def _adjusted(self, look: "Look", scores: np.ndarray) -> np.ndarray:
        """The scores, those of the visitor adjusted; who was away and comes back alone is taken for the visitor."""
        if self._offset is None:
            return scores
        here = [track.number for track in look.tracks]
        if len(here) == 1 and all(track.number != self._offset_of for track in self._tracker.tracks):
            self._offset_of = here[0]
        mine = np.array([track.number == self._offset_of for track in look.waiting], dtype=bool)
        return np.where(mine[:, None], adjusted(scores, self._offset), scores)

    def _as_data(self, sample: Sample) -> dict:
        scores = by_label(sample.scores)
        return {
            "number": sample.face,
            "box": list(sample.box),
            "velocity": [round(speed, 1) for speed in self._tracker[sample.face].velocity],
            "label": sample.label,
            "confidence": round(max(sample.scores), 4),
            "unsure": list(sample.unsure),
            **by_name(sample.unsure_because, sample.pose),
            "adjusted": sample.adjusted,
            "scores": {name: round(score, 4) for name, score in scores.items()},
        }

    def _record(self, samples: list[Sample]) -> None:
        self._recorded = {track.number: self._recorded.get(track.number, -RECORD) for track in self._tracker.tracks}
        for sample in samples:
            if sample.time - self._recorded[sample.face] >= RECORD - 1e-3:
                self._recorded[sample.face] = sample.time
                self._samples.append(sample)


@dataclass(frozen=True)
class Look:
    """The faces of a frame, found and numbered but not scored yet."""

    time: float
    tracks: list[Track]  # of the faces that are in the frame, by number
    boxes: list[Box]  # where they are, inside the frame
    velocities: dict[int, tuple[float, float]]  # of each number, pixels per second
    waiting: list[Track]  # those to be scored
    measures: list[Measures]  # of those
    faces: list[np.ndarray]  # what the classifier is shown of them

    def samples(
        self,
        scores: Sequence[np.ndarray],
        unsure_below: float,
        limits: Limits,
        start: float = 0.0,
        adjusted: int | None = None,
    ) -> list[Sample]:
        """The samples of the frame, from the scores (n, 7) of its `faces`. Frames take their turn.

        `adjusted` is the number of the face whose scores are adjusted to a resting face.
        """
        for track, measures, row in zip(self.waiting, self.measures, scores, strict=True):
            track.smooth(self.time, row.tolist(), measures)
        time = self.time - start
        return [
            make_sample(
                time,
                track.number,
                box,
                track.scores,
                unsure_below,
                Measures(*track.measures),
                limits,
                track.number == adjusted,
            )
            for track, box in zip(self.tracks, self.boxes, strict=True)
            if track.scores
        ]


def find_faces(analyzer: FaceAnalyzer, tracker: Tracker, frame: np.ndarray, time: float, side: int) -> Look:
    """Find the faces of a frame, number them, and choose those to be scored: the ones that have waited longest."""
    photo = Image.fromarray(frame)
    detections = detect_small(analyzer, frame, side)
    numbers = tracker.update(time, [detection.box for detection in detections])
    found = [(tracker[number], detection) for number, detection in zip(numbers, detections, strict=True)]
    waiting = sorted(found, key=lambda pair: pair[0].chosen)[:FACES]
    for track, _ in waiting:
        track.chosen = time
    tracks = sorted((track for track, _ in found), key=lambda track: track.number)
    crops = [crop_face(photo, detection) for _, detection in waiting]
    return Look(
        time,
        tracks,
        [box_inside(track.corners, photo.size) for track in tracks],
        {track.number: tuple(track.velocity) for track in tracks},
        [track for track, _ in waiting],
        [measure(crop, detection.landmarks) for crop, (_, detection) in zip(crops, waiting, strict=True)],
        list(analyzer.pixels(crops)),
    )


def detect_small(analyzer: FaceAnalyzer, frame: np.ndarray, side: int) -> list[Detection]:
    """Detect in a copy whose longer side is at most `side`; answer in the frame's pixels."""
    height, width = frame.shape[:2]
    scale = max(max(width, height) / side, 1.0)
    size = (max(round(width / scale), 1), max(round(height / scale), 1))
    small = cv2.resize(frame, size, interpolation=cv2.INTER_AREA)
    found = analyzer.detector.detect(Image.fromarray(small))
    return [
        replace(face, box=tuple(edge * scale for edge in face.box), landmarks=face.landmarks * scale) for face in found
    ]


def _check_frame(frame: np.ndarray) -> None:
    if frame.ndim != 3 or frame.shape[2] != 3 or frame.dtype != np.uint8 or not frame.size:
        raise FerError("frame_not_rgb", "frame", shape=frame.shape, type=frame.dtype)
    if max(frame.shape) > MAX_SIDE:
        raise FerError("frame_too_large", "frame", side=MAX_SIDE, width=frame.shape[1], height=frame.shape[0])
