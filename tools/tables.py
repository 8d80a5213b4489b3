"""The tables and sentences of README on how well it reads, each from one result file."""

# What the project set out for: score, part of the results, number of views, aim, the least that was to be reached.
AIMS = (
    ("accuracy", "whole", 1, 0.74, 0.69),
    ("accuracy", "whole", 2, 0.755, 0.70),  # several views: either
    ("accuracy", "whole", 10, 0.755, 0.70),
    ("accuracy", "clean", 1, 0.73, 0.67),
    ("macro_f1", "whole", 1, 0.73, 0.67),
    ("accuracy", "ferplus", 1, 0.88, 0.80),
    ("ece", "clean", 1, 0.02, 0.03),
    ("coverage_80", "whole", 1, 0.82, 0.76),
)
COMMAND_OF_VIEWS = {1: "A", 2: "B", 10: "C"}  # as the commands below the tables are marked
SCORE_NAMES = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "ece": "ECE, 15 bins",
    "coverage_80": "accuracy on the surest 80 %",
}
PART_NAMES = {"whole": "PrivateTest", "clean": "PrivateTest, clean", "ferplus": "PrivateTest against the FER+ majority"}
SPLIT_NAMES = {"test": "PrivateTest", "validation": "PublicTest"}


def percent(value: float) -> str:
    return f"{100 * value:.1f}"


def points(value: float) -> str:
    return f"{100 * value:+.1f}"


def give_or_take(value: float, interval: list[float]) -> str:
    """A score and half the width of its interval."""
    return f"{percent(value)} ±{percent((interval[1] - interval[0]) / 2)}"


def aims_table(by_views: dict[int, dict]) -> list[str]:
    """What was set out for and what was measured, with its 95 % interval."""
    lines = ["| faces | score | views | measured, % | aim | at least | by |", "|---|---|---|---|---|---|---|"]
    for score, part, views, aim, least in AIMS:
        measured = "not measured"
        if row := by_views.get(views, {}).get(part):
            low, high = row["interval_95"][score]
            measured = f"**{percent(row[score])}** ({percent(low)}-{percent(high)})"
            if score == "ece":
                measured += f"; a perfect model: {percent(row['ece_floor'])}"
        faces = f"{PART_NAMES[part]} (n = {row['n']})" if row else PART_NAMES[part]
        cells = [faces, SCORE_NAMES[score], str(views), measured, percent(aim), percent(least), COMMAND_OF_VIEWS[views]]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def unsure_lines(results: dict) -> list[str]:
    """What "unsure" means, in numbers."""
    row = results["unsure"]
    return [
        "",
        f"Below a confidence of {percent(row['below'])} % it says that it is unsure and names two expressions: "
        f"{percent(row['share'])} % of the faces.",
        f"There the first is right in {percent(row['accuracy_unsure'])} % and one of the two in "
        f"{percent(row['one_of_two_unsure'])} %; elsewhere it is right in {percent(row['accuracy_sure'])} %.",
    ]


def scores_table(evaluations: list[dict]) -> list[str]:
    """One row for each evaluation and part."""
    lines = [
        "±: half of the bootstrap 95 % interval.",
        "",
        "| faces | views | n | accuracy, % | macro-F1, % | surest 80 %, % | ECE, % (perfect model) | NLL |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for results in evaluations:
        for part in ("whole", "clean"):
            row = results[part]
            scores = ("accuracy", "macro_f1", "coverage_80", "ece")
            accuracy, *rest, ece = (give_or_take(row[score], row["interval_95"][score]) for score in scores)
            name = SPLIT_NAMES[results["split"]] + (", clean" if part == "clean" else "")
            cells = [
                name,
                str(results["views"]),
                str(row["n"]),
                f"**{accuracy}**",
                *rest,
                f"{ece} ({percent(row['ece_floor'])})",
                f"{row['nll']:.3f}",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def peers_table(peers: dict) -> list[str]:
    """Our model and the peers on the same faces, in one run."""
    lines = [
        "",
        f"Beside the models people install, on the same {peers['n']} faces of {SPLIT_NAMES[peers['split']]}:",
        "",
        "| model | accuracy, % | clean, % | macro-F1, % | FER+, % | ECE, % | ms, 1 face | ms, 64 faces | MB | p |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, row in peers["models"].items():
        keys = ("accuracy", "accuracy_clean", "macro_f1", "ferplus", "ece")
        cells = [give_or_take(row[key]["value"], row[key]["interval_95"]) for key in keys]
        cells += [f"{row['milliseconds'][count]:.1f}" for count in ("1", "64")]
        cells += [f"{row['megabytes']:.1f}", f"{row['mcnemar']['p_value']:.0e}" if "mcnemar" in row else ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    stated = peers["stated"]
    lines.append(
        f"| {stated['name']} | {percent(stated['accuracy'])} (stated) | | | | |"
        f" {stated['milliseconds']['1']:.1f} (a random model of its shape) | | | |"
    )
    return [*lines, "", "p: McNemar's exact test against ours."]


def corruption_lines(corruptions: dict) -> list[str]:
    """What a real photo's troubles cost."""
    clean = percent(corruptions["clean"]["accuracy"])
    lines = [
        "",
        f"What a real photo's troubles leave of {clean} % accuracy, on {corruptions['faces']} faces of "
        f"{SPLIT_NAMES[corruptions['split']]}; in brackets how strong they are:",
        "",
        "| trouble | mild, % kept | medium | strong |",
        "|---|---|---|---|",
    ]
    for name, row in corruptions["corruptions"].items():
        cells = [f"{100 * each['kept']:.0f} ({each['strength']:g})" for each in row["strengths"]]
        lines.append(f"| {name}, {row['unit']} | {' | '.join(cells)} |")
    return lines


def fairness_lines(fairness: dict) -> list[str]:
    """Whom it reads worse, as far as FER2013 tells."""
    groups = dict(fairness["groups"])
    expressions = ", ".join(
        f"{name} {give_or_take(row['accuracy'], row['interval_95'])}" for name, row in groups.pop("expression").items()
    )
    lines = [
        "",
        f"Whom it reads worse, on {SPLIT_NAMES[fairness['split']]}, accuracy in %. By expression: {expressions}.",
        "By the picture, in fifths; in brackets what each fifth's expressions alone would give:",
        "",
        "| | lowest | low | middle | high | highest |",
        "|---|---|---|---|---|---|",
    ]
    for kind, rows in groups.items():
        fifths = [rows[name] for name in ("lowest", "low", "middle", "high", "highest")]
        cells = [
            f"{give_or_take(row['accuracy'], row['interval_95'])} ({percent(row['expected_from_expressions'])})"
            for row in fifths
        ]
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return [*lines, "", f"What cannot be said: {fairness['cannot_be_reported'][0]}"]


def explain_lines(explain: dict) -> list[str]:
    """Which heat map is shown, and why."""
    best, row = next(iter(explain["methods"].items()))
    areas = {name: explain["methods"][name]["area"]["mean"] for name in ("gaussian", "random")}
    low, high = row["minus_gaussian"]["interval_95"]
    return [
        "",
        f"Heat maps are {best.replace('_', ' ')}: area under the deletion curve {row['area']['mean']:.3f} on "
        f"{explain['faces']} faces of {SPLIT_NAMES[explain['split']]},",
        f"against {areas['gaussian']:.3f} for a centred Gaussian (difference {low:.3f} to {high:.3f}) and "
        f"{areas['random']:.3f} for random cells; less is better.",
    ]
