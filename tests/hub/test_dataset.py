"""Publishing a data set over real HTTP to a Hub on loopback; test_round_trip.py goes the whole way."""

from fer_hf.data.synthetic import draw_face
from fer_hf.labels import LABELS
from tests.support.loopback_hub import LoopbackHub


def test_a_dry_run_needs_no_token_and_does_nothing(tmp_path):
    for label in LABELS:
        (tmp_path / "faces" / "train" / label).mkdir(parents=True)
        draw_face(label, 1).save(tmp_path / "faces" / "train" / label / "1.png")
    with LoopbackHub(tmp_path / "home") as hub:
        words = ("publish-data", "--data", tmp_path / "faces", "--to", "alice/faces", "--dry_run")
        result = hub.run(None, "-m", "fer_hf", *words)
        assert result.returncode == 0, result.stderr
        assert "create the private dataset alice/faces" in result.stdout
        assert "upload data/train-00000-of-00001.parquet" in result.stdout
        assert not hub.repos
