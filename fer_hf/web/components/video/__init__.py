"""The answer to a video: its marked copy, a strip per face, the scores of each over time, and the same in words."""

import json
from collections.abc import Sequence

from fer_hf.inference.timeline import GAP, Sample, by_face, segments, summarise, timeline_csv
from fer_hf.inference.unsure import REASONS
from fer_hf.inference.video import VideoResult
from fer_hf.labels import LABELS
from fer_hf.web.components.base import expressions, render
from fer_hf.web.components.data_url import data_url
from fer_hf.web.components.job import FileJob
from fer_hf.web.i18n import Text

SHOWN_FACES = 12  # those read most often; the CSV has all
ROWS = 60  # stretches of time of a face in the table
STEPS = (1, 2, 5, 10, 15, 30, 60)  # seconds between two labels of the axis
WORDS = ("video_face", "video_now", "video_away", "video_chart", "either", "with_reasons", *REASONS)


class Video(FileJob):
    """The Video tab.

    `gr.Video` plays one file but does not report which moment it shows, so no timeline can follow it. What moves with
    the video is in script.js.
    """


def video_answer(result: VideoResult, name: str, marked: str, text: Text) -> dict:
    """The answer to a video called `name`, for script.js; its marked copy is fetched from the path `marked`."""
    faces = by_face(result.samples)
    shown = sorted(sorted(faces, key=lambda face: -len(faces[face]))[:SHOWN_FACES])
    stem = text["video_save_name"].format(name=name.rpartition(".")[0] or name)
    html = render(
        "video/answer.html",
        text=text,
        title=_title(len(faces), result, text),
        notes=_notes(len(faces), result, text),
        faces=[row for row in summarise(result.samples) if row["face"] in shown],
        stretches={face: segments(faces[face], result.every) for face in shown},
        portraits={face: data_url(result.portraits[face], "image/jpeg") for face in shown},
        seconds=result.seconds,
        ticks=_ticks(result.seconds),
        clock=lambda seconds, digits=0: clock(seconds, text, digits),
        labels=LABELS,
        rows=ROWS,
        stem=stem,
    )
    values = json.dumps(result.to_dict(name), indent=2, ensure_ascii=False) + "\n"
    return {
        "html": html,
        "files": {f"{stem}.csv": timeline_csv(result.samples), f"{stem}.json": values},
        "marked": marked,
        "seconds": result.seconds,
        "every": result.every,
        "gap": max(result.every, GAP),
        "faces": {str(face): _points(faces[face]) for face in shown},
        "expressions": expressions(text),
        "words": {key.removeprefix("video_"): text[key] for key in WORDS},
    }


def clock(seconds: float, text: Text, digits: int = 0) -> str:
    """Seconds as minutes and seconds, rounded down: "1:05", or with one digit "1:05.2"."""
    tenths = int(10 * seconds + 1e-6)
    whole = f"{tenths // 600}:{tenths % 600 // 10:02d}"
    return f"{whole}{text['about_decimal']}{tenths % 10}" if digits else whole


def _title(faces: int, result: VideoResult, text: Text) -> str:
    key = {0: "video_faces_none", 1: "video_faces_one"}.get(faces, "video_faces_many")
    length = text["video_seconds"].format(seconds=f"{result.seconds:.0f}")
    return text[key].format(count=faces, length=length)


def _notes(faces: int, result: VideoResult, text: Text) -> list[str]:
    notes = [text["video_faces_none_more"]] if not faces else []
    notes += [text["video_cut"].format(length=clock(result.seconds, text))] if result.cut else []
    notes += [text["video_more_faces"].format(shown=SHOWN_FACES)] if faces > SHOWN_FACES else []
    return notes


def _ticks(seconds: float) -> list[int]:
    """Whole seconds for the labels of the axis, at even distances."""
    step = next((step for step in STEPS if seconds / step <= 5), STEPS[-1])
    return list(range(0, int(seconds) + 1, step))


def _points(samples: Sequence[Sample]) -> list[list]:
    """Readings as [time, unsure, reasons, seven scores ...]."""
    return [[s.time, bool(s.unsure), s.unsure_because, *(round(score, 3) for score in s.scores)] for s in samples]
