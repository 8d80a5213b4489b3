"""The tables and sentences of README's results, each from one result file."""

# What the project set out for: score, part of the results, number of views, aim, the least that was to be reached.
AIMS = (
    ("accuracy", "whole", 1, 0.74, 0.69),
    ("accuracy", "whole", 10, 0.755, 0.70),
    ("accuracy", "clean", 1, 0.73, 0.67),
    ("macro_f1", "whole", 1, 0.73, 0.67),
    ("accuracy", "ferplus", 1, 0.88, 0.80),
    ("ece", "clean", 1, 0.02, 0.03),
    ("coverage_80", "whole", 1, 0.82, 0.76),
)
COMMAND_OF_VIEWS = {1: "A", 10: "B"}  # as the commands below the tables are marked
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


def frontier_lines(frontier: dict) -> list[str]:
    """The two scores that compete."""
    lines = [
        "",
        "FER2013's labels and the FER+ majority compete. By the share of calibration's class biases, on PublicTest:",
        "",
        "| share | accuracy, % | macro-F1, % | FER+, % | ECE, % | NLL |",
        "|---|---|---|---|---|---|",
    ]
    for row in frontier["shares"]:
        share = f"**{row['share']:g}**" if row["share"] == frontier["chosen"] else f"{row['share']:g}"
        cells = [percent(row[name]) for name in ("accuracy", "macro_f1", "ferplus", "ece")]
        lines.append(f"| {share} | {' | '.join(cells)} | {row['nll']:.3f} |")
    floor = percent(frontier["ferplus_floor"])
    return [*lines, "", f"The rule: the highest accuracy among those with at least {floor} % agreement."]


def ablation_lines(ablations: dict) -> list[str]:
    """What each factor gave; what was not run is named."""
    base = ablations["base"]
    lines = [
        "",
        f"What each factor gave on PublicTest, {ablations['budget']}; the base: {percent(base['accuracy'])} %.",
        "",
        "| field | base | value | accuracy, points above the base | FER+, % | seeds |",
        "|---|---|---|---|---|---|",
    ]
    for row in ablations["factors"].values():
        for each in row["values"]:
            if "gain" in each:
                agreed = percent(each["ferplus"]) if "ferplus" in each else ""
                cells = [row["field"], f"{row['base']:g}", f"{each['value']:g}", f"{100 * each['gain']:+.1f}", agreed]
                lines.append(f"| {' | '.join(cells)} | {len(each['runs'])} |")
    missing = [
        name for name, row in ablations["factors"].items() if all(v["status"] == "not run" for v in row["values"])
    ]
    return [*lines, "", f"Not run: {', '.join([*missing, *ablations['not_in_train']])}."]


def scores_table(evaluations: list[dict]) -> list[str]:
    """One row for each evaluation and part, with the accuracy's 95 % interval."""
    lines = [
        "| faces | views | n | accuracy, % | macro-F1, % | surest 80 %, % | ECE, % (perfect model) | NLL |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for results in evaluations:
        for part in ("whole", "clean"):
            row = results[part]
            low, high = row["interval_95"]["accuracy"]
            name = SPLIT_NAMES[results["split"]] + (", clean" if part == "clean" else "")
            cells = [
                name,
                str(results["views"]),
                str(row["n"]),
                f"**{percent(row['accuracy'])}** ({percent(low)}-{percent(high)})",
                percent(row["macro_f1"]),
                percent(row["coverage_80"]),
                f"{percent(row['ece'])} ({percent(row['ece_floor'])})",
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
        cells = [percent(row[key]["value"]) for key in ("accuracy", "accuracy_clean", "macro_f1", "ferplus", "ece")]
        cells += [f"{row['milliseconds'][count]:.1f}" for count in ("1", "64")]
        cells += [f"{row['megabytes']:.1f}", f"{row['mcnemar']['p_value']:.0e}" if "mcnemar" in row else ""]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    stated = peers["stated"]
    lines.append(
        f"| {stated['name']} | {percent(stated['accuracy'])} (stated) | | | | |"
        f" {stated['milliseconds']['1']:.1f} (a random model of its shape) | | | |"
    )
    return [*lines, "", "p: McNemar's exact test against ours."]


def speed_table(speed: dict) -> list[str]:
    """Times as ratios to one pass of a random ViT-B/16 at 224 px in the same run."""
    lines = ["", "| speed | measured | limit |", "|---|---|---|"]
    for name, row in speed["predict"]["rows"].items():
        if row["limit"] is not None:
            lines.append(f"| {name} | {row['ratio']:.3f} of a ViT-B/16 pass at 224 px | {row['limit']:g} |")
    train, page = speed["train"], speed["page"]
    lines.append(f"| `train.py`, of bare training steps' pictures a second | {percent(train['share'])} % | 90 % |")
    lines.append(f"| the page's first answer | {page['first_answer_seconds']} s after start | 15 s |")
    lines.append(f"| the page's memory | {page['resident_gigabytes']} GB | 1.5 GB |")
    return lines


def looks_line(looks: list[dict]) -> list[str]:
    count = len(looks)
    return [
        "",
        f"PrivateTest has been looked at {count} time{'s' * (count != 1)}, each look noted in",
        "`benchmarks/results/private_looks.json`; everything was chosen on PublicTest.",
    ]


def page_lines(live: dict | None, sessions: dict | None) -> list[str]:
    """How fast Live is, and what ten people at once do to the page."""
    lines = []
    if live:
        one = next(run for run in live["runs"] if run["faces"] == 1)
        delay = one["delay_ms"]
        lines += [
            "",
            f"Live, one face at {one['camera_frames_a_second']} frames a second of the camera: "
            f"{one['frames_a_second']:.1f} frames a second read,",
            f"{delay['median']:.0f} ms from camera to drawn box (95th percentile {delay['p95']:.0f} ms), "
            f"{percent(one['distinct_frames_read'])} % of distinct frames read.",
        ]
    if sessions:
        memory, photo = sessions["megabytes"], sessions["seconds_to_answer"]["photo"]
        lines += [
            "",
            f"{sessions['live'] + sessions['photos']} people at once for {sessions['seconds']:.0f} seconds, "
            f"{sessions['live']} of them on Live: {len(sessions['errors'])} errors, "
            f"{sessions['mixed_up']} mixed-up answers,",
            f"a photo in {photo['median']:.1f} s (95th percentile {photo['percentile_95']:.1f} s), at most "
            f"{memory['most']:.0f} MB, {memory['slope_a_minute']:+.1f} MB a minute after the first.",
        ]
    return lines


def export_lines(export: dict) -> list[str]:
    """The exported files beside PyTorch."""
    lines = [
        "",
        f"The ONNX export on the {export['n']} faces of {SPLIT_NAMES[export['split']]}:",
        "",
        "| runtime | accuracy, % | same answer as PyTorch, % | largest score difference | time, of PyTorch's | MB |",
        "|---|---|---|---|---|---|",
    ]
    for name, row in export["runtimes"].items():
        size = f"{row['megabytes']:.1f}" if "megabytes" in row else ""
        lines.append(
            f"| {name} | {percent(row['accuracy'])} | {percent(row['agreement'])} |"
            f" {row['largest_score_difference']:.1e} | {row['time_ratio']:.2f} | {size} |"
        )
    return lines


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
