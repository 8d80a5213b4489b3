"""What several tests of this package read with and read from."""

import json
import shutil

import pytest
from PIL import Image
from skimage.data import astronaut

from fer_hf.inference.analyzer import FaceAnalyzer


@pytest.fixture(scope="session")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(tiny_model)


@pytest.fixture(scope="session")
def group():
    """Four faces: the astronaut large, and three times small."""
    large = Image.fromarray(astronaut())
    photo = Image.new("RGB", (1024, 512))
    photo.paste(large, (0, 0))
    for index in range(3):
        photo.paste(large.resize((256, 256)), (512 + 256 * (index % 2), 256 * (index // 2)))
    return photo


@pytest.fixture
def with_threshold(tiny_model, tmp_path):
    """A function that makes the folder of a model which is sure only from a threshold on."""

    def copy_model(value):
        folder = shutil.copytree(tiny_model, tmp_path / "doubtful")
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps(config | {"unsure_below": value}))
        return folder

    return copy_model
