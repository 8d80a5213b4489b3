"""What the tab of many photos answers, and that its files go when they have been read."""

import io
import re
import warnings
import zipfile

import pytest
from PIL import Image, ImageOps
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.web.i18n import TEXT, TEXTS
from fer_hf.web.limits import sent_uploads
from fer_hf.web.tabs import batch
from fer_hf.web.temp_files import Uploads
from tests.support.csv_file import read_csv

FACE = Image.fromarray(astronaut()).crop((130, 0, 330, 240))


def jpeg(picture=FACE):
    file = io.BytesIO()
    picture.save(file, "JPEG")
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


def read(analyzer, uploads, contents, job="mine", text=TEXT):
    """`contents` by name."""
    sent = {"paths": [upload(uploads, content) for content in contents.values()], "names": list(contents)}
    return batch.read(analyzer, uploads, job, sent_uploads(sent, uploads, job), text)


def failures(answer):
    return re.findall(r"<li><strong>([^<]*)</strong> ([^<]*)</li>", answer["html"])


def test_photos_and_a_zip_become_one_gallery_and_nothing_stays(analyzer, uploads):
    *steps, answer = read(analyzer, uploads, {"=a.jpg": ONE, "set.zip": zipped(b=ONE, bad=b"words"), "no.jpg": b"no"})
    assert steps[-1]["words"] == "Reading photo 4 of 4" and steps[-1]["fraction"] == 1
    assert answer["html"].count('class="card') == 2
    assert 'data-file="=a.jpg"' in answer["html"] and 'data-file="set.zip/b.jpg"' in answer["html"]
    assert [file for file, reason in failures(answer) if reason.startswith("not a picture")] == [
        "set.zip/bad.jpg",
        "no.jpg",
    ]
    assert set(answer["photos"]) == {"=a.jpg", "set.zip/b.jpg"}
    assert str(uploads.folder) not in answer["html"]
    assert list(uploads.folder.iterdir()) == []


def test_limits_are_kept_on_the_server_too(analyzer, uploads, monkeypatch):
    monkeypatch.setattr(batch, "PHOTOS", 1)
    with pytest.raises(FerError, match="at most 1 files, got 2"):
        list(read(analyzer, uploads, {"a.jpg": ONE, "b.jpg": ONE}))
    *_, answer = read(analyzer, uploads, {"a.zip": zipped(a=ONE, b=ONE)})
    assert failures(answer) == [("a.zip/b.jpg", "more than 1 photos")]
    monkeypatch.setattr(batch, "SECONDS", -1)
    *_, answer = read(analyzer, uploads, {"a.jpg": ONE})
    assert failures(answer) == [("a.jpg", "not read within -1 seconds")]
    monkeypatch.setattr(batch, "UPLOAD_MEGABYTES", 0)
    with pytest.raises(FerError) as caught:
        list(read(analyzer, uploads, {"a.jpg": ONE}))
    assert caught.value.code == "uploads_too_large"
    assert list(uploads.folder.iterdir()) == []


def test_reasons_are_said_in_the_pages_language(analyzer, uploads):
    sent = {"no.jpg": b"no", "half.jpg": ONE[: len(ONE) // 2], "cut.zip": zipped(a=ONE)[:-30]}
    *_, answer = read(analyzer, uploads, sent, text=TEXTS["de"])
    reasons = dict(failures(answer))
    assert reasons["half.jpg"] == "das Bild ist beschädigt oder abgeschnitten"
    assert reasons["no.jpg"].startswith("kein Bild") and reasons["cut.zip"] == "das Archiv ist beschädigt"


def test_too_many_pixels_are_one_line_in_the_list(analyzer, uploads, monkeypatch):
    monkeypatch.setattr("fer_hf.web.limits.MAX_PIXELS", 1000)
    *_, answer = read(analyzer, uploads, {"a.jpg": ONE})
    assert failures(answer)[0][1].startswith("200 x 240 is more than")


def test_where_nothing_could_be_read_there_is_nothing_to_save(analyzer, uploads):
    *_, answer = read(analyzer, uploads, {"no.jpg": b"no"})
    assert "data-save" not in answer["html"] and [file for file, _ in failures(answer)] == ["no.jpg"]


def test_files_of_one_name_can_be_told_apart_and_equal_ones_are_both_read(analyzer, uploads):
    sent = {"paths": [upload(uploads, ONE) for _ in range(2)], "names": ["IMG_1.jpg", "IMG_1.jpg"]}
    *_, answer = batch.read(analyzer, uploads, "mine", sent_uploads(sent, uploads, "mine"), TEXT)
    assert [row["file"] for row in read_csv(answer["files"]["faces.csv"])] == [
        "IMG_1.jpg",
        "IMG_1.jpg (2)",
    ]


def test_two_entries_of_one_name_show_their_own_photos(analyzer, uploads):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile warns of the name
        archive.writestr("a.jpg", ONE)
        archive.writestr("a.jpg", jpeg(ImageOps.mirror(FACE)))
    *_, answer = read(analyzer, uploads, {"set.zip": content.getvalue()})
    assert list(answer["photos"]) == ["set.zip/a.jpg", "set.zip/a.jpg (2)"]
    first, second = (photo["picture"] for photo in answer["photos"].values())
    assert first != second
    assert (
        answer["html"].count('data-file="set.zip/a.jpg"') == answer["html"].count('data-file="set.zip/a.jpg (2)"') == 1
    )


def test_stopping_leaves_nothing(analyzer, uploads):
    steps = read(analyzer, uploads, {f"{i}.jpg": ONE + bytes(i) for i in range(5)})
    next(steps)
    assert next(steps)["fraction"] > 0
    steps.close()
    assert list(uploads.folder.iterdir()) == []


def test_two_jobs_get_their_own_faces(analyzer, uploads):
    mine, yours = (read(analyzer, uploads, {f"{name}.jpg": ONE}, name) for name in ("mine", "yours"))
    next(mine), next(yours)
    assert "mine.jpg" in list(mine)[-1]["html"]
    shown = list(yours)[-1]["html"]
    assert "yours.jpg" in shown and "mine.jpg" not in shown
