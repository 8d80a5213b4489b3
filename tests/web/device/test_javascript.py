"""The JavaScript is of the types that it says, and passes its own tests in Node."""

import re
import subprocess
from pathlib import Path

import pytest

from fer_hf.inference import analyzer, baseline, cropping, detection, stream, tracking, unsure
from fer_hf.web.device import FOLDER
from tests.support import device_js, node_tools


def test_the_types_fit():
    device_js.install()
    node_tools.install()
    compiler = node_tools.FOLDER / "node_modules" / ".bin" / "tsc"
    done = subprocess.run([compiler, "--project", FOLDER], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_its_own_tests_pass():
    device_js.install()
    tests = sorted(Path(__file__).parent.glob("*.test.mjs"))
    assert tests
    done = subprocess.run(["node", "--test", *tests], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("script", "module"),
    [
        ("baseline.js", baseline),
        ("crop.js", cropping),
        ("detector.js", detection),
        ("live.js", stream),
        ("smoothing.js", tracking),
        ("unsure.js", unsure),
        ("classifier.js", analyzer),
    ],
)
def test_its_numbers_are_pythons(script, module):
    numbers = re.findall(r"^export const ([A-Z_]+) = ([\d._e]+);", (FOLDER / script).read_text(), re.MULTILINE)
    assert numbers
    assert {name: float(value) for name, value in numbers} == {name: getattr(module, name) for name, _ in numbers}
