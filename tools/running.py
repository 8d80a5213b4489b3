"""The tables and sentences of README on how it runs, each from one result file."""

from tools.tables import SPLIT_NAMES, percent


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
