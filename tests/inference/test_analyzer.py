import csv
import json
import shutil
import threading

import numpy as np
import pytest
from PIL import Image
from safetensors.torch import load_file, save_file
from skimage.data import astronaut
from transformers import (
    AutoConfig,
    AutoModelForImageClassification,
    ConvNextConfig,
    ConvNextForImageClassification,
    ConvNextImageProcessorPil,
)

from fer_hf.__main__ import main
from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer, _box_inside
from fer_hf.inference.detection import Detection
from fer_hf.labels import LABELS


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.fixture(scope="module")
def group():
    """Four faces: the astronaut large, and three times small."""
    large = Image.fromarray(astronaut())
    photo = Image.new("RGB", (1024, 512))
    photo.paste(large, (0, 0))
    for index in range(3):
        photo.paste(large.resize((256, 256)), (512 + 256 * (index % 2), 256 * (index // 2)))
    return photo


@pytest.fixture
def doubtful(tiny_model, tmp_path):
    """Folder of a model that is sure only above 95 %."""
    folder = shutil.copytree(tiny_model, tmp_path / "doubtful")
    set_threshold(folder, 0.95)
    return folder


def set_threshold(folder, value):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"unsure_below": value}))


class Given:
    """A detector that finds the same boxes everywhere."""

    def __init__(self, *boxes):
        self.boxes = boxes

    def detect(self, photo):
        return [Detection(box, 0.9, np.zeros((5, 2), np.float32)) for box in self.boxes]


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
    reading = analyzer.analyze(group)
    assert (reading.width, reading.height, len(reading.faces)) == (1024, 512, 4)
    areas = [(x2 - x1) * (y2 - y1) for x1, y1, x2, y2 in (face.box for face in reading.faces)]
    assert areas == sorted(areas, reverse=True) and areas[0] > 3 * areas[1]
    for face in reading.faces:
        x1, y1, x2, y2 = face.box
        assert 0 <= x1 < x2 <= 1024 and 0 <= y1 < y2 <= 512
        assert tuple(face.scores) == LABELS
        assert sum(face.scores.values()) == pytest.approx(1, abs=1e-5)
        assert face.confidence == face.scores[face.label] == max(face.scores.values())


def test_no_face_is_an_empty_reading(analyzer):
    reading = analyzer.analyze(Image.new("RGB", (320, 200), "white"))
    assert reading.to_dict("white.png") == {"file": "white.png", "width": 320, "height": 200, "faces": []}


def test_all_faces_go_in_one_batch_and_crowds_in_chunks_of_64(tiny_model, group):
    analyzer = FaceAnalyzer.from_pretrained(str(tiny_model))
    sizes = batches(analyzer)
    analyzer.analyze(group)
    assert sizes == [4]
    sizes.clear()
    crowd = FaceAnalyzer(analyzer.model, analyzer.processor, Given(*[(i, i, i + 20, i + 20) for i in range(70)]))
    assert len(crowd.analyze(group).faces) == 70
    assert sizes == [64, 6]


def test_a_face_reads_alike_alone_and_in_a_batch(analyzer):
    crops = [Image.effect_noise((50, 40), sigma).convert("RGB") for sigma in (10, 40, 90)]
    together = analyzer.scores(crops)
    assert together.shape == (3, 7)
    for crop, scores in zip(crops, together, strict=True):
        assert list(analyzer.scores_of_crop(crop).values()) == pytest.approx(scores.tolist(), abs=1e-5)
    assert analyzer.scores([]).shape == (0, 7)


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "YCbCr"])
def test_crops_of_every_mode(analyzer, mode):
    assert sum(analyzer.scores_of_crop(Image.effect_noise((48, 48), 60).convert(mode)).values()) == pytest.approx(
        1, abs=1e-5
    )


def test_labels_in_another_order_and_language_of_the_field(tiny_model, tmp_path):
    crop = Image.effect_noise((48, 48), 60)
    pixels = FaceAnalyzer.from_pretrained(str(tiny_model)).processor(crop.convert("RGB"), return_tensors="pt")
    names = ["Neutral", "happiness", " SAD ", "anger", "fearful", "surprised", "disgust"]
    ours = ["neutral", "happy", "sad", "angry", "fear", "surprise", "disgust"]
    folder = with_labels(tiny_model, tmp_path / "m", names)
    raw = AutoModelForImageClassification.from_pretrained(folder)(**pixels).logits.softmax(-1)[0].tolist()
    assert max(raw) - min(raw) > 0.05  # or a wrong order would not show
    scores = FaceAnalyzer.from_pretrained(str(folder)).scores_of_crop(crop)
    assert tuple(scores) == LABELS
    assert scores == pytest.approx(dict(zip(ours, raw, strict=True)), abs=1e-5)


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
    assert tuple(FaceAnalyzer.from_pretrained(str(tmp_path)).scores_of_crop(Image.effect_noise((90, 90), 60))) == LABELS


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


def test_threads_share_a_reader(analyzer, group):
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


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        ((1.4, 2.6, 9.5, 9.4), (1, 3, 10, 9)),
        ((-5.0, -5.0, 200.0, 300.0), (0, 0, 100, 50)),
        ((99.9, 49.9, 120.0, 80.0), (99, 49, 100, 50)),
        ((-9.0, -9.0, -4.0, -4.0), (0, 0, 1, 1)),
    ],
)
def test_boxes_are_whole_pixels_inside(box, inside):
    assert _box_inside(box, (100, 50)) == inside


