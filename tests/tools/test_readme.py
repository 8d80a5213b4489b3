"""README agrees with the tree and with the result files."""

import re
from pathlib import Path

import pytest

from tools import choices, running, tables
from tools.readme import BEGIN, END, MODEL, is_of, results_block

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.skipif(not MODEL.exists(), reason="no model in the repository")
def test_the_tables_are_those_of_the_result_files():
    written = README.partition(BEGIN)[2].partition(END)[0].strip()
    assert written == results_block()


def test_every_picture_is_there_and_small():
    pictures = re.findall(r"\]\(((?!http)[\w/.-]+\.(?:webp|png))\)", README)
    assert len(pictures) >= 5
    for picture in pictures:
        assert 0 < (ROOT / picture).stat().st_size < 250_000


def test_the_page_and_the_export_in_words():
    run = {"faces": 1, "camera_frames_a_second": 10, "frames_a_second": 9.96, "delay_ms": {"median": 74.4, "p95": 93.8}}
    live = {"runs": [run | {"distinct_frames_read": 0.994}]}
    photo = {"median": 1.34, "percentile_95": 2.31}
    memory = {"most": 955.2, "slope_a_minute": 0.67}
    counts = {"live": 2, "photos": 8, "seconds": 120.0, "errors": [], "mixed_up": 0}
    text = " ".join(running.page_lines(live, counts | {"seconds_to_answer": {"photo": photo}, "megabytes": memory}))
    assert "10.0 frames a second read, 74 ms" in text and "99.4 % of distinct frames" in text
    assert "10 people at once for 120 seconds, 2 of them on Live: 0 errors, 0 mixed-up answers" in text
    assert running.page_lines(None, None) == []
    row = {"accuracy": 0.68, "agreement": 0.985, "largest_score_difference": 0.064, "time_ratio": 0.8, "megabytes": 23}
    lines = running.export_lines({"n": 3589, "split": "validation", "runtimes": {"onnx_int8": row}})
    assert lines[-1] == "| onnx_int8 | 68.0 | 98.5 | 6.4e-02 | 0.80 | 23.0 |"


def test_factors_that_were_not_run_are_named():
    gains = {"accuracy_gain": -0.02, "ferplus_gain": 0.01}
    tried = {"value": 84, "status": "run", "accuracy": 0.5, "ferplus": 0.6, **gains, "runs": [{}, {}]}
    factors = {
        "size": {"field": "image_size", "base": 112, "values": [tried, {"value": 140, "status": "not run"}]},
        "mixup": {"field": "mixup", "base": 0.0, "values": [{"value": 0.2, "status": "not run"}]},
    }
    results = {
        "budget": "shortened",
        "base": {"accuracy": 0.52, "runs": [{"accuracy": 0.51}, {"accuracy": 0.53}]},
        "factors": factors,
        "not_in_train": {"SAM": "not run"},
    }
    lines = choices.ablation_lines(results)
    assert "| image_size | 112 | 84 | -2.0 | +1.0 | -0.5 | 2 |" in lines
    assert "its seeds lie 2.0 points apart" in " ".join(lines)
    assert lines[-1] == "Not run: image_size 140; mixup; SAM."


def test_the_heat_map_that_is_shown_is_the_best():
    best = {"area": {"mean": 0.2151}, "minus_gaussian": {"interval_95": [-0.1802, -0.1579]}}
    methods = {"occlusion": best, "gaussian": {"area": {"mean": 0.384}}, "random": {"area": {"mean": 0.454}}}
    text = " ".join(tables.explain_lines({"faces": 500, "split": "validation", "methods": methods}))
    assert "Heat maps are occlusion: area under the deletion curve 0.215 on 500 faces of PublicTest" in text
    assert "difference -0.180 to -0.158" in text


def test_the_choices_are_counted():
    parts = [{"recipe": {"evaluations": 6}}, {"recipe": {"evaluations": 4}}]
    looks = [{"sha256": each} for each in "aab"]
    views = {"rows": [{"views": count} for count in (1, 2, 10, 10)]}
    text = " ".join(choices.choices_lines(looks, parts, {"rows": [{}] * 20}, views, {"configurations_tried": 9}))
    assert "scored 3 times, with 2 weight files, each" in text
    words = "2 runs one after another with 10 scored checkpoints, 20 mixes of the last run's two ends with class biases"
    assert words in text
    assert text.endswith(", 2 crops of several views, 9 configurations of the ablations.")


def test_the_mixes_are_those_of_the_chosen_biases():
    row = {"accuracy": 0.687, "macro_f1": 0.66, "ferplus": 0.8, "ece": 0.02, "nll": 0.8}
    row["interval_95"] = dict.fromkeys(row, (0.01, 0.03))
    rows = [{"start_share": start, "biases": share, **row} for start in (0.0, 0.5) for share in (0.0, 1.0)]
    chosen = {"start_share": 0.5, "biases": 0.0}
    lines = choices.mixes_lines({"ferplus_floor": 0.8, "chosen": chosen, "rows": rows})
    assert [line.split("|")[1] for line in lines if "±" in line] == [" 0 ", " **0.5** "]
    assert "at least 80.0 % agreement, less half a point" in lines[-1]


def test_what_was_measured_on_earlier_weights_is_marked():
    assert is_of({"sha256": "a"}, {}) and is_of({"sha256": "a"}, {"sha256": "a"})
    assert not is_of({"sha256": "a"}, {"sha256": "b"})


def test_troubles_and_groups_are_rows():
    strengths = [{"kept": kept, "strength": strength} for kept, strength in ((0.97, 0.7), (0.9, 1.2), (0.555, 2.0))]
    blur = {"unit": "px", "strengths": strengths}
    table = {"clean": {"accuracy": 0.68}, "faces": 1000, "split": "validation", "corruptions": {"blur": blur}}
    assert tables.corruption_lines(table)[-1] == "| blur, px | 97 (0.7) | 90 (1.2) | 56 (2) |"
    row = {"accuracy": 0.5, "interval_95": [0.47, 0.53], "expected_from_expressions": 0.61}
    groups = {"expression": {"fear": row}, "tilt": dict.fromkeys(("lowest", "low", "middle", "high", "highest"), row)}
    lines = tables.fairness_lines({"split": "validation", "groups": groups, "cannot_be_reported": ["Age.", "More."]})
    assert "By expression: fear 50.0 ±3.0." in lines[1]
    assert lines[-3] == f"| tilt{' | 50.0 ±3.0 (61.0)' * 5} |"
    assert lines[-1] == "What cannot be said: Age."
