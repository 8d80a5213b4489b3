"""The product uses no private name of a library and replaces nothing in one."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FILES = [*sorted((ROOT / "fer_hf").rglob("*.py")), ROOT / "app.py"]
# Undocumented parts of Gradio, Pillow and Starlette that carry no underscore.
UNDOCUMENTED = {"state_holder", "session_data", "root_block", "processing_utils", "core", "local_api_url", "server_app"}
DOCUMENTED = {"_replace", "_asdict", "_fields", "_exit"}  # of named tuples and of os
ALLOWED = {
    ("fer_hf/web/model_info.py", "_raise_exceptions_for_missing_entries"): "transformers' cached_file has no other way",
    ("fer_hf/web/model_info.py", "_raise_exceptions_for_connection_errors"): "transformers' cached_file, as above",
    ("fer_hf/inference/process_settings.py", "core"): "Pillow's only switch for its blocks of memory, undocumented",
}


def private_names(path):
    """Attributes of other objects, keyword arguments and imports that begin with an underscore, or are undocumented."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    own = {
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and not (
            isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
        ):
            name = node.attr
        elif isinstance(node, ast.keyword):
            name = node.arg or ""
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("fer_hf"):
            yield from (each.name for each in node.names if is_private(each.name))
            continue
        else:
            continue
        if is_private(name) and name not in own:
            yield name


def is_private(name):
    return name in UNDOCUMENTED or (name not in DOCUMENTED and name.startswith("_") and not name.startswith("__"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_private_name_of_a_library_is_used(path):
    file = path.relative_to(ROOT).as_posix()
    assert [name for name in private_names(path) if (file, name) not in ALLOWED] == []


@pytest.mark.parametrize(
    "code", ["event._data", "page.launch(_frontend=False)", "page.state_holder", "from gradio.x import _y"]
)
def test_a_private_name_is_noticed(tmp_path, code):
    (tmp_path / "some.py").write_text(code)
    assert len(list(private_names(tmp_path / "some.py"))) == 1


def test_everything_that_is_allowed_is_still_needed():
    used = {(file.relative_to(ROOT).as_posix(), name) for file in FILES for name in private_names(file)}
    assert set(ALLOWED) <= used
