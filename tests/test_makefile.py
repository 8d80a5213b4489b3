"""What `make` would do, without doing it."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("npm", [True, False])
def test_make_app_makes_what_browsers_need_where_npm_is_and_else_says_so(tmp_path, npm):
    if npm:
        (tmp_path / "npm").touch(0o755)
    outer = ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")  # of the make that runs the tests
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    done = subprocess.run(
        [shutil.which("make"), "--dry-run", "--always-make", "app"],
        cwd=ROOT,
        env=environment | {"PATH": str(tmp_path)},
        check=True,
        capture_output=True,
        text=True,
    )
    *_, device, app = done.stdout.splitlines()
    assert app.endswith("python app.py")
    assert ("fer_hf build-device" in device, "reads on the server alone" in device) == (npm, not npm)
