"""The model that ships, as the browser gets it."""

from typing import NamedTuple

import pytest

from benchmarks.device_parity import export
from fer_hf.environment import default_model
from fer_hf.inference.analyzer import FaceAnalyzer
from tests.support import device_js


class Exported(NamedTuple):
    """The exported files, and what reads with them in Python."""

    folder: object
    analyzer: FaceAnalyzer


@pytest.fixture(scope="session")
def exported(tmp_path_factory):
    device_js.install()
    folder = tmp_path_factory.mktemp("exported")
    return Exported(folder, export(default_model(), folder))
