"""Corruptions: stronger ones change more, always the same way, and what they cost is measured."""

import argparse
import shutil

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import corruptions
from benchmarks.corruptions import CORRUPTIONS, corrupted, moved
from fer_hf.data.synthetic import draw_face
from fer_hf.evaluation.score import own_truth
from fer_hf.heads import LABEL, LABEL_HEAD, VOTES, LabelHead, save_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS
from tests.support.made_sources import scored_split
from tests.support.pictures import is_picture


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_stronger_corruption_changes_more(name):
    face = draw_face("sad").convert("RGB")
    clean = np.asarray(face, dtype=float)

    def change(strength):
        changed = corrupted(face, 3, CORRUPTIONS[name], strength).resize(face.size, Image.Resampling.BICUBIC)
        return np.abs(np.asarray(changed, dtype=float) - clean).mean()

    changes = [change(strength) for strength in CORRUPTIONS[name].strengths]
    assert 0 < changes[0] < changes[1] < changes[2]
    assert changes == [change(strength) for strength in CORRUPTIONS[name].strengths]  # the same on every run


def test_moving_by_nothing_changes_nothing_and_a_shift_goes_where_it_says():
    face = draw_face("happy").convert("RGB")
    assert np.array_equal(moved(face), face)
    assert np.array_equal(np.asarray(moved(face, x=0.25))[:, 12:], np.asarray(face)[:, :36])


def test_corruptions_are_measured_and_drawn(analyzer, tmp_path):
    faces = [draw_face(name, 5) for name in LABELS]
    labels = analyzer.scores(faces).argmax(1)
    labels[0] = (labels[0] + 1) % 7  # right on all clean faces but one
    found = corruptions.measure(analyzer, faces, labels)
    assert found["clean"]["accuracy"] == pytest.approx(6 / 7)
    for row in found["corruptions"].values():
        kept = [each["accuracy"] / (6 / 7) for each in row["strengths"]]
        assert [each["kept"] for each in row["strengths"]] == pytest.approx(kept, abs=1e-3)
    corruptions.draw(found | {"faces": 7}, tmp_path / "table.png")
    corruptions.draw_examples(tmp_path / "examples.png")
    assert is_picture(tmp_path / "table.png")
    assert is_picture(tmp_path / "examples.png")


def test_each_head_is_measured_against_its_own_truth(tiny_model, tmp_path, monkeypatch):
    model = shutil.copytree(tiny_model, tmp_path / "model")
    surprised = torch.zeros(7)
    surprised[LABELS.index("surprise")] = 9
    save_label_head(LabelHead(torch.zeros(7, 16), surprised, 0.5), model / LABEL_HEAD)
    monkeypatch.setattr(corruptions, "CORRUPTIONS", {"dark": CORRUPTIONS["dark"]})
    data, where = scored_split(), argparse.Namespace(model=str(model), device="cpu")
    votes = corruptions.measure_head(where, data, VOTES, own_truth(data, str(model)))
    label = corruptions.measure_head(where, data, LABEL, np.asarray(data["label"]))
    assert (votes["faces"], label["faces"]) == (14, 21)
    assert label["clean"]["accuracy"] == pytest.approx(np.mean(np.asarray(data["label"]) == LABELS.index("surprise")))
    assert [each["kept"] for each in label["corruptions"]["dark"]["strengths"]] == [1, 1, 1]
