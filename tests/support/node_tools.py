"""The npm packages that tests use, installed once into an ignored folder; without Node the tests are skipped aloud.

Their versions stand in tests/support/node/package.json.
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "node"


def run_node(script: str, *words: str) -> list:
    """Run a script of tests/support/node and return the JSON value that it prints."""
    install()
    done = subprocess.run(
        ["node", script, *words], check=False, cwd=FOLDER, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def install() -> None:
    """Install what is missing; no install script is run, so nothing is fetched but the packages themselves."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            pytest.skip(f"{program} is not installed: nothing was checked")
    if installed() == wanted():
        return
    # onnxruntime-node would fetch a CUDA build at install.
    environment = os.environ | {"ONNXRUNTIME_NODE_INSTALL": "skip"}
    done = subprocess.run(
        ["npm", "install"], check=False, cwd=FOLDER, env=environment, capture_output=True, text=True, timeout=900
    )
    if done.returncode:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(
            f"npm install failed: nothing was checked\n{done.stderr}"
        )


def wanted() -> dict[str, str]:
    return json.loads((FOLDER / "package.json").read_text())["devDependencies"]


def installed() -> dict[str, str]:
    files = {name: FOLDER / "node_modules" / name / "package.json" for name in wanted()}
    return {name: json.loads(file.read_text())["version"] for name, file in files.items() if file.exists()}
