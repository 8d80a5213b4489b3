"""A video's reading as HTML: the marked video, a strip a face, the scores of each over time, and the same in words.

What moves with the video (web/video.js) finds its numbers in data attributes. Areas carry the names of what they show,
so that colour is not the only sign.
"""

import json
from collections.abc import Sequence
from html import escape

import numpy as np

from fer_hf.inference.timeline import GAP, Sample, Segment, by_face, segments, summarise, timeline_csv
from fer_hf.inference.video import VideoResult
from fer_hf.labels import COLOURS, LABELS, UNSURE
from fer_hf.web.components.markup import data_address, percent, tint
from fer_hf.web.components.work_markup import clock, file_html
from fer_hf.web.i18n import Text

SHOWN_FACES = 12  # those read most often; the table of samples has all
POINTS = 240  # on an area's edge
NAMED = 0.22  # an area that is so high somewhere carries its name there
ROWS = 60  # stretches of time of a face in the table


def video_html(reading: VideoResult, name: str, address: str, text: Text, unsure_below: float = 0.0) -> str:
    """The answer to a video called `name`; its marked copy is fetched from `address`."""
    faces = by_face(reading.samples)
    shown = sorted(sorted(faces, key=lambda face: -len(faces[face]))[:SHOWN_FACES])
    stretches = {face: segments(faces[face], reading.every) for face in shown}
    main = {row["face"]: row for row in summarise(reading.samples)}
    lanes = "".join(_lane(face, faces[face], stretches[face], main[face], reading, text) for face in shown)
    charts = "".join(_chart(face, faces[face], reading, text) for face in shown)
    timeline = f'<div class="timeline">{lanes}{_moment(reading, text)}{charts}</div>' if shown else ""
    return (
        f'<div class="film" data-seconds="{reading.seconds}" data-every="{max(reading.every, GAP)}"'
        f' data-below="{unsure_below}" data-either="{escape(text["either"])}" data-at="{escape(text["video_now"])}"'
        f' data-away="{escape(text["video_away"])}">'
        f'<div class="screen"><video controls playsinline data-file="{escape(address)}"'
        f' aria-label="{escape(text["video_marked"])}"></video><p class="lost" role="alert" hidden>'
        f"{escape(text['video_lost'])}</p></div>"
        f'<section class="aside">{_summary(len(faces), len(shown), reading, text)}{_now(shown, text)}'
        f"{_downloads(name, reading, text, unsure_below)}</section>"
        f"{timeline}{_table(shown, stretches, main, text)}</div>"
    )


def _summary(faces: int, shown: int, reading: VideoResult, text: Text) -> str:
    length = text["video_seconds"].format(seconds=f"{reading.seconds:.0f}")
    key = "video_faces_none" if not faces else "video_faces_one" if faces == 1 else "video_faces_many"
    notes = [text["video_faces_none_more"]] if not faces else []
    notes += [text["video_cut"].format(length=clock(reading.seconds))] if reading.cut else []
    notes += [text["video_more_faces"].format(shown=shown)] if faces > shown else []
    lines = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return (
        f'<div class="summary" role="status"><h2>{escape(text[key].format(count=faces, length=length))}</h2>'
        f"{lines}</div>"
    )


def _now(shown: list[int], text: Text) -> str:
    """The seven scores of the chosen face at the moment that the video shows; filled in the browser."""
    if not shown:
        return ""
    bars = "".join(
        f'<li data-label="{label}" style="--tint:{COLOURS[label]}"><span>{escape(text[label])}</span>'
        '<span class="bar" aria-hidden="true"></span><span class="share"></span></li>'
        for label in LABELS
    )
    face = escape(text["video_face"].format(number=shown[0]))
    return (
        f'<div class="now"><p><strong data-part="face">{face}</strong> <span data-part="time"></span>'
        f'<span data-part="label"></span></p><ul class="bars">{bars}</ul></div>'
    )


def _downloads(name: str, reading: VideoResult, text: Text, unsure_below: float) -> str:
    stem = text["video_save_name"].format(name=name.rpartition(".")[0] or name)
    table = file_html(f"{stem}.csv", timeline_csv(reading.samples), text["video_save_csv"])
    return (
        f'<p class="row"><a class="button quiet" download="{escape(stem)}.mp4" hidden>'
        f"{escape(text['video_save'])}</a>{table}</p>"
    )


def _lane(
    face: int, samples: list[Sample], stretches: list[Segment], row: dict, reading: VideoResult, text: Text
) -> str:
    """A face: its button with its picture, and the strip of what it showed."""
    picture = data_address(reading.portraits[face], "image/jpeg")
    mostly = escape(text["video_mostly"].format(label=text.get(row["dominant"], text["video_unsure"])))
    title = escape(text["video_face"].format(number=face))
    data = {"t": [s.time for s in samples], "s": [[round(score, 3) for score in s.scores] for s in samples]}
    parts = "".join(_stretch(stretch, reading.seconds, text) for stretch in stretches)
    return (
        f'<div class="lane" data-face="{face}" data-name="{title}" data-samples="{escape(json.dumps(data))}">'
        f'<button type="button" aria-pressed="false"><b class="number">{face}</b>'
        f'<img src="{picture}" alt=""><span><strong>{title}</strong> {mostly}</span></button>'
        f'<div class="strip" aria-hidden="true">{parts}<i class="line"></i></div></div>'
    )


