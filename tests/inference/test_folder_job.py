"""Folders of photos into parquet shards: stopped, killed and resumed, nothing is lost or doubled."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from skimage.data import astronaut

from fer_hf.__main__ import main
from fer_hf.data.synthetic import draw_face
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.folder_job import Shard, rows, take_accelerator

ROOT = Path(__file__).parents[2]


@pytest.fixture
def photos(tmp_path):
    """Five photos in two folders: one with a real face, one broken; and files that are none."""
    folder = tmp_path / "photos"
    (folder / "more").mkdir(parents=True)
    Image.fromarray(astronaut()).resize((256, 256)).save(folder / "astronaut.jpg")
    for i in range(3):
        Image.new("RGB", (40, 30), (i, 0, 0)).save(folder / "more" / f"{i}.png")
    (folder / "broken.PNG").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("no photo")
    draw_face("happy").save(folder / ".hidden.png")
    return folder


def rows_of(output):
    return [row for file in sorted(output.glob("*.parquet")) for row in pq.read_table(file).to_pylist()]


def predict_folder(photos, output, model, *words):
    return main(["predict-folder", str(photos), "--output", str(output), "--model", str(model), *words])


def test_a_row_a_photo_with_its_faces_or_its_error(photos, tmp_path, tiny_model, capsys):
    assert predict_folder(photos, tmp_path / "out", tiny_model, "--shard", "2") == 0
    assert "5 photos (1 unreadable) in 3 shards\n" in capsys.readouterr().out
    rows = {row["file"]: row for row in rows_of(tmp_path / "out")}
    assert list(rows) == ["astronaut.jpg", "broken.PNG", "more/0.png", "more/1.png", "more/2.png"]
    (face,) = rows["astronaut.jpg"]["faces"]
    assert sum(face["scores"].values()) == pytest.approx(1, abs=1e-5)
    assert face["confidence"] == max(face["scores"].values())
    assert (rows["more/0.png"]["width"], rows["more/0.png"]["height"], rows["more/0.png"]["faces"]) == (40, 30, [])
    assert "not a picture" in rows["broken.PNG"]["error"]
    assert rows["broken.PNG"]["faces"] is None


def test_a_folder_of_which_nothing_could_be_read_is_a_failure(tmp_path, tiny_model, capsys):
    (tmp_path / "photos").mkdir()
    for i in range(3):
        (tmp_path / "photos" / f"{i}.jpg").write_bytes(b"no picture")
    for _ in range(2):  # also when all of it is there already
        assert predict_folder(tmp_path / "photos", tmp_path / "out", tiny_model, "--shard", "2") == 1
        output = capsys.readouterr()
        assert output.out == ""
        assert f"error: {tmp_path / 'out'}: 3 of 3 photos could not be read\n" in output.err
    assert ["not a picture" in row["error"] for row in rows_of(tmp_path / "out")] == [True, True, True]


def test_processes_share_the_shards_without_overlap(photos, tmp_path, tiny_model, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    for rank, expected in enumerate((["astronaut.jpg", "more/0.png", "more/2.png"], ["broken.PNG", "more/1.png"])):
        monkeypatch.setenv("RANK", str(rank))
        before = set(tmp_path.glob("out/*.parquet"))
        assert predict_folder(photos, tmp_path / "out", tiny_model, "--shard", "1") == 0
        new = sorted(set(tmp_path.glob("out/*.parquet")) - before)
        assert [row["file"] for file in new for row in pq.read_table(file).to_pylist()] == expected


def test_what_is_there_is_not_read_again(photos, tmp_path, tiny_model):
    out = tmp_path / "out"
    assert predict_folder(photos, out, tiny_model, "--shard", "2") == 0
    whole = rows_of(out)
    (out / "shard-000001.parquet").unlink()
    before = {file.name: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    assert predict_folder(photos, out, tiny_model, "--shard", "2") == 0
    assert rows_of(out) == whole
    assert {name: (out / name).stat().st_mtime_ns for name in before} == before


def test_another_folder_model_or_size_does_not_mix(photos, tmp_path, tiny_model, capsys):
    assert predict_folder(photos, tmp_path / "out", tiny_model) == 0
    assert predict_folder(photos, tmp_path / "out", tiny_model, "--shard", "7") == 1
    assert "was begun with another shard;" in capsys.readouterr().err
    Image.new("RGB", (9, 9)).save(photos / "new.png")
    assert predict_folder(photos, tmp_path / "out", tiny_model) == 1
    assert "was begun with another photos, names_sha256;" in capsys.readouterr().err


def test_the_faces_of_a_shard_share_batches(tmp_path, tiny_model):
    names = [f"{i}.png" for i in range(3)]
    for name in names:
        Image.fromarray(astronaut()).save(tmp_path / name, compress_level=1)
    analyzer, sizes = FaceAnalyzer.from_pretrained(tiny_model), []
    analyzer.model.register_forward_pre_hook(
        lambda module, args, kwargs: sizes.append(len(kwargs["pixel_values"])), with_kwargs=True
    )
    assert [len(row["faces"]) for row in rows(analyzer, Shard(tmp_path, names, tmp_path / "out.parquet"))] == [1, 1, 1]
    assert sizes == [3]


def test_under_torchrun_each_process_takes_its_own_accelerator(monkeypatch):
    taken = []
    monkeypatch.setattr(torch.accelerator, "is_available", lambda: True)
    monkeypatch.setattr(torch.accelerator, "device_count", lambda: 2)
    monkeypatch.setattr(torch.accelerator, "set_device_index", taken.append)
    take_accelerator()
    for rank in range(3):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        take_accelerator()
    assert taken == [0, 1, 0]


@pytest.mark.parametrize(
    ("folder", "words", "message"),
    [
        ("nothing", [], "no such folder"),
        ("photos/astronaut.jpg", [], "astronaut.jpg: is a file, expected a folder of photos"),
        ("empty", [], "holds no photos"),
        ("photos", ["--workers", "0"], "--workers: expected at least 1, got 0"),
        ("photos", ["--model", "nothing/at/all"], "no such model folder"),
        ("photos", ["--model", "nope"], "nope: no such model folder, and not a Hub id (user/name)"),
    ],
)
def test_wrong_input_is_one_clear_line(photos, tmp_path, tiny_model, capsys, folder, words, message):
    (tmp_path / "empty").mkdir()
    assert predict_folder(tmp_path / folder, tmp_path / "out", tiny_model, *words) == 1
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


# -- killed ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def many(tmp_path):
    """Two dozen photos, large enough that a worker can be killed in the midst of them."""
    folder = tmp_path / "many"
    folder.mkdir()
    picture = Image.fromarray(astronaut())
    for i in range(24):
        picture.rotate(i, fillcolor=(i, i, i)).save(folder / f"{i:02}.jpg")
    return folder


def start(photos, output, model):
    """Two workers, one photo a shard; returns once the first shards stand."""
    words = ["predict-folder", str(photos), "--output", str(output), "--model", str(model)]
    process = subprocess.Popen(
        [sys.executable, "-m", "fer_hf", *words, "--workers", "2", "--shard", "1"],
        cwd=ROOT,
        start_new_session=True,
        stderr=output.with_suffix(".log").open("w"),
    )
    while len(list(output.glob("*.parquet"))) < 4:
        assert process.poll() is None
        time.sleep(0.02)
    return process


def workers_of(process):
    children = psutil.Process(process.pid).children(recursive=True)
    return [child for child in children if "spawn_main" in " ".join(child.cmdline())]


@pytest.mark.slow
@pytest.mark.timeout(900)  # two workers load PyTorch, twice: minutes on a busy machine
def test_a_killed_worker_is_started_again_and_loses_nothing(many, tmp_path, tiny_model):
    process = start(many, tmp_path / "out", tiny_model)
    victims = workers_of(process)
    assert len(victims) == 2
    victims[1].kill()
    assert len(list(tmp_path.glob("out/*.parquet"))) < 24
    assert process.wait(timeout=1800) == 0
    told = (tmp_path / "out.log").read_text()
    assert "a worker was killed; what is missing goes on (restart 1 of 3)" in told
    assert "Traceback" not in told
    assert [row["file"] for row in rows_of(tmp_path / "out")] == [f"{i:02}.jpg" for i in range(24)]


@pytest.mark.slow
@pytest.mark.timeout(900)  # two workers load PyTorch, twice: minutes on a busy machine
def test_after_everything_was_killed_the_same_command_goes_on(many, tmp_path, tiny_model):
    out = tmp_path / "out"
    process = start(many, out, tiny_model)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = {file: file.stat().st_mtime_ns for file in out.glob("*.parquet")}
    assert 4 <= len(before) < 24
    assert predict_folder(many, out, tiny_model, "--shard", "1") == 0
    assert [row["file"] for row in rows_of(out)] == [f"{i:02}.jpg" for i in range(24)]
    assert {file: file.stat().st_mtime_ns for file in before} == before
    assert not list(out.glob(".*"))


@pytest.mark.slow
@pytest.mark.timeout(900)  # two workers load PyTorch, twice: minutes on a busy machine
@pytest.mark.parametrize(
    ("stop", "code"),
    [
        (lambda process: os.killpg(process.pid, signal.SIGINT), 130),  # Ctrl-C
        (lambda process: process.send_signal(signal.SIGINT), 130),
        (lambda process: process.kill(), -signal.SIGKILL),
    ],
    ids=["Ctrl-C", "interrupted", "killed"],
)
def test_a_command_that_ends_leaves_no_worker_and_no_traceback(many, tmp_path, tiny_model, stop, code):
    process = start(many, tmp_path / "out", tiny_model)
    workers = workers_of(process)
    assert len(workers) == 2
    stop(process)
    assert process.wait(timeout=120) == code
    _, alive = psutil.wait_procs(workers, timeout=60)
    assert alive == []
    assert "Traceback" not in (tmp_path / "out.log").read_text()
