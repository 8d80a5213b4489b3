"""Files go with the session that sent them, and at the latest with age."""

import os
import time

import pytest

from fer_hf.errors import FerError
from fer_hf.web.temp_files import Uploads, private_folder


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path)


def upload(uploads, name):
    path = uploads.folder / f"hash-of-{name}" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"photo")
    return path


def test_a_session_takes_its_files_with_it(uploads):
    mine, yours = upload(uploads, "mine.jpg"), upload(uploads, "yours.jpg")
    uploads.add("me", mine)
    uploads.add("you", yours)
    uploads.forget("me")
    assert not mine.parent.exists()
    assert yours.exists()


def test_a_file_that_two_sessions_sent_stays_until_both_are_gone(uploads):
    shared = upload(uploads, "same.jpg")
    uploads.add("me", shared)
    uploads.add("you", shared)
    uploads.forget("me")
    assert shared.exists()
    uploads.forget("you")
    assert not shared.exists()


def test_forgetting_an_unknown_session_or_a_file_that_is_gone_is_no_error(uploads):
    path = upload(uploads, "gone.jpg")
    uploads.add("me", path)
    path.unlink()
    uploads.forget("me")
    uploads.forget("nobody")


def test_only_a_file_in_the_folder_is_received(uploads, tmp_path_factory):
    inside = upload(uploads, "mine.jpg")
    outside = tmp_path_factory.mktemp("outside") / "secret"
    outside.write_text("secret")
    (uploads.folder / "link").symlink_to(outside)
    hostile = [outside, uploads.folder / "link", inside.parent, uploads.folder / "gone", "\0", None, 7, ["a"]]
    assert [uploads.receive("me", path) for path in hostile] == [None] * len(hostile)
    assert uploads.receive("me", str(inside)) == inside.resolve()
    uploads.forget("me")
    assert not inside.exists()
    assert outside.exists()


def test_what_is_dropped_goes_unless_another_session_has_it(uploads):
    mine, shared, yours = (upload(uploads, name) for name in ("mine.jpg", "shared.jpg", "yours.jpg"))
    for session, path in (("me", mine), ("me", shared), ("you", shared), ("you", yours)):
        uploads.add(session, path)
    uploads.drop("me", [mine, shared, yours])
    assert [path.exists() for path in (mine, shared, yours)] == [False, True, True]
    uploads.drop("nobody", [yours])
    assert yours.exists()


def test_what_is_kept_is_young_again(uploads):
    path = upload(uploads, "old.jpg")
    time.sleep(0.2)
    uploads.keep([path, uploads.folder / "gone"])
    uploads.sweep(age=0.15)
    assert path.exists()
    time.sleep(0.2)
    uploads.sweep(age=0.15)
    assert not path.exists()


def test_the_sweep_takes_old_files_whoever_sent_them_and_leaves_new_ones(uploads):
    upload(uploads, "old.jpg")
    (uploads.folder / "half-an-upload").write_bytes(b"pho")
    uploads.sweep(age=3600)
    assert sum(path.is_file() for path in uploads.folder.rglob("*")) == 2
    uploads.sweep(age=-1)
    assert list(uploads.folder.iterdir()) == []


def test_the_private_folder_goes_with_everything_in_it(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))
    with private_folder() as folder:
        assert os.environ["GRADIO_TEMP_DIR"] == str(folder)
        assert folder.parent == tmp_path
        (folder / "left.jpg").write_bytes(b"photo")
    assert list(tmp_path.iterdir()) == []
    assert os.environ["GRADIO_TEMP_DIR"] == str(tmp_path)


def test_a_folder_that_is_not_there_is_made_and_one_that_cannot_be_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "new"))
    with private_folder() as folder:
        assert folder.parent == tmp_path / "new"
    (tmp_path / "file").touch()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "file" / "new"))
    with pytest.raises(FerError) as caught, private_folder():
        pass
    assert (caught.value.code, caught.value.source) == ("file_unwritable", tmp_path / "file" / "new")
