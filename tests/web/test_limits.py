"""What the browser says that it has sent is not to be trusted."""

import pytest

from fer_hf.errors import FerError
from fer_hf.web.components.data_url import data_url
from fer_hf.web.limits import sent_file, sent_uploads
from fer_hf.web.temp_files import Uploads

REPLACED = "\N{REPLACEMENT CHARACTER}" * 2 + "[2J.png"  # for a half surrogate and an escape


@pytest.fixture
def uploads(tmp_path):
    folder = tmp_path / "uploads"
    folder.mkdir()
    return Uploads(folder)


@pytest.fixture
def arrived(uploads):
    path = uploads.folder / "photo.jpg"
    path.write_bytes(b"photo")
    return path


def test_uploads_have_the_names_that_people_know(uploads, arrived):
    assert sent_uploads({"paths": [str(arrived)], "names": ["party.jpg"]}, uploads, "mine") == {arrived: "party.jpg"}
    uploads.forget("mine")
    assert not arrived.exists()  # it was noted as a file of this job


@pytest.mark.parametrize(
    "sent",
    [
        None,
        7,
        "photo",
        [],
        {},
        {"paths": [], "names": []},
        {"paths": ["/etc/passwd"], "names": ["a.mp4"]},
        {"paths": ["x"]},
        {"paths": ["x"], "names": []},
        {"paths": 7, "names": 7},
        {"paths": [None], "names": [None]},
        {"paths": [[]], "names": ["a.jpg"]},
        {"paths": ["a\0b"], "names": ["a.jpg"]},
        {"paths": ["x" * 5000], "names": ["a.jpg"]},
        {"paths": ["../outside.jpg"], "names": ["a.jpg"]},
    ],
)
def test_what_is_no_upload_is_not_even_opened(uploads, arrived, sent):
    with pytest.raises(FerError, match="did not arrive whole") as caught:
        sent_uploads(sent, uploads, "mine")
    assert caught.value.code == "uploads_incomplete"
    uploads.forget("mine")
    assert arrived.exists()  # it belongs to nobody


@pytest.mark.parametrize("way", ["path", "parent", "link", "folder"])
def test_nothing_outside_the_folder_of_uploads_is_taken(uploads, tmp_path, way):
    secret = tmp_path / "secret.jpg"
    secret.write_bytes(b"secret")
    (uploads.folder / "link.jpg").symlink_to(secret)
    ways = {
        "path": secret,
        "parent": uploads.folder / ".." / "secret.jpg",
        "link": uploads.folder / "link.jpg",
        "folder": uploads.folder,
    }
    with pytest.raises(FerError) as caught:
        sent_uploads({"paths": [str(ways[way])], "names": ["a.jpg"]}, uploads, "mine")
    assert caught.value.code == "uploads_incomplete"
    uploads.forget("mine")
    assert secret.read_bytes() == b"secret"


def test_one_upload_that_is_not_there_refuses_all(uploads, arrived):
    with pytest.raises(FerError):
        sent_uploads({"paths": [str(arrived), "/etc/passwd"], "names": ["a.jpg", "b.jpg"]}, uploads, "mine")


def test_a_name_of_an_upload_is_cut_and_made_harmless(uploads, arrived):
    def named(name):
        [shown] = sent_uploads({"paths": [str(arrived)], "names": [name]}, uploads, "mine").values()
        return shown

    assert named("\ud800\x1b[2J.png") == REPLACED
    assert named("x" * 5000) == "x" * 200
    assert named(["a"]) == "['a']"


@pytest.mark.parametrize(
    "sent", [None, [], "photo", {}, {"data": 5}, {"data": ["x"]}, {"data": "data:,ä"}, {"name": [1], "data": "x,y"}]
)
def test_what_is_no_file_is_one_plain_line(sent):
    with pytest.raises(FerError, match="did not arrive whole") as caught:
        sent_file(sent)
    assert caught.value.code == "photo_incomplete"


def test_a_file_over_the_limit_is_named():
    with pytest.raises(FerError, match=r"^big\.jpg: .* 20 MB"):
        sent_file({"name": "big.jpg", "size": 1})
    with pytest.raises(FerError, match=r"^big\.jpg: .* 20 MB"):
        sent_file({"name": "big.jpg", "data": "data:," + "A" * (28 * 2**20)})


def test_a_name_that_commands_or_cannot_be_written_is_made_harmless():
    sent = {"name": "\ud800\x1b[2J.png", "data": data_url(b"x", "image/png")}
    assert sent_file(sent).name == REPLACED
    assert sent_file(sent | {"name": "x" * 5000}).name == "x" * 200
    assert sent_file(sent | {"name": None}).name == "photo"
