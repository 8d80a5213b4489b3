"""The sentences and tables of README on how the model was chosen, each from one result file."""

from tools.tables import SPLIT_NAMES, give_or_take, percent, points

SCORES = ("accuracy", "macro_f1", "ferplus", "ece")


def spread_of(base: dict) -> float:
    """How far the accuracies of the base's seeds lie apart."""
    found = [each["accuracy"] for each in base["runs"]]
    return max(found) - min(found)


def table_head(first: str) -> list[str]:
    """The head of a table of rows of `row_of`."""
    return ["", f"| {first} | accuracy, % | macro-F1, % | FER+, % | ECE, % | NLL |", "|---|---|---|---|---|---|"]


def row_of(name: str, row: dict, chosen: bool) -> str:
    """A line of a table; what was chosen is bold."""
    cells = [give_or_take(row[score], row["interval_95"][score]) for score in SCORES]
    return f"| {f'**{name}**' if chosen else name} | {' | '.join(cells)} | {row['nll']:.3f} |"


def choices_lines(
    looks: list[dict], parts: list[dict], mixes: dict | None, views: dict | None, ablations: dict | None
) -> list[str]:
    """How often PrivateTest was looked at, and among how many configurations was chosen on PublicTest."""
    files, scored = len({look["sha256"] for look in looks}), sum(part["recipe"]["evaluations"] for part in parts)
    among = [f"{len(parts)} runs one after another with {scored} scored checkpoints"]
    among += [f"{len(mixes['rows'])} mixes of the last run's two ends with class biases"] if mixes else []
    among += [f"{sum(row['views'] > 2 for row in views['rows'])} crops of several views"] if views else []
    among += [f"{ablations['configurations_tried']} configurations of the ablations"] if ablations else []
    return [
        "",
        f"PrivateTest has been scored {len(looks)} times, with {files} weight files, each noted in",
        "`models/fer-dinov2-small/test_evaluations.json`. What was chosen on PublicTest was chosen among",
        f"{', '.join(among)}.",
    ]


def mixes_lines(mixes: dict) -> list[str]:
    """How far the last run's weights go back to their start, and the rule that says so."""
    lines = [
        "",
        "The finished weights go back by a share towards those that the last run went on from. On PublicTest:",
        *table_head("share of the start"),
    ]
    chosen, floor = mixes["chosen"], percent(mixes["ferplus_floor"])
    rows = [row for row in mixes["rows"] if row["biases"] == chosen["biases"]]
    lines += [row_of(f"{row['start_share']:g}", row, row["start_share"] == chosen["start_share"]) for row in rows]
    rule = f"The rule: the lowest ECE among those with at least {floor} % agreement, less half a point."
    return [*lines, "", rule]


def frontier_lines(frontier: dict) -> list[str]:
    """The two scores that compete."""
    lines = [
        "",
        "FER2013's labels and the FER+ majority compete. By the share of calibration's class biases, on PublicTest:",
        *table_head("share of the biases"),
    ]
    lines += [row_of(f"{row['share']:g}", row, row["share"] == frontier["chosen"]) for row in frontier["shares"]]
    floor = percent(frontier["ferplus_floor"])
    rule = (
        f"The rule: the highest accuracy among those with at least {floor} % agreement; where none has it, the highest"
    )
    return [*lines, "", rule, "agreement."]


def views_lines(views: dict) -> list[str]:
    """What averaging several views gives, and the crop that was chosen."""
    lines = [
        "",
        f"Several views on {SPLIT_NAMES[views['split']]}: with the mirror image (2); five crops and mirrors (10).",
        "The crop's side was chosen here, by accuracy:",
        *table_head("views"),
    ]
    for row in views["rows"]:
        name = f"{row['views']}, crops of {100 * row['crop']:g} %" if row["crop"] else str(row["views"])
        lines.append(row_of(name, row, row["crop"] == views["chosen"]))
    return lines


def ablation_lines(ablations: dict) -> list[str]:
    """What each factor gave; what was not run is named."""
    base = ablations["base"]
    lines = [
        "",
        f"What each factor gave on PublicTest, {ablations['budget']}, over the base of the same seed.",
        f"The base's mean is {percent(base['accuracy'])} %, and its seeds lie {percent(spread_of(base))} points apart: "
        "a smaller difference may be chance.",
        "",
        "| field | base | value | accuracy, points | FER+, points | mean of both | seeds |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in ablations["factors"].values():
        lines += [gain_row(row, each) for each in row["values"] if "accuracy_gain" in each]
    missing = [words for name, row in ablations["factors"].items() if (words := not_run(name, row))]
    return [*lines, "", f"Not run: {'; '.join([*missing, *ablations['not_in_train']])}."]


def gain_row(factor: dict, value: dict) -> str:
    """The line of one value; without FER+ votes only its accuracy."""
    gains = [value["accuracy_gain"]]
    gains += [value["ferplus_gain"], (gains[0] + value["ferplus_gain"]) / 2] if "ferplus_gain" in value else []
    cells = [*map(points, gains), "", ""][:3]
    return (
        f"| {factor['field']} | {factor['base']:g} | {value['value']:g} | {' | '.join(cells)} | {len(value['runs'])} |"
    )


def not_run(name: str, factor: dict) -> str:
    """The factor, or those of its values, that were not run."""
    values = [f"{each['value']:g}" for each in factor["values"] if each["status"] == "not run"]
    return name if len(values) == len(factor["values"]) else f"{factor['field']} {', '.join(values)}" if values else ""