def _stretch(stretch: Segment, seconds: float, text: Text) -> str:
    unsure = stretch.label == UNSURE
    label = escape(text["video_unsure"] if unsure else text[stretch.label])
    style = f"left:{_share(stretch.start, seconds)};width:{_share(stretch.end - stretch.start, seconds)}"
    style += "" if unsure else f";{tint(stretch.label)}"
    kind = ' class="unsure"' if unsure else ""
    return f'<span{kind} style="{style}" title="{clock(stretch.start)} {label}"><b>{label}</b></span>'


def _moment(reading: VideoResult, text: Text) -> str:
    """A slider through time, and the time's axis."""
    marks = [reading.seconds * part / 4 for part in range(5)]
    axis = "".join(f"<span>{clock(mark)}</span>" for mark in marks)
    return (
        f'<div class="moment"><input type="range" min="0" max="{reading.seconds}" step="0.1" value="0"'
        f' aria-label="{escape(text["video_moment"])}"><div class="axis" aria-hidden="true">{axis}</div></div>'
    )


def _chart(face: int, samples: list[Sample], reading: VideoResult, text: Text) -> str:
    """Stacked areas of the seven scores of a face over time; 1000 units wide, 100 high."""
    title = escape(text["video_chart"].format(number=face))
    runs = list(_runs(samples, reading.every))
    areas = "".join(_areas(times, stacked, reading.seconds) for times, stacked in runs)
    tags = "".join(_tag(index, runs, reading.seconds, text) for index in range(len(LABELS)))
    return (
        f'<div class="chart" data-face="{face}" hidden><p>{title}</p><div class="areas" role="img"'
        f' aria-label="{title}. {escape(text["video_chart_more"])}"><svg viewBox="0 0 1000 100"'
        f' preserveAspectRatio="none" aria-hidden="true">{areas}</svg>{tags}<i class="line"></i></div></div>'
    )


Run = tuple[np.ndarray, np.ndarray]  # times (n,) and the scores' upper edges (n, 7), from 0 to 1


def _runs(samples: Sequence[Sample], every: float) -> list[Run]:
    """A face's readings between two absences, thinned to what can be seen; each lasts until the next."""
    samples = samples[:: len(samples) // POINTS + 1]
    times = np.array([sample.time for sample in samples])
    stacked = np.cumsum([sample.scores for sample in samples], axis=1)
    step = max(GAP, 2 * float(np.median(np.diff(times))) if len(times) > 1 else every)
    parts = np.split(np.arange(len(times)), np.flatnonzero(np.diff(times) > step) + 1)
    return [
        (np.append(times[part], times[part[-1]] + every), np.vstack([stacked[part], stacked[part[-1]]]))
        for part in parts
    ]


def _areas(times: np.ndarray, stacked: np.ndarray, seconds: float) -> str:
    """The areas of one run: each reaches from the ground to its upper edge, the highest is painted first."""
    x = 1000 * np.minimum(times / max(seconds, 1e-9), 1)
    paths = []
    for index in reversed(range(len(LABELS))):
        edge = " ".join(f"{a:.1f},{100 - 100 * min(b, 1):.1f}" for a, b in zip(x, stacked[:, index], strict=True))
        colour = COLOURS[LABELS[index]]
        paths.append(f'<path d="M{x[0]:.1f},100 L{edge} L{x[-1]:.1f},100 Z" fill="{colour}"/>')
    return "".join(paths)


def _tag(index: int, runs: list[Run], seconds: float, text: Text) -> str:
    """The name of an expression where its area is highest."""
    found = []
    for times, stacked in runs:
        lower = stacked[:, index - 1] if index else np.zeros(len(times))
        heights = stacked[:, index] - lower
        best = int(heights.argmax())
        found.append((heights[best], times[best], (stacked[best, index] + lower[best]) / 2))
    height, time, middle = max(found)
    if height < NAMED:
        return ""
    label = LABELS[index]
    place = f"left:clamp(3em, {_share(time, seconds)}, 100% - 3em)"  # the word may not be cut off
    return f'<span style="{place};bottom:{100 * middle:.1f}%;{tint(label)}">{escape(text[label])}</span>'


def _table(shown: list[int], stretches: dict[int, list[Segment]], rows: dict[int, dict], text: Text) -> str:
    """The strips in words."""
    if not shown:
        return ""
    heads = "".join(f'<th scope="col">{escape(text[f"video_table_{key}"])}</th>' for key in ("face", "mostly", "when"))
    body = "".join(_row(face, stretches[face], rows[face], text) for face in shown)
    return (
        f'<details class="words"><summary>{escape(text["video_table"])}</summary>'
        f"<table><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></details>"
    )


def _row(face: int, stretches: list[Segment], row: dict, text: Text) -> str:
    means = sorted(row["mean"].items(), key=lambda pair: -pair[1])[:3]
    mostly = ", ".join(f"{text[label]} {percent(mean)}" for label, mean in means)
    words = [
        f"{clock(s.start)}–{clock(s.end)} {text['video_unsure'] if s.label == UNSURE else text[s.label]}"
        for s in stretches[:ROWS]
    ]
    words += [text["video_table_more"]] if len(stretches) > ROWS else []
    return f'<tr><th scope="row">{face}</th><td>{escape(mostly)}</td><td>{escape("; ".join(words))}</td></tr>'


def _share(part: float, whole: float) -> str:
    return f"{min(100 * part / max(whole, 1e-9), 100):.2f}%"
