"""The faces of many photos as HTML: sorted by expression, numbered, with what was not read and why."""

import json
from collections.abc import Iterable
from html import escape

from fer_hf.inference.batch import BatchResult, FoundFace
from fer_hf.labels import LABELS
from fer_hf.web.components.markup import data_address, percent, tint
from fer_hf.web.components.work_markup import file_html
from fer_hf.web.i18n import Text, shown

SHOWN = 60  # faces of one expression; a page of thousands of pictures would help nobody
UNSURE = "unsure"
NAMES = 500  # of photos without a face


def gallery_html(result: BatchResult, text: Text) -> str:
    """The whole answer to a set of photos."""
    groups = _groups(result)
    numbered = iter(range(1, len(result.faces) + 1))
    faces = "".join(_group(label, found, numbered, text) for label, found in groups.items())
    rest = _without(result, text) + _failed(result, text)
    return f'<div class="gallery">{_head(result, groups, text)}{faces}{rest}</div>'


def _groups(result: BatchResult) -> dict[str, list[FoundFace]]:
    """The faces of each expression, the surest first, and apart from them those on which the model is not sure."""
    groups: dict[str, list[FoundFace]] = {label: [] for label in (*LABELS, UNSURE)}
    for found in result.by_emotion():
        groups[UNSURE if found.face.unsure else found.face.label].append(found)
    return {label: found for label, found in groups.items() if found}


def _head(result: BatchResult, groups: dict[str, list[FoundFace]], text: Text) -> str:
    title = text["many_title"].format(faces=len(result.faces), photos=len(result.photos))
    chips = "".join(f"<li>{_chip(label, f'{len(found)} {_word(label, text)}')}</li>" for label, found in groups.items())
    stem = text["many_save_name"]
    table = file_html(f"{stem}.csv", result.csv(), text["many_save_csv"])
    values = json.dumps(result.to_dict(), indent=2, ensure_ascii=False) + "\n"
    return (
        f'<header><div class="summary" role="status"><h2>{escape(title)}</h2>'
        f'<ul class="chips" aria-label="{escape(text["many_counts"])}">{chips}</ul></div>'
        f'<p class="row">{table}{file_html(f"{stem}.json", values, text["many_save_json"])}</p></header>'
    )


def _group(label: str, found: list[FoundFace], numbered: Iterable[int], text: Text) -> str:
    title = escape(text["many_group"].format(label=_word(label, text), count=len(found)))
    cards = "".join(_card(next(numbered), each, text) for each in found[:SHOWN])
    more = len(found) - SHOWN
    rest = f'<p class="more">{escape(text["many_more"].format(count=more))}</p>' if more > 0 else ""
    style = f' style="{tint(label)}"' if label != UNSURE else ""
    return f'<section class="group"{style}><h3>{title}</h3><ol>{cards}</ol>{rest}</section>'


def _card(number: int, found: FoundFace, text: Text) -> str:
    label, share = shown(found.face, text), percent(found.face.confidence)
    words = {"number": number, "label": label, "share": share, "face": found.number, "file": found.file}
    origin = escape(found.file)
    kind = " unsure" if found.face.unsure else ""
    return (
        f'<li class="card{kind}" style="{tint(found.face.label)}"><b class="number" aria-hidden="true">{number}</b>'
        f'<img src="{data_address(found.thumbnail, "image/jpeg")}" loading="lazy"'
        f' alt="{escape(text["many_face"].format(**words))}"><div aria-hidden="true">'
        f'<span class="label">{escape(label)}</span> <span class="share">{share}</span>'
        f'<span class="from" title="{origin}">{origin}</span></div></li>'
    )


def _without(result: BatchResult, text: Text) -> str:
    """The photos without a face, by name."""
    files = [file for file, reading in result.photos if not reading.faces]
    if not files:
        return ""
    title = text["many_without_one"] if len(files) == 1 else text["many_without"].format(count=len(files))
    names = "".join(f"<li>{escape(file)}</li>" for file in files[:NAMES])
    return f'<details class="names"><summary>{escape(title)}</summary><ul>{names}</ul></details>'


def _failed(result: BatchResult, text: Text) -> str:
    """What could not be read, and why."""
    failures = result.failures
    if not failures:
        return ""
    title = text["many_failed_one"] if len(failures) == 1 else text["many_failed"].format(count=len(failures))
    lines = "".join(
        f"<li><strong>{escape(each.file)}</strong> {escape(each.error.message(text['code']))}</li>"
        for each in failures[:NAMES]
    )
    return f'<details class="names failed" open><summary>{escape(title)}</summary><ul>{lines}</ul></details>'


def _chip(label: str, words: str) -> str:
    if label == UNSURE:
        return f'<span class="chip unsure">{escape(words)}</span>'
    return f'<span class="chip" style="{tint(label)}">{escape(words)}</span>'


def _word(label: str, text: Text) -> str:
    return text["many_unsure"] if label == UNSURE else text[label]
