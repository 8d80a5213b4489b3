"""README agrees with the tree and with the result files."""

import re
from pathlib import Path

import pytest

from benchmarks import running, tables
from benchmarks.readme import BEGIN, END, MODEL, results_block

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted((ROOT / "fer_hf").rglob("*.py")), ids=lambda path: path.name)
def test_the_file_tree_names_every_module(path):
    assert path.name == "__init__.py" or path.name in README.partition("## File tree")[2].split()


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
    tried = {"value": 84, "status": "run", "accuracy": 0.5, "ferplus": 0.6, "gain": -0.02, "runs": [{}, {}]}
    factors = {
        "size": {"field": "image_size", "base": 112, "values": [tried, {"value": 140, "status": "not run"}]},
        "mixup": {"field": "mixup", "base": 0.0, "values": [{"value": 0.2, "status": "not run"}]},
    }
    results = {
        "budget": "shortened",
        "base": {"accuracy": 0.52},
        "factors": factors,
        "not_in_train": {"SAM": "not run"},
    }
    lines = tables.ablation_lines(results)
    assert "| image_size | 112 | 84 | -2.0 | 60.0 | 2 |" in lines
    assert lines[-1] == "Not run: image_size 140; mixup; SAM."


def test_the_heat_map_that_is_shown_is_the_best():
    best = {"area": {"mean": 0.2151}, "minus_gaussian": {"interval_95": [-0.1802, -0.1579]}}
    methods = {"occlusion": best, "gaussian": {"area": {"mean": 0.384}}, "random": {"area": {"mean": 0.454}}}
    text = " ".join(tables.explain_lines({"faces": 500, "split": "validation", "methods": methods}))
    assert "Heat maps are occlusion: area under the deletion curve 0.215 on 500 faces of PublicTest" in text
    assert "difference -0.180 to -0.158" in text


def test_the_choices_are_counted():
    parts = [{"recipe": {"evaluations": 6}}, {"recipe": {"evaluations": 4}}]
    text = " ".join(
        tables.choices_lines([{}], parts, {"rows": [{}] * 20}, {"shares": [{}] * 5}, {"configurations_tried": 9})
    )
    assert "looked at 1 time, each" in text
    words = "2 runs one after another with 10 scored checkpoints, 20 mixes of a run's two ends with class biases"
    assert words in text
    assert text.endswith(", 5 shares of the class biases, 9 configurations of the ablations.")


def test_troubles_and_groups_are_rows():
    strengths = [{"kept": kept, "strength": strength} for kept, strength in ((0.97, 0.7), (0.9, 1.2), (0.555, 2.0))]
    blur = {"unit": "px", "strengths": strengths}
    table = {"clean": {"accuracy": 0.68}, "faces": 1000, "split": "validation", "corruptions": {"blur": blur}}
    assert tables.corruption_lines(table)[-1] == "| blur, px | 97 (0.7) | 90 (1.2) | 56 (2) |"
    row = {"accuracy": 0.5, "expected_from_expressions": 0.61}
    groups = {"expression": {"fear": row}, "tilt": dict.fromkeys(("lowest", "low", "middle", "high", "highest"), row)}
    lines = tables.fairness_lines({"split": "validation", "groups": groups, "cannot_be_reported": ["Age.", "More."]})
    assert "By expression: fear 50.0." in lines[1]
    assert lines[-3] == f"| tilt{' | 50.0 (61.0)' * 5} |"
    assert lines[-1] == "What cannot be said: Age."
