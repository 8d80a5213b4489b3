"""The About tab: every number is the one in the results, what was not measured is said, and its promises hold."""

import json
import re
from dataclasses import replace
from html import unescape

import numpy as np
import pytest

from benchmarks.corruptions import CORRUPTIONS
from fer_hf.evaluation.summary import summarise
from fer_hf.inference.unsure import Limits
from fer_hf.labels import LABELS
from fer_hf.web.components import about
from fer_hf.web.i18n import LANGUAGES, TEXT, TEXTS
from fer_hf.web.model_info import ModelInfo
from fer_hf.web.temp_files import AGE, FREQUENCY

SHA = "ab" * 32


@pytest.fixture(scope="module")
def known():
    scores = np.random.default_rng(0).dirichlet(np.full(7, 0.3), 70)
    whole = summarise(scores, np.arange(70) % 7)
    results = {"sha256": SHA, "split": "test", "views": 1, "private_test": True, "whole": whole, "clean": whole}
    results["ferplus"] = {"n": 1234, "accuracy": 0.75, "interval_95": {"accuracy": [0.7, 0.8]}}
    strengths = [{"strength": strength, "kept": 0.9 - strength / 100} for strength in (0.5, 1, 2)]
    rows = {name: {"unit": each.unit, "strengths": strengths} for name, each in CORRUPTIONS.items()}
    corruptions = {"faces": 1000, "clean": {"accuracy": 0.667}, "corruptions": rows}
    training = {"base_model": "some/backbone", "data": "fer2013.csv", "drawn": False}
    return ModelInfo("my-model", SHA, 21_600_000, 112, results, None, corruptions, training)


def words(html):
    """The text that a reader sees."""
    return unescape(re.sub(r"\s+", " ", re.sub("<[^>]*>", " ", html)))


def test_all_sections_stand_and_the_numbers_are_those_of_the_results(known):
    html = about.about_html(known, 0.45, TEXT)
    whole = known.results["whole"]
    assert re.findall(r'<h2 id="about-(\w+)">', html) == [
        "what",
        "numbers",
        "limits",
        "law",
        "privacy",
        "programs",
        "licence",
    ]
    for value in (whole["accuracy"], whole["macro_f1"], whole["ece"], whole["ece_floor"], whole["coverage_80"], 0.75):
        assert f"{100 * value:.1f}\N{NO-BREAK SPACE}%" in html
    for label in LABELS:
        assert f"{100 * whole['per_class'][label]['f1']:.0f}\N{NO-BREAK SPACE}%" in html
    assert "my-model" in html and "22 million" in html and SHA in html
    assert "below 45\N{NO-BREAK SPACE}%" in html


@pytest.mark.parametrize("language", TEXTS)
def test_with_two_heads_the_numbers_are_those_of_what_most_people_see(known, language):
    text, scores = TEXTS[language], np.random.default_rng(1).dirichlet(np.full(7, 0.3), 63)
    votes = known.results | {"truth": "ferplus", "ferplus": summarise(scores, np.arange(63) % 7)}
    told = words(about.about_html(replace(known, results=votes, label_results=known.results), 0.45, text))
    assert text["about_two_heads"] in told
    assert text["about_majority"] in told and text["about_clean"] not in told
    assert text["about_votes_truth"].format(n=63) in told
    for each in (votes["ferplus"]["accuracy"], votes["ferplus"]["macro_f1"], known.results["whole"]["accuracy"]):
        assert f"{100 * each:.1f}".replace(".", text["about_decimal"]) in told
    assert text["about_two_heads"] not in words(about.about_html(known, 0.45, text))


def test_german_writes_numbers_its_own_way(known):
    html = about.about_html(known, 0.45, TEXTS["de"])
    assert "66,7\N{NO-BREAK SPACE}%" in html and "1.234" in html


def test_what_unsure_means_is_told_where_it_was_measured(known):
    parts = {"below": 0.45, "share": 0.19, "accuracy_sure": 0.77, "accuracy_unsure": 0.44, "one_of_two_unsure": 0.75}
    told = words(about.about_html(replace(known, results=known.results | {"unsure": parts}), 0.45, TEXT))
    assert all(f"{share} %" in told for share in (19, 77, 44, 75))
    assert "it was unsure of" not in words(about.about_html(known, 0.45, TEXT))


@pytest.mark.parametrize("language", TEXTS)
def test_reasons_to_be_unsure_are_told_where_the_model_has_limits(known, language):
    told = TEXTS[language]["about_model_unsure_because"]
    assert told in words(about.about_html(known, 0.45, TEXTS[language], Limits(size=12)))
    assert told not in words(about.about_html(known, 0.45, TEXTS[language]))


def test_a_space_links_its_card_its_code_and_its_discussions(known, monkeypatch):
    assert "<a " not in about.about_html(known, 0.45, TEXT)
    monkeypatch.setenv("SPACE_ID", "user/faces")
    html = about.about_html(replace(known, name="user/model"), 0.45, TEXT)
    assert re.findall('<a href="([^"]+)"', html) == [
        "https://huggingface.co/user/model",
        "https://huggingface.co/spaces/user/faces/tree/main",
        "https://huggingface.co/spaces/user/faces/discussions",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_corruption_that_is_measured_has_words(known, language):
    shown = words(about.about_html(known, 0.0, TEXTS[language]))
    assert not [each.unit for each in CORRUPTIONS.values() if f"({each.unit})" in shown]
    assert TEXTS[language]["about_corruptions"] in shown


def test_what_was_not_measured_is_said(known):
    html = about.about_html(replace(known, results=None, corruptions=None, training=None), 0.0, TEXT)
    assert TEXT["about_not_measured"] in html
    assert TEXT["about_corruptions_not_measured"] in html
    assert TEXT["about_licence_other"] in words(html)
    assert "<table" in html and "<svg" not in html  # of the tables, only that of the endpoints


def test_names_from_files_are_text(known):
    rows = {"<b>fog": {"unit": "<i>", "strengths": known.corruptions["corruptions"]["blur"]["strengths"]}}
    hostile = replace(known, name="<script>", corruptions=known.corruptions | {"corruptions": rows})
    html = about.about_html(hostile, 0.0, TEXT)
    assert "<script>" not in html and "<b>fog" not in html and "&lt;b&gt;fog (&lt;i&gt;)" in html


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_notice_the_law_and_the_promise_stand_there(known, language):
    shown = words(about.about_html(known, 0.0, TEXTS[language]))
    for key in ("about_what_2", "about_law_banned", "about_law_tell", "about_privacy_nothing"):
        assert TEXTS[language][key] in shown
    assert re.search(r"5\(1\)\(f\)|5 Absatz 1 Buchstabe f", shown)
    assert TEXTS[language]["about_privacy_disk"].format(minutes=(AGE + FREQUENCY) // 60) in shown


def test_the_picture_of_the_calibration_is_told_in_words_too(known):
    html = about.about_html(known, 0.0, TEXT)
    label = re.search(r'role="img" aria-label="([^"]*)"', html)[1]
    assert label.count("right") == len(known.results["whole"]["reliability"])


def test_tables_name_their_rows_and_columns_and_scroll_by_keyboard(known):
    html = about.about_html(known, 0.0, TEXT)
    assert html.count("<table") == html.count("<caption>") == html.count('tabindex="0" role="region" aria-label') - 3
    assert html.count('scope="row"') > 25


def test_the_settings_for_a_model_are_json():
    assert "faces" in json.loads(about.PROGRAMS["MCP"].replace("{address}", "http://127.0.0.1:7860/"))["mcpServers"]
