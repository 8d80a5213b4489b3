"""What pyproject.toml declares: one version, every library that is imported, and lists that are written from it."""

import ast
import re
import subprocess
import sys
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml

import fer_hf
from tools.requirements import EXTRAS, content, requirements

ROOT = Path(__file__).parents[1]
SERVING = ("inference", "web")  # packages that work after `pip install fer-hf`, without an extra


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def declared(*extras):
    return {normal(re.match(r"[\w.-]+", line)[0]) for line in requirements(*extras)}


@cache
def imported(path):
    """The top-level modules that a file imports, wherever it does so."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {"fer_hf", "benchmarks", "experiments", "tools", "tests", "app", "train"}


def undeclared(paths, *extras):
    """Each import whose distribution is not among the requirements, with its file.

    ONNX Runtime is an option of reading, which says so itself where it is missing; a Space alone has `spaces`.
    """
    known, listed = packages_distributions(), declared(*extras)
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in paths
        for name in sorted(imported(path))
        if (path.name, name) not in (("runtime.py", "onnxruntime"), ("zero_gpu.py", "spaces"))
        and not {normal(each) for each in known.get(name, [name])} & listed
    ]


def serving():
    """The files that must work after `pip install fer-hf`."""
    package = ROOT / "fer_hf"
    return [ROOT / "app.py", *package.glob("*.py"), *(p for name in SERVING for p in (package / name).rglob("*.py"))]


def test_serving_needs_the_base_alone():
    assert undeclared(serving()) == []


def test_the_base_holds_nothing_but_what_serving_imports():
    known = packages_distributions()
    used = {normal(each) for path in serving() for name in imported(path) for each in known.get(name, [])}
    for_gradio = {"fastapi", "uvicorn", "websockets"}  # what its server is made of
    assert declared() - used <= for_gradio


def test_everything_else_needs_a_declared_extra():
    package = [path for path in (ROOT / "fer_hf").rglob("*.py") if path.name != "onnx.py"]
    assert undeclared([ROOT / "train.py", *package], "train") == []
    assert undeclared((ROOT / "fer_hf").rglob("*.py"), "train", "export") == []
    others = [path for name in ("tests", "benchmarks", "experiments", "tools") for path in (ROOT / name).rglob("*.py")]
    assert undeclared([path for path in others if "node_modules" not in path.parts], "train", "export", "dev") == []


def test_an_import_that_is_not_declared_is_found():
    assert undeclared([ROOT / "train.py"]) != []


@pytest.mark.parametrize("file", EXTRAS)
def test_requirements_files_are_written_from_pyproject(file):
    assert (ROOT / file).read_text() == content(file), "run python -m tools.requirements"


@pytest.mark.parametrize("line", requirements("train", "export", "dev"))
def test_every_requirement_has_a_floor_and_a_cap(line):
    assert re.fullmatch(r"[\w.-]+(\[[\w,]+\])?>=[\d.]+,<[\d.]+", line)


def test_there_is_one_version():
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == fer_hf.__version__
    assert f"## {fer_hf.__version__}" in (ROOT / "CHANGELOG.md").read_text()


def floors(path):
    return subprocess.run(
        [sys.executable, ROOT / "tools" / "floors.py", path], check=False, capture_output=True, text=True
    )


def test_floors_are_the_lower_bounds_of_every_requirement():
    pins = dict(line.split("==") for line in floors(ROOT / "requirements-dev.txt").stdout.split())
    bounds = [re.split(">=|,<", line)[:2] for line in requirements("train", "export", "dev")]
    assert pins == dict(bounds)


def test_a_requirement_without_a_floor_is_refused(tmp_path):
    (tmp_path / "requirements.txt").write_text("torch<3\n")
    done = floors(tmp_path / "requirements.txt")
    assert done.returncode != 0
    assert "expected name>=floor,<cap" in done.stderr
