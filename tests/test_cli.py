import subprocess
import sys

import pytest

from fer_hf.cli import COMMANDS, build_parser, main


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_has_its_help(name):
    text = build_parser(name).format_help()
    assert COMMANDS[name][1].split()[0] in text


def test_an_unknown_command_and_none_at_all(capsys):
    assert main(["pedict"]) == 2
    assert "pedict: no such command" in capsys.readouterr().err
    assert main([]) == 2
    capsys.readouterr()
    assert main(["--help"]) == 0
    listing = capsys.readouterr().out
    assert all(f"  {name} " in listing for name in COMMANDS)


def test_a_user_sees_one_line_and_no_traceback(tmp_path):
    words = [sys.executable, "-m", "fer_hf", "predict", str(tmp_path / "none.jpg"), "--model", str(tmp_path / "none")]
    answer = subprocess.run(words, capture_output=True, text=True, check=False)
    assert answer.returncode == 1
    assert answer.stderr.startswith("error: ")
    assert len(answer.stderr.strip().splitlines()) == 1