@pytest.fixture
def folder(tmp_path, monkeypatch, group):
    """The working directory, with photos of four, one and no faces, and a file that is none."""
    monkeypatch.chdir(tmp_path)
    group.save("group.png", compress_level=1)
    portrait = Image.fromarray(astronaut())
    exif = Image.Exif()
    exif[0x0112] = 3
    portrait.transpose(Image.Transpose.ROTATE_180).save("upside-down.jpg", exif=exif)
    Image.new("RGB", (200, 100)).save("=cmd.png")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    return tmp_path


def test_command_writes_json_and_csv_and_goes_on_after_a_bad_file(folder, tiny_model, capsys):
    photos = ["group.png", "broken.jpg", "=cmd.png", "upside-down.jpg", "missing.jpg"]
    code = main(["predict", *photos, "--model", str(tiny_model), "--json", "out/r.json", "--csv", "r.csv"])
    output = capsys.readouterr()
    assert code == 1
    assert output.out == ""
    assert "error: broken.jpg: not a picture" in output.err
    assert "error: missing.jpg: no such file" in output.err
    assert "2 of 5 photos could not be read" in output.err
    assert "Traceback" not in output.err
    readings = json.loads((folder / "out" / "r.json").read_text())
    assert [(one["file"], len(one["faces"])) for one in readings] == [
        ("group.png", 4),
        ("=cmd.png", 0),
        ("upside-down.jpg", 1),
    ]
    assert set(readings[0]) == {"file", "width", "height", "faces"}
    face = readings[2]["faces"][0]
    assert list(face) == ["box", "confidence", "label", "unsure", "scores"]
    assert list(face["scores"]) == list(LABELS)
    assert face["box"] == pytest.approx([182, 58, 270, 178], abs=8)  # of the upright photo
    rows = list(csv.DictReader((folder / "r.csv").open()))
    assert [row["file"] for row in rows] == ["group.png"] * 4 + ["'=cmd.png", "upside-down.jpg"]
    assert [row["face"] for row in rows] == ["1", "2", "3", "4", "", "1"]
    assert float(rows[5][face["label"]]) == float(rows[5]["confidence"]) == face["confidence"]


def test_command_prints_a_table(folder, tiny_model, capsys):
    assert main(["predict", "upside-down.jpg", "=cmd.png", "--model", str(tiny_model)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "upside-down.jpg  512 x 512"
    assert lines[1].split()[0] == "1" and lines[1].split()[1] in LABELS
    assert lines[2:] == ["=cmd.png  200 x 100", "  no face found"]


def test_command_reads_crops(folder, tiny_model, capsys):
    assert main(["predict", "=cmd.png", "--crop", "--model", str(tiny_model), "--json", "r.json"]) == 0
    (reading,) = json.loads((folder / "r.json").read_text())
    assert [face["box"] for face in reading["faces"]] == [[0, 0, 200, 100]]


@pytest.mark.parametrize("option", ["--json", "--csv"])
@pytest.mark.parametrize("target", ["a-folder", "group.png/r.json"])
def test_unwritable_output_is_told_before_the_work(folder, option, target, capsys):
    (folder / "a-folder").mkdir()
    assert main(["predict", "group.png", "--model", "/no/model", option, target]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: {target}: ") and error.count("\n") == 1


def test_names_that_no_text_can_hold(folder, tiny_model, capsys):
    name = "caf\udce9\x1b[31m.png"  # Latin-1 bytes and a terminal's command
    Image.new("RGB", (64, 64)).save(name)
    assert main(["predict", name, "--model", str(tiny_model), "--json", "r.json"]) == 0
    assert json.loads((folder / "r.json").read_text())[0]["file"] == "caf��[31m.png"
    assert main(["predict", name, "--model", str(tiny_model)]) == 0
    assert "\x1b" not in capsys.readouterr().out


def test_below_its_threshold_a_model_names_two(analyzer, doubtful, capsys):
    scores = dict.fromkeys(LABELS, 0.02) | {"sad": 0.5, "neutral": 0.4}
    careful = FaceAnalyzer.from_pretrained(str(doubtful))
    assert careful.unsure(scores) == ("sad", "neutral")
    assert careful.unsure(scores | {"sad": 0.95}) == ()
    assert analyzer.unsure(scores) == ()  # a model of others has no threshold


def test_unsure_is_told_everywhere(folder, doubtful, capsys):
    words = ["predict", "=cmd.png", "--crop", "--model", str(doubtful)]
    assert main([*words, "--json", "r.json", "--csv", "r.csv"]) == 0
    face = json.loads((folder / "r.json").read_text())[0]["faces"][0]
    assert face["unsure"] == sorted(face["scores"], key=face["scores"].get, reverse=True)[:2]
    (row,) = csv.DictReader((folder / "r.csv").open())
    assert row["unsure"] == " or ".join(face["unsure"])
    assert main(words) == 0
    assert f"unsure: {row['unsure']}" in capsys.readouterr().out


@pytest.mark.parametrize("value", ["0.5", 1.5, -0.1])
def test_a_threshold_that_is_none_is_refused(doubtful, value):
    set_threshold(doubtful, value)
    with pytest.raises(FerError, match=r"unsure_below is .*expected a number from 0 to 1"):
        FaceAnalyzer.from_pretrained(str(doubtful))
