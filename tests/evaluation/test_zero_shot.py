"""Scores on labelled folders of other data sets, with a tiny model."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from fer_hf.__main__ import main
from fer_hf.data.synthetic import draw_face
from fer_hf.evaluation.zero_shot import mean_recall, without_prior
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.labels import LABELS


@pytest.fixture
def model(tiny_model, tmp_path):
    """Two heads; the label head always says surprise, unless its prior is taken out: then happy."""
    folder = shutil.copytree(tiny_model, tmp_path / "model")
    bias = torch.zeros(7)
    bias[LABELS.index("surprise")], bias[LABELS.index("happy")] = 9, 8
    save_label_head(LabelHead(torch.zeros(7, 16), bias, 0.5), folder / LABEL_HEAD)
    config = json.loads((folder / "config.json").read_text())
    prior = [0.0] * 7
    prior[LABELS.index("surprise")] = 5.0
    (folder / "config.json").write_text(json.dumps(config | {"log_prior": {"label": prior}}))
    return folder


@pytest.fixture
def faces(tmp_path):
    """Three drawn happy faces and a surprised one; the other classes are missing."""
    for number, name in enumerate(("happiness", "happiness", "happiness", "surprised")):
        folder = tmp_path / "faces" / name
        folder.mkdir(parents=True, exist_ok=True)
        draw_face("happy", number).save(folder / f"{number}.png")
    (tmp_path / "faces" / "contempt").mkdir()
    return tmp_path / "faces"


def evaluate(model, data, output, *words):
    return main(["evaluate", "--model", str(model), "--data", str(data), "--output", str(output), *words])


def test_both_heads_are_scored_as_they_are_and_without_the_prior(model, faces, tmp_path, capsys):
    assert evaluate(model, faces, tmp_path / "found.json") == 0
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["pictures"], found["missed"], found["left_out"]) == (4, 0, ["contempt"])
    assert found["classes"] == dict.fromkeys(LABELS, 0) | {"happy": 3, "surprise": 1}
    assert found["data"] == "faces" and str(tmp_path) not in json.dumps(found)
    assert list(found["heads"]) == ["votes", "label"] and list(found["heads"]["votes"]) == ["as it is"]
    label = found["heads"]["label"]
    assert label["as it is"]["accuracy"] == label["as it is"]["found_and_right"] == 0.25
    assert label["without the prior"]["accuracy"] == 0.75
    assert label["as it is"]["mean_recall"] == 0.5  # of the two classes that occur
    low, high = label["as it is"]["interval_95"]["accuracy"]
    assert low <= 0.25 <= high
    told = capsys.readouterr().out
    assert "left out, because they are none of the seven: contempt" in told
    assert "label head, without the prior (n = 4): accuracy 75.00 %" in told
    assert "votes head: its prior is not taken out" in told and "label head: its prior" not in told


def test_in_photos_the_faces_are_found_first_and_misses_are_counted(model, tmp_path):
    folder = tmp_path / "photos" / "surprise"
    folder.mkdir(parents=True)
    Image.fromarray(astronaut()).save(folder / "a.png")
    Image.new("RGB", (200, 200), "#707070").save(folder / "b.png")
    assert evaluate(model, tmp_path / "photos", tmp_path / "found.json", "--detect") == 0
    found = json.loads((tmp_path / "found.json").read_text())
    row = found["heads"]["label"]["as it is"]
    assert (found["pictures"], found["missed"], row["n"]) == (2, 1, 1)
    assert (row["accuracy"], row["found_and_right"]) == (1.0, 0.5)
    assert "--detect" in found["command"]


@pytest.mark.parametrize(
    ("change", "words", "message"),
    [
        (lambda faces: (faces / "bored").mkdir(), [], "bored: is no class"),
        (lambda faces: (faces / "happiness" / "9.png").write_text("x"), [], "9.png: "),
        (lambda faces: None, ["--numbering", "nope"], "--numbering"),
        (lambda faces: None, ["--views", "10"], "--views: has no meaning for "),
        (lambda faces: None, ["--head", "label"], "--head: has no meaning for "),
        (lambda faces: None, ["--split", "validation"], "--split: has no meaning for "),
        (lambda faces: None, ["--votes", "fer2013new.csv"], "--votes: has no meaning for "),
    ],
)
def test_what_is_wrong_is_one_line_and_nothing_is_written(model, faces, tmp_path, capsys, change, words, message):
    change(faces)
    try:
        code = evaluate(model, faces, tmp_path / "found.json", *words)
    except SystemExit as stop:
        code = stop.code
    assert code in (1, 2)
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "found.json").exists()


def test_options_of_class_folders_need_class_folders(model, tmp_path, capsys):
    (tmp_path / "fer.csv").write_text("emotion,pixels,Usage\n")
    assert evaluate(model, tmp_path / "fer.csv", tmp_path / "found.json", "--detect") == 1
    assert "--detect: needs a folder of class folders" in capsys.readouterr().err


def test_taking_out_the_prior_is_bayes_with_another_prior():
    likelihood = np.array([[0.2, 0.1, 0.3, 0.1, 0.1, 0.1, 0.1]])
    prior = np.array([0.3, 0.01, 0.1, 0.25, 0.15, 0.09, 0.1])
    posterior = likelihood * prior / (likelihood * prior).sum()
    np.testing.assert_allclose(without_prior(posterior, np.log(prior)), likelihood)


def test_mean_recall_is_over_the_classes_that_occur():
    scores = np.eye(7)[[0, 0, 1, 3]]
    assert mean_recall(scores, np.array([0, 1, 1, 1])) == pytest.approx((1 + 1 / 3) / 2)
