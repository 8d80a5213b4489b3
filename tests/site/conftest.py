"""The static page with a tiny model, and what reads with the same files in Python."""

import shutil

import pytest

from fer_hf.site.build import build_static


@pytest.fixture(scope="session")
def site_folder(tiny_model, tmp_path_factory):
    """The built folder; without npm the test is skipped aloud."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("node and npm are not installed: nothing was checked")
    folder = tmp_path_factory.mktemp("static") / "site"
    build_static(str(tiny_model), folder)
    return folder
