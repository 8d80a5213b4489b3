import json

import pytest

from fer_hf.errors import FerError
from fer_hf.evaluation import evaluation_log
from fer_hf.evaluation.evaluation_log import log_test_evaluation


def test_a_test_evaluation_is_logged_once_for_each_weight_file_and_views(tmp_path, monkeypatch):
    path = tmp_path / "log.json"
    for sha256, views in (("a", 1), ("b", 1), ("a", 1), ("a", 10), ("a", 10)):
        log_test_evaluation(path, sha256, 0.7, views)
    monkeypatch.setattr(evaluation_log, "CROP", 0.5)
    log_test_evaluation(path, "a", 0.7, 10)  # other crops are another evaluation
    log = json.loads(path.read_text())
    assert [(entry["sha256"], entry["views"]) for entry in log] == [("a", 1), ("b", 1), ("a", 10), ("a", 10)]


def test_each_head_is_a_test_evaluation_of_its_own(tmp_path):
    path = tmp_path / "log.json"
    before = {"date": "2026-01-01", "sha256": "a", "views": 1, "crop": None, "accuracy": 0.7}  # when there was one head
    path.write_text(json.dumps([before]))
    for head in ("votes", "label", "label", "votes"):
        log_test_evaluation(path, "a", 0.7, head=head)
    assert [entry.get("head") for entry in json.loads(path.read_text())] == [None, "label"]


@pytest.mark.parametrize("content", ["no JSON", "{}", "[1]"])
def test_a_broken_log_is_refused_and_kept(tmp_path, content):
    path = tmp_path / "log.json"
    path.write_text(content)
    with pytest.raises(FerError) as caught:
        log_test_evaluation(path, "a", 0.7)
    assert caught.value.code == "test_log_broken"
    assert "log.json: expected a JSON list of test evaluations" in str(caught.value)
    assert path.read_text() == content
