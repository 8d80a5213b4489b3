"""The speed of inference: what is measured, drawn and summed up."""

from benchmarks import speed
from benchmarks.timing import against
from fer_hf.inference.analyzer import FaceAnalyzer
from tests.support.pictures import is_picture


def test_photos_have_the_stated_size_and_faces(tiny_model):
    detector = FaceAnalyzer.from_pretrained(str(tiny_model)).detector
    assert speed.photo_of_one().size == speed.photo_of_group().size == (640, 480)
    assert len(detector.detect(speed.photo_of_one())) == 1
    assert len(detector.detect(speed.photo_of_group())) == speed.GROUP


def test_speed_is_drawn_and_summed_up(tmp_path):
    rows = {"a face": against(0.02, 0.1, 1 / 8), "a photo": against(0.05, 0.1, 0.8), "64 faces": against(1, 0.1, None)}
    speed.draw(rows, tmp_path / "speed.png")
    assert is_picture(tmp_path / "speed.png")
    said = speed.summary({"predict": {"rows": rows}, "train": {"share": 0.95, "met": True}})
    assert "a face: 0.200 passes, 20.0 ms (limit 0.125: NOT MET)" in said
    assert "training keeps 95.0 % (met)" in said
