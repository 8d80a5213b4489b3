"""The config of a model gets its mean neutral logits, and keeps what it had."""

import json
import shutil

from fer_hf.data.synthetic import synthetic_splits
from fer_hf.inference.analyzer import FaceAnalyzer
from tools.neutral_logits import write_neutral_logits


def test_a_model_that_had_none_can_take_a_baseline(tiny_model, tmp_path):
    model = shutil.copytree(tiny_model, tmp_path / "model")
    before = json.loads((model / "config.json").read_text())
    del before["neutral_logits"]
    (model / "config.json").write_text(json.dumps(before))
    assert FaceAnalyzer.from_pretrained(model).neutral_logits is None
    write_neutral_logits(model, synthetic_splits(14)["validation"])
    found = FaceAnalyzer.from_pretrained(model).neutral_logits
    assert found.shape == (7,) and abs(found.sum()) < 1e-3 and found.any()
    after = json.loads((model / "config.json").read_text())
    assert {name: value for name, value in after.items() if name != "neutral_logits"} == before
