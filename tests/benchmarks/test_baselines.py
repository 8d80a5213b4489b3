"""Baselines: they see the pictures that they were trained with, and are compared with us on the same faces."""

import shutil

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from benchmarks import baselines
from benchmarks.onnx_baselines import BASELINES, Baseline, OnnxBaseline, model_input
from fer_hf.data.synthetic import draw_face
from fer_hf.errors import FerError
from fer_hf.heads import LABEL_HEAD, LabelHead, save_label_head
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.labels import LABELS
from tests.support.made_sources import scored_split
from tests.support.pictures import is_picture


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


def test_mcnemar_is_the_exact_binomial_test():
    ours = np.array([True] * 9 + [False] + [True] * 5 + [False] * 5)
    theirs = np.array([False] * 9 + [True] + [True] * 5 + [False] * 5)
    found = baselines.mcnemar(ours, theirs)
    assert (found["only_ours_right"], found["only_theirs_right"]) == (9, 1)
    assert found["p_value"] == pytest.approx(2 * (1 + 10) / 2**10)
    assert baselines.mcnemar(ours, ours)["p_value"] == 1


def test_baselines_get_the_pictures_they_were_trained_with():
    face = Image.linear_gradient("L").resize((48, 48))
    grey = model_input([face, face], BASELINES[0])
    assert grey.shape == (2, 64, 64, 1)
    assert -1 <= grey.min() < -0.9 < 0.9 < grey.max() <= 1
    colour = model_input([face], BASELINES[-1])
    assert colour.shape == (1, 112, 112, 3)
    assert colour.max() > 200
    assert (colour[..., 0] == colour[..., 2]).all()


@pytest.fixture
def baseline(tmp_path):
    """A tiny ONNX model whose output 0 is the surest on any face."""
    weights = numpy_helper.from_array(np.zeros((16, 7), np.float32), "weights")
    bias = numpy_helper.from_array(np.arange(7, 0, -1, dtype=np.float32), "bias")
    nodes = [
        helper.make_node("Flatten", ["faces"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["product"]),
        helper.make_node("Add", ["product", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["scores"]),
    ]
    faces = helper.make_tensor_value_info("faces", TensorProto.FLOAT, ["n", 4, 4, 1])
    scores = helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["n", 7])
    graph = helper.make_graph(nodes, "baseline", [faces], [scores], [weights, bias])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.save(model, tmp_path / "baseline.onnx")
    return Baseline("a baseline", "baseline.onnx", 4, True, LABELS[::-1])


def test_a_baseline_answers_in_our_order_of_labels(baseline, tmp_path):
    analyzer = OnnxBaseline(baseline, tmp_path, threads=1)
    scores = analyzer.scores([draw_face("happy")] * 3)
    assert scores.shape == (3, 7)
    assert scores.argmax(1).tolist() == [6, 6, 6]  # its first label is our last
    assert scores.sum(1) == pytest.approx(1)
    assert analyzer.parameters() == 16 * 7 + 7


def test_a_baseline_that_is_not_there_is_named(tmp_path):
    with pytest.raises(FerError, match=r"fer_mini_xception\.onnx"):
        OnnxBaseline(BASELINES[0], tmp_path, threads=1)


def test_models_are_compared_on_the_same_faces(analyzer, baseline, tmp_path):
    split = scored_split()
    faces = split["image"][:]
    found = baselines.compare({"ours": analyzer, "a baseline": OnnxBaseline(baseline, tmp_path, 1)}, faces, split)
    assert (found["n"], found["n_clean"], found["n_ferplus"]) == (21, 14, 14)
    theirs = found["models"]["a baseline"]
    assert theirs["accuracy"]["value"] == pytest.approx(1 / 7)  # always neutral, one face in seven
    assert theirs["ferplus"]["value"] == 0  # the majorities are all angry
    assert (theirs["ferplus_f1"]["value"], theirs["ferplus_ece"]["value"] > 0.5) == (0, True)
    assert "mcnemar" in theirs
    assert "mcnemar" not in found["models"]["ours"]
    for row in found["models"].values():
        row |= {"milliseconds": {"1": 1.0, "64": 9.0}, "megabytes": 1.0}
    found |= {"split": "validation", "stated": baselines.STATED | {"milliseconds": {"1": 2.0}}}
    baselines.draw(found, tmp_path / "baselines.png")
    assert is_picture(tmp_path / "baselines.png")
    assert baselines.summary(found).count("\n") == 1


def test_each_head_of_ours_is_a_row(tiny_model, tmp_path):
    assert list(baselines.our_heads(str(tiny_model), "cpu")) == [tiny_model.name]
    model = shutil.copytree(tiny_model, tmp_path / "ours")
    save_label_head(LabelHead(torch.zeros(7, 16), torch.eye(7)[5] * 9, 0.5), model / LABEL_HEAD)
    heads = baselines.our_heads(str(model), "cpu")
    assert list(heads) == ["ours, label head", "ours, votes head"]
    faces = [draw_face(label) for label in LABELS]
    assert (
        set(heads["ours, label head"].scores(faces).argmax(1))
        == {5}
        != set(heads["ours, votes head"].scores(faces).argmax(1))
    )
