"""The static Space, published to a Hub on loopback."""

import pytest
import yaml

from fer_hf.cli import main
from fer_hf.site.space import HEADERS
from tests.support.loopback_hub import LoopbackHub

pytestmark = pytest.mark.slow


@pytest.fixture
def hub(tmp_path):
    with LoopbackHub(tmp_path / "home") as server:
        yield server


def test_the_folder_is_published_as_a_static_space_and_only_once(hub, site_folder, tiny_model):
    words = ("-m", "fer_hf", "publish-space", "--static", "--to", "alice/faces", "--model", str(tiny_model))
    done = hub.run("alice-write", *words)
    assert done.returncode == 0, done.stderr
    repo = hub.repos["space", "alice/faces"]
    built = {path.relative_to(site_folder).as_posix() for path in site_folder.rglob("*") if path.is_file()}
    assert set(repo.files) - {".gitattributes"} == built | {"README.md", "thumbnail.png"}
    settings = yaml.safe_load(repo.files["README.md"].decode().split("---\n")[1])
    assert (settings["sdk"], settings["app_file"]) == ("static", "index.html")
    assert settings["custom_headers"] == HEADERS
    assert len(settings["short_description"]) <= 60


def test_hardware_is_refused(capsys):
    assert main(["publish-space", "--static", "--to", "alice/faces", "--hardware", "cpu-basic"]) == 1
    assert "expected no --hardware" in capsys.readouterr().err
