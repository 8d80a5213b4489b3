import pytest

from fer_hf.errors import FerError
from fer_hf.io import replacing, write_json, write_text


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "result.json"
    write_json(path, {"accuracy": 0.7})
    with pytest.raises(TypeError):
        write_json(path, {"accuracy": object()})
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "accuracy": 0.7\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(FerError, match=r"file/result\.txt: cannot be written"):
        write_text(tmp_path / "file" / "result.txt", "text")


def test_a_full_disk_is_named():
    with pytest.raises(FerError, match="cannot be written"):
        write_text("/dev/full/result.txt", "text")
