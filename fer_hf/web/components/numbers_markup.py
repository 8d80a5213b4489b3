"""What was measured of the model, as HTML: tables, and the calibration picture drawn from the numbers themselves.

Each function takes what `python -m fer_hf evaluate` or `python -m benchmarks.corruptions` wrote, and a language's text.
"""

from html import escape

from fer_hf.labels import COLOURS, LABELS
from fer_hf.web.i18n import Text

SIDE, LEFT, BOTTOM = 320, 44, 40  # of the calibration picture, and the room for its numbers


def share(value: float, text: Text, digits: int = 1) -> str:
    """A share as per cent, with the language's decimal sign and a space that does not break."""
    return f"{100 * value:.{digits}f}\N{NO-BREAK SPACE}%".replace(".", text["about_decimal"])


def count(value: int, text: Text) -> str:
    """A whole number, its thousands apart."""
    return f"{value:,}".replace(",", text["about_thousands"])


def table(caption: str, head: list[str], rows: list[list[str]], kind: str = "") -> str:
    """A table of HTML cells whose first column names the rows. On a phone it scrolls by itself."""
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'
        for first, *cells in rows
    )
    return (
        f'<div class="scroller" tabindex="0" role="region" aria-label="{escape(caption)}"><table class="{kind}">'
        f"<caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def scores_table(results: dict, text: Text) -> str:
    """The scores of all faces of the split, and without those that leaked into training."""
    parts = [results[name] for name in ("whole", "clean") if name in results]
    titles = [text[f"about_{name}"] for name in ("whole", "clean")][: len(parts)]
    rows = [
        _row("accuracy", [f"<b>{share(part['accuracy'], text)}</b>{_interval(part, text)}" for part in parts], text),
        _row("macro_f1", [share(part["macro_f1"], text) for part in parts], text),
        _row("coverage_80", [share(part["coverage_80"], text) for part in parts], text),
        _row("ece", [f"{share(part['ece'], text)}{_floor(part, text)}" for part in parts], text),
    ]
    if "ferplus" in results:
        agreed = results["ferplus"]
        cell = f"{share(agreed['accuracy'], text)}{_interval(agreed, text)}"
        rows.append(_row("ferplus", [cell, *["–"] * (len(parts) - 1)], text, n=count(agreed["n"], text)))
    head = [text["about_score"]]
    head += [
        f"{escape(title)}<small>{count(part['n'], text)}</small>" for title, part in zip(titles, parts, strict=True)
    ]
    return table(text["about_scores"], head, rows, "scores")


def _row(key: str, cells: list[str], text: Text, **values: str) -> list[str]:
    more = escape(text[f"about_{key}_more"].format(**values))
    return [f"{escape(text[f'about_{key}'])}<small>{more}</small>", *cells]


def _interval(part: dict, text: Text) -> str:
    low, high = (share(edge, text) for edge in part["interval_95"]["accuracy"])
    return f"<small>{escape(text['about_interval'].format(low=low, high=high))}</small>"


def _floor(part: dict, text: Text) -> str:
    return f"<small>{escape(text['about_floor'].format(floor=share(part['ece_floor'], text)))}</small>"


def expressions_table(part: dict, text: Text) -> str:
    """F1, also as a bar, precision and recall of each expression."""
    rows = []
    for label in LABELS:
        each = part["per_class"][label]
        bar = f'<span class="bar" aria-hidden="true" style="--share:{each["f1"]:.4f}"></span>'
        rows.append(
            [
                f'<i class="dot" style="--tint:{COLOURS[label]}"></i>{escape(text[label])}',
                count(each["n"], text),
                f"{bar}{share(each['f1'], text, 0)}",
                *(share(each[key], text, 0) for key in ("precision", "recall")),
            ]
        )
    head = [escape(text[f"about_{key}"]) for key in ("expression", "faces", "f1", "precision", "recall")]
    return table(text["about_by_expression"], head, rows, "expressions")


def troubles_table(corruptions: dict, text: Text) -> str:
    """What a real photo's troubles leave of the accuracy, mild, medium and strong."""
    rows = []
    for name, each in corruptions["corruptions"].items():
        title = text.get(f"about_trouble_{name.lower().replace(' ', '_')}", f"{name} ({each['unit']})")
        cells = [
            f'<span class="kept" style="--share:{cell["kept"]:.3f}">{share(cell["kept"], text, 0)}</span>'
            f"<small>{format(cell['strength'], 'g').replace('.', text['about_decimal'])}</small>"
            for cell in each["strengths"]
        ]
        rows.append([escape(title), *cells])
    head = [escape(text[f"about_{key}"]) for key in ("trouble", "mild", "medium", "strong")]
    return table(text["about_troubles"], head, rows, "troubles")


def calibration_svg(part: dict, text: Text) -> str:
    """Accuracy against confidence, a dot for each group of faces; on the dotted line, confidence is the truth."""
    most = max(point["n"] for point in part["reliability"])
    dots, places = "", []
    for point in part["reliability"]:
        x, y = LEFT + SIDE * point["confidence"], SIDE * (1 - point["accuracy"]) + 8
        places.append(f"{x:.1f},{y:.1f}")
        dots += f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{3 + 6 * (point["n"] / most) ** 0.5:.1f}"/>'
    steps = [0, 0.2, 0.4, 0.6, 0.8, 1]
    ticks = "".join(
        f'<line class="grid" x1="{LEFT}" x2="{LEFT + SIDE}" y1="{8 + SIDE * (1 - step):.0f}" '
        f'y2="{8 + SIDE * (1 - step):.0f}"/><text x="{LEFT - 8}" y="{12 + SIDE * (1 - step):.0f}" text-anchor="end">'
        f'{100 * step:.0f}</text><text x="{LEFT + SIDE * step:.0f}" y="{SIDE + 26}" text-anchor="middle">'
        f"{100 * step:.0f}</text>"
        for step in steps
    )
    middle = 8 + SIDE / 2
    return (
        f'<figure class="calibration"><svg viewBox="0 0 {LEFT + SIDE + 16} {SIDE + BOTTOM + 14}" role="img" '
        f'aria-label="{escape(_described(part, text))}">{ticks}'
        f'<line class="perfect" x1="{LEFT}" y1="{8 + SIDE}" x2="{LEFT + SIDE}" y2="8"/>'
        f'<polyline points="{" ".join(places)}"/>{dots}'
        f'<text x="{LEFT + SIDE / 2:.0f}" y="{SIDE + 48}" text-anchor="middle">{escape(text["about_axis_sure"])}</text>'
        f'<text transform="translate(12 {middle:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escape(text['about_axis_right'])}</text></svg>"
        f"<figcaption>{escape(text['about_calibration_more'])}</figcaption></figure>"
    )


def _described(part: dict, text: Text) -> str:
    """The picture in words."""
    points = "; ".join(
        text["about_calibration_point"].format(
            sure=share(point["confidence"], text, 0), right=share(point["accuracy"], text, 0)
        )
        for point in part["reliability"]
    )
    return f"{text['about_calibration_alt']} {points}."
