"""The classifier's scores, whole photos, and models that are none."""

import json
import shutil
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    AutoConfig,
    AutoModelForImageClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    ConvNextImageProcessorPil,
)

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.detection import Detection
from fer_hf.labels import LABELS


class Given:
    """A detector that finds the same boxes everywhere."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detect(self, photo):
        return [Detection(box, 0.9, np.zeros((5, 2), np.float32)) for box in self.boxes]


def analyzer_with(analyzer, detector):
    """The same classifier with another detector."""
    return FaceAnalyzer(analyzer.runtime, analyzer.config, analyzer.processor, detector)


def batches(analyzer):
    """The sizes of the batches that pass through the model from now on."""
    sizes = []
    analyzer.model.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    return sizes


def with_labels(source, folder, names):
    shutil.copytree(source, folder)
    config = json.loads((folder / "config.json").read_text())
    config["id2label"] = dict(enumerate(names))
    config["label2id"] = {name: index for index, name in enumerate(names)}
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_group_is_read_largest_first(analyzer, group):
    result = analyzer.analyze(group)
    assert (result.width, result.height, len(result.faces)) == (1024, 512, 4)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (face.box for face in result.faces)]
    assert areas == sorted(areas, reverse=True) and areas[0] > 3 * areas[1]
    for face in result.faces:
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= 1024 and 0 <= y1 < y2 <= 512
        assert tuple(face.scores) == LABELS
        assert sum(face.scores.values()) == pytest.approx(1, abs=1e-5)
        assert face.confidence == face.scores[face.label] == max(face.scores.values())


def test_a_photo_without_a_face(analyzer):
    result = analyzer.analyze(Image.new("RGB", (320, 200), "white"))
    assert result.to_dict("white.png") == {"file": "white.png", "width": 320, "height": 200, "faces": []}


def test_all_faces_go_in_one_batch_and_crowds_in_chunks_of_64(tiny_model, group):
    analyzer = FaceAnalyzer.from_pretrained(str(tiny_model))
    sizes = batches(analyzer)
    analyzer.analyze(group)
    assert sizes == [4]
    sizes.clear()
    crowd = analyzer_with(analyzer, Given(*[(i, i, i + 20, i + 20) for i in range(70)]))
    assert len(crowd.analyze(group).faces) == 70
    assert sizes == [64, 6]


def test_a_face_reads_alike_alone_and_in_a_batch(analyzer):
    crops = [Image.effect_noise((50, 40), sigma).convert("RGB") for sigma in (10, 40, 90)]
    together = analyzer.scores(crops)
    assert together.shape == (3, 7)
    for crop, scores in zip(crops, together, strict=True):
        assert analyzer.scores([crop])[0] == pytest.approx(scores, abs=1e-5)
    assert analyzer.scores([]).shape == (0, 7)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "YCbCr"])
def test_crops_of_every_mode(analyzer, mode):
    [face] = analyzer.analyze_crop(Image.effect_noise((48, 48), 60).convert(mode)).faces
    assert sum(face.scores.values()) == pytest.approx(1, abs=1e-5)


def test_labels_in_another_order_and_language_of_the_field(tiny_model, tmp_path):
    crop = Image.effect_noise((48, 48), 60)
    pixels = FaceAnalyzer.from_pretrained(str(tiny_model)).processor(crop.convert("RGB"), return_tensors="pt")
    names = ["Neutral", "happiness", " SAD ", "anger", "fearful", "surprised", "disgust"]
    ours = ["neutral", "happy", "sad", "angry", "fear", "surprise", "disgust"]
    folder = with_labels(tiny_model, tmp_path / "m", names)
    raw = AutoModelForImageClassification.from_pretrained(folder)(**pixels).logits.softmax(-1)[0].tolist()
    assert max(raw) - min(raw) > 0.05  # or a wrong order would not show
    [face] = FaceAnalyzer.from_pretrained(str(folder)).analyze_crop(crop).faces
    assert tuple(face.scores) == LABELS
    assert face.scores == pytest.approx(dict(zip(ours, raw, strict=True)), abs=1e-5)


@pytest.mark.parametrize(
    "names", [["cat", "dog"], [*LABELS[:6], "contempt"], [*LABELS[:6], "angry"], [*LABELS, "contempt"]]
)
def test_a_model_of_other_labels_is_refused_and_named(tiny_model, tmp_path, names):
    folder = with_labels(tiny_model, tmp_path / "m", names)
    AutoModelForImageClassification.from_config(AutoConfig.from_pretrained(folder)).save_pretrained(folder)
    with pytest.raises(FerError, match=f"labels are {', '.join(names)}; expected angry, disgust"):
        FaceAnalyzer.from_pretrained(str(folder))


def test_a_convnext_of_another_size(tmp_path):
    config = ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[4, 8, 8, 8], num_labels=7)
    config.id2label = dict(enumerate(LABELS))
    ConvNextForImageClassification(config).save_pretrained(tmp_path)
    ConvNextImageProcessorPil(size={"shortest_edge": 64}, crop_pct=1.0).save_pretrained(tmp_path)
    analyzer = FaceAnalyzer.from_pretrained(str(tmp_path))
    assert analyzer.scores([Image.effect_noise((90, 90), 60)]).shape == (1, 7)


def test_missing_and_incomplete_models(tiny_model, tmp_path):
    with pytest.raises(FerError, match="nowhere: no such model folder"):
        FaceAnalyzer.from_pretrained(str(tmp_path / "nowhere"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(FerError, match=r"lacks config\.json, model\.safetensors, preprocessor_config\.json"):
        FaceAnalyzer.from_pretrained(str(tmp_path / "empty"))
    for name, content in (("model.safetensors", b"\0" * 99), ("config.json", b"{"), ("config.json", b"[]")):
        folder = shutil.copytree(tiny_model, tmp_path / "broken", dirs_exist_ok=True)
        (folder / name).write_bytes(content)
        with pytest.raises(FerError, match="the model cannot be loaded") as caught:
            FaceAnalyzer.from_pretrained(str(folder))
        assert "\n" not in str(caught.value)


def test_a_model_without_a_head_is_refused(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "headless")
    weights = load_file(folder / "model.safetensors")
    save_file({key: value for key, value in weights.items() if key != "classifier.bias"}, folder / "model.safetensors")
    with pytest.raises(FerError, match=r"headless: the weights lack classifier\.bias"):
        FaceAnalyzer.from_pretrained(str(folder))


def test_a_pickle_is_never_loaded(tiny_model, tmp_path):
    folder = shutil.copytree(tiny_model, tmp_path / "pickled")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(FerError, match=r"lacks model\.safetensors"):
        FaceAnalyzer.from_pretrained(str(folder))


def test_threads_share_an_analyzer(analyzer, group):
    photos = [group, group.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    expected = [analyzer.analyze(photo).to_dict("") for photo in photos]
    found = [None, None]

    def read(index):
        found[index] = analyzer.analyze(photos[index]).to_dict("")

    threads = [threading.Thread(target=read, args=(index,)) for index in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one, other in zip(found, expected, strict=True):
        assert [face["box"] for face in one["faces"]] == [face["box"] for face in other["faces"]]
        for a, b in zip(one["faces"], other["faces"], strict=True):
            assert a["scores"] == pytest.approx(b["scores"], abs=1e-5)


def test_below_its_threshold_a_model_names_two(analyzer, with_threshold):
    crop = Image.effect_noise((48, 48), 60)
    (face,) = FaceAnalyzer.from_pretrained(with_threshold(0.99)).analyze_crop(crop).faces
    assert face.unsure == tuple(sorted(face.scores, key=face.scores.get, reverse=True)[:2])
    assert face.box == (0, 0, 48, 48)
    (face,) = analyzer.analyze_crop(crop).faces
    assert face.unsure == ()  # a model of others has no threshold


@pytest.mark.parametrize("value", ["0.5", 1.5, -0.1])
def test_a_threshold_that_is_none_is_refused(with_threshold, value):
    with pytest.raises(FerError, match=r"unsure_below is .*expected a number from 0 to 1"):
        FaceAnalyzer.from_pretrained(with_threshold(value))


# -- what may be given -------------------------------------------------------------------------------------------------


def test_a_photo_may_be_a_path_a_file_or_a_picture(analyzer, group, tmp_path):
    group.save(tmp_path / "group.png", compress_level=1)
    expected = analyzer.analyze(group)
    assert len(expected.faces) == 4
    assert analyzer.analyze(tmp_path / "group.png").to_dict("a") == expected.to_dict("a")
    assert analyzer.analyze(str(tmp_path / "group.png")).to_dict("a") == expected.to_dict("a")
    with (tmp_path / "group.png").open("rb") as file:
        assert analyzer.analyze(file).to_dict("a") == expected.to_dict("a")
    assert analyzer.analyze(group.convert("RGBA")).to_dict("a") == expected.to_dict("a")


def test_the_result_keeps_its_photo_out_of_comparison_and_print(analyzer, group):
    result = analyzer.analyze(group)
    assert result.photo is group  # not copied
    assert replace(result, photo=None) == result
    assert "photo" not in repr(result).split("faces")[0]
    assert result.annotate().size == group.size
    assert result.annotate().tobytes() != group.tobytes()


# -- batches -----------------------------------------------------------------------------------------------------------


def test_the_faces_of_all_photos_share_batches(tiny_model, group):
    analyzer = FaceAnalyzer.from_pretrained(tiny_model)
    sizes = batches(analyzer)
    blank = Image.new("RGB", (64, 64))
    results = list(analyzer.analyze_batch([group, blank, group, group], batch_size=8))
    assert sizes == [8, 4]
    assert [len(result.faces) for result in results] == [4, 0, 4, 4]
    alone = analyzer.analyze(group)
    for result in (results[0], results[2]):
        for one, other in zip(result.faces, alone.faces, strict=True):
            assert one.box == other.box
            assert one.scores == pytest.approx(other.scores, abs=1e-5)


def test_a_photo_that_cannot_be_opened_takes_its_place_in_the_results(analyzer, group, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    results = list(analyzer.analyze_batch([group, tmp_path / "broken.jpg", tmp_path / "missing.jpg", group]))
    assert [getattr(result, "code", None) for result in results] == [None, "photo_unknown_format", "file_missing", None]
    assert str(results[2]) == f"{tmp_path / 'missing.jpg'}: no such file"
    assert len(results[0].faces) == len(results[3].faces) == 4


def test_results_come_before_the_last_photo_is_asked_for(analyzer, group, monkeypatch):
    """A full batch of faces, or as many pixels as one photo may have, is passed on: photos do not pile up."""
    asked = []

    def photos(picture):
        for number in range(6):
            asked.append(number)
            yield picture

    next(analyzer.analyze_batch(photos(group), batch_size=8))
    assert asked == [0, 1]
    asked.clear()
    monkeypatch.setattr("fer_hf.inference.analyzer.MAX_PIXELS", 3 * 64 * 64)
    next(analyzer.analyze_batch(photos(Image.new("RGB", (64, 64)))))
    assert asked == [0, 1, 2]


def test_no_photos_and_no_batch(analyzer):
    assert list(analyzer.analyze_batch([])) == []
    with pytest.raises(FerError, match="batch_size: expected at least 1, got 0"):
        analyzer.analyze_batch([], batch_size=0)
