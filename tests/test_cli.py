import ast
import subprocess
import sys
from pathlib import Path

import pytest

import fer_hf
from fer_hf import cli
from fer_hf.cli import COMMANDS, build_parser, main

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_help(name):
    text = build_parser(name).format_help()
    assert COMMANDS[name].summary.split()[0] in text
    assert f"usage: fer-hf {name}" in text


def test_an_unknown_command_and_none_at_all(capsys):
    assert main(["pedict"]) == 2
    assert "pedict: no such command; did you mean predict?" in capsys.readouterr().err
    assert main(["xyz"]) == 2
    assert "xyz: no such command\nusage: fer-hf" in capsys.readouterr().err
    assert main([]) == 2
    capsys.readouterr()
    assert main(["--help"]) == 0
    listing = capsys.readouterr().out
    assert all(f"  {name} " in listing for name in COMMANDS)


def test_it_tells_its_version(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["fer-hf", "--version"])
    assert main() == 0
    assert capsys.readouterr().out == f"{fer_hf.__version__}\n"


def test_an_option_is_not_guessed_from_its_beginning(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["predict", "photo.jpg", "--mod", "somewhere"])
    assert caught.value.code == 2
    assert "unrecognized arguments: --mod" in capsys.readouterr().err


def test_no_parser_guesses_options():
    files = [path for name in ("fer_hf", "benchmarks", "experiments", "tools") for path in (ROOT / name).rglob("*.py")]
    parsers = [
        (file.name, [keyword.arg for keyword in node.keywords])
        for file in [*files, ROOT / "train.py"]
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "attr", None) == "ArgumentParser"
    ]
    assert len(parsers) > 5
    assert [name for name, keywords in parsers if "allow_abbrev" not in keywords] == []


@pytest.mark.parametrize(("debug", "traceback"), [("", False), ("1", True)])
def test_a_user_sees_one_line_and_a_developer_the_traceback(tmp_path, monkeypatch, capsys, debug, traceback):
    monkeypatch.setenv("FER_DEBUG", debug)
    assert main(["predict", "photo.jpg", "--model", str(tmp_path / "none")]) == 1
    *before, last = capsys.readouterr().err.strip().splitlines()
    assert last == f"error: {tmp_path / 'none'}: no such model folder, and not a Hub id (user/name)"
    assert bool(before) is traceback


def test_python_m_runs_the_same_commands(tmp_path):
    argv = [sys.executable, "-m", "fer_hf", "predict", str(tmp_path / "none.jpg"), "--model", str(tmp_path / "none")]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    words = f"error: {tmp_path / 'none'}: no such model folder, and not a Hub id (user/name)\n"
    assert (done.returncode, done.stderr) == (1, words)


def test_a_missing_extra_is_named(monkeypatch, capsys):
    def fail(name):
        raise ModuleNotFoundError(name="onnx")

    monkeypatch.setattr(cli.importlib, "import_module", fail)
    assert main(["export"]) == 1
    assert capsys.readouterr().err == (
        "error: fer-hf export: the library onnx is missing; install it with: pip install 'fer-hf[export]'\n"
    )


def test_a_defect_of_our_own_is_not_taken_for_a_missing_extra(monkeypatch):
    def fail(name):
        raise ModuleNotFoundError(name="fer_hf.hub.gone")

    monkeypatch.setattr(cli.importlib, "import_module", fail)
    with pytest.raises(ModuleNotFoundError):
        main(["export"])


def test_the_help_and_the_public_names_load_nothing_heavy():
    code = "import sys, fer_hf.cli; fer_hf.cli.main(['--help']); fer_hf.FerError; fer_hf.LABELS\n"
    code += "print([name for name in ('torch', 'transformers', 'numpy', 'gradio') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize("name", fer_hf.__all__)
def test_every_public_name_is_there(name):
    assert getattr(fer_hf, name) is not None
    assert name in dir(fer_hf)


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'Reader'"):
        _ = fer_hf.Reader
