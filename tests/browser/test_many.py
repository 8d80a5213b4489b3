"""What the Many photos tab answers, and that its files go when they have been read."""

import io
import zipfile

import pytest
from PIL import Image
from skimage.data import astronaut

from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.i18n import TEXT, TEXTS
from fer_hf.web.tabs import many
from fer_hf.web.temp_files import Uploads

FACE = Image.fromarray(astronaut()).crop((130, 0, 330, 240))


def jpeg():
    file = io.BytesIO()
    FACE.save(file, "JPEG")
    return file.getvalue()


ONE = jpeg()


def zipped(**entries):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in entries.items():
            archive.writestr(f"{name}.jpg", content)
    return file.getvalue()


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


@pytest.fixture
def uploads(tmp_path):
    return Uploads(tmp_path)


def upload(uploads, content):
    path = uploads.folder / str(len(list(uploads.folder.iterdir()))) / "file"
    path.parent.mkdir()
    path.write_bytes(content)
    return str(path)


def read(analyzer, uploads, contents, session="me", text=TEXT):
    """`contents` by name."""
    paths = [upload(uploads, content) for content in contents.values()]
    return many._read(analyzer, uploads, session, {"paths": paths, "names": list(contents)}, text)


def test_photos_and_a_zip_become_one_gallery_and_nothing_stays(analyzer, uploads):
    shown = list(read(analyzer, uploads, {"=a.jpg": ONE, "set.zip": zipped(b=ONE, bad=b"words"), "no.jpg": b"no"}))
    assert any("<progress" in each for each in shown[:-1])
    assert shown[-1].count('class="card') == 2
    assert "face 1 in =a.jpg" in shown[-1] and "face 1 in set.zip/b.jpg" in shown[-1]
    assert "<strong>set.zip/bad.jpg</strong> not a picture" in shown[-1]
    assert "<strong>no.jpg</strong> not a picture" in shown[-1]
    assert str(uploads.folder) not in shown[-1]
    assert list(uploads.folder.iterdir()) == []


def test_limits_are_kept_on_the_server_too(analyzer, uploads, monkeypatch):
    monkeypatch.setattr(many, "PHOTOS", 1)
    assert "at most 1 files, got 2" in list(read(analyzer, uploads, {"a.jpg": ONE, "b.jpg": ONE}))[-1]
    assert "more than 1 photos" in list(read(analyzer, uploads, {"a.zip": zipped(a=ONE, b=ONE)}))[-1]
    monkeypatch.setattr(many, "SECONDS", -1)
    assert "not read within" in list(read(analyzer, uploads, {"a.jpg": ONE}))[-1]
    monkeypatch.setattr(many, "UPLOAD_MEGABYTES", 0)
    (shown,) = read(analyzer, uploads, {"a.jpg": ONE})
    assert TEXT["many_too_large"].format(megabytes=0) in shown
    assert list(uploads.folder.iterdir()) == []


def test_reasons_are_said_in_the_pages_language(analyzer, uploads):
    shown = list(read(analyzer, uploads, {"no.jpg": b"no", "cut.zip": zipped(a=ONE)[:-30]}, text=TEXTS["de"]))[-1]
    assert "<strong>no.jpg</strong> kein Bild" in shown
    assert "<strong>cut.zip</strong> das Archiv ist beschädigt" in shown


def test_too_many_pixels_are_one_line_in_the_list(analyzer, uploads, monkeypatch):
    monkeypatch.setattr("fer_hf.web.limits.MAX_PIXELS", 1000)
    shown = list(read(analyzer, uploads, {"a.jpg": ONE}))
    assert "<strong>a.jpg</strong> 200 x 240 is more than" in shown[-1]


def test_what_is_no_upload_is_not_even_opened(analyzer, uploads):
    (shown,) = many._read(analyzer, uploads, "me", {"paths": ["/etc/passwd"], "names": ["a.jpg"]}, TEXT)
    assert TEXT["work_not_received"] in shown


def test_stopping_says_so_and_leaves_nothing(analyzer, uploads):
    shown = read(analyzer, uploads, {f"{i}.jpg": ONE + bytes(i) for i in range(5)})
    next(shown)
    assert "<progress" in next(shown)
    many.LINE.leave("me")
    assert TEXT["work_stopped"] in list(shown)[-1]
    assert list(uploads.folder.iterdir()) == []


def test_two_sessions_get_their_own_faces(analyzer, uploads):
    mine, yours = (read(analyzer, uploads, {f"{name}.jpg": ONE}, name) for name in ("mine", "yours"))
    next(mine), next(yours)
    assert "mine.jpg" in list(mine)[-1]
    shown = list(yours)[-1]
    assert "yours.jpg" in shown and "mine.jpg" not in shown
