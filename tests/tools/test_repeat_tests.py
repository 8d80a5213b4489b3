from pathlib import Path

import psutil

from tools import repeat_tests
from tools.repeat_tests import busy_cores, fragile_files, main


def test_a_test_that_fails_at_times_is_told(tmp_path, capfd):
    count, test = tmp_path / "count", tmp_path / "test_sometimes.py"
    test.write_text(f"""
from pathlib import Path
def test_every_second_time():
    count = Path({str(count)!r})
    count.write_text(count.read_text() + "." if count.exists() else ".")
    assert len(count.read_text()) % 2
def test_always():
    pass
""")
    assert main([str(test), "--times", "2", "--cores", "1"]) == 1
    told = capfd.readouterr().out
    assert f"{test}: 2 times, 1 failures\n" in told
    assert "test_every_second_time: 1\n" in told
    assert main([f"{test}::test_always", "--times", "1", "--cores", "1"]) == 0


def test_cores_are_busy_only_while_the_block_runs():
    before = set(psutil.Process().children())
    with busy_cores(2):
        jobs = set(psutil.Process().children()) - before
        assert len(jobs) == 2
    assert not any(job.is_running() for job in jobs)


def test_it_takes_the_files_with_processes_sockets_and_a_browser():
    files = fragile_files()
    assert {"tests/test_app.py", "tests/training/test_distributed.py", "tests/browser/test_photo.py"} <= set(files)
    assert "tests/test_labels.py" not in files
    assert all((Path(repeat_tests.ROOT) / file).exists() for file in files)
