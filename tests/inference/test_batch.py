"""Many photos: files and zip_safety, good and hostile ones."""

import io
import json
import stat
import zipfile
from dataclasses import replace

import pytest
from PIL import Image
from skimage.data import astronaut

from fer_hf.errors import FerError
from fer_hf.inference import batch, zip_safety
from fer_hf.inference.batch import analyze_files
from fer_hf.labels import LABELS
from tests.support.csv_file import read_csv

FACE = Image.fromarray(astronaut()).crop((130, 0, 330, 240))


def jpeg(faces=1):
    picture = Image.new("RGB", (max(faces, 1) * FACE.width, FACE.height), "#707070")
    for i in range(faces):
        picture.paste(FACE, (i * FACE.width, 0))
    file = io.BytesIO()
    picture.save(file, "JPEG")
    return file.getvalue()


ONE, TWO, NONE = jpeg(1), jpeg(2), jpeg(0)


@pytest.fixture
def write(tmp_path):
    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write_file


@pytest.fixture
def pack(tmp_path):
    """Write a zip; an entry's name may be a ZipInfo."""

    def pack_files(entries, name="set.zip", method=zipfile.ZIP_DEFLATED):
        with zipfile.ZipFile(tmp_path / name, "w", method) as archive:
            for entry, content in entries:
                archive.writestr(entry, content)
        return tmp_path / name

    return pack_files


def read(analyzer, *files, **options):
    return list(analyze_files(analyzer, files, **options))[-1].result


def names(result):
    return [file for file, _ in result.photos]


def reasons(result):
    return {failure.file: failure.reason for failure in result.failures}


def test_files_and_archives_together(analyzer, write, pack):
    result = read(analyzer, write("a.jpg", ONE), pack([("in/b.jpg", TWO), ("c.jpg", NONE)]))
    assert names(result) == ["a.jpg", "set.zip/in/b.jpg", "set.zip/c.jpg"]
    assert [len(reading.faces) for _, reading in result.photos] == [1, 2, 0]
    assert result.failures == []
    assert [(found.file, found.number) for found in result.faces] == [
        ("a.jpg", 1),
        ("set.zip/in/b.jpg", 1),
        ("set.zip/in/b.jpg", 2),
    ]
    for found in result.faces:
        assert Image.open(io.BytesIO(found.thumbnail)).size == (batch.THUMBNAIL, batch.THUMBNAIL)


def test_one_bad_file_never_stops_the_rest_and_is_listed_with_its_reason(analyzer, write, tmp_path):
    files = [write("bad.jpg", b"nonsense"), write("zero.jpg", b""), tmp_path / "gone.jpg", write("good.jpg", ONE)]
    steps = list(analyze_files(analyzer, files))
    result = steps[-1].result
    assert names(result) == ["good.jpg"]
    assert set(reasons(result)) == {"bad.jpg", "zero.jpg", "gone.jpg"}
    assert "not a picture" in reasons(result)["bad.jpg"]
    assert "empty" in reasons(result)["zero.jpg"]
    assert reasons(result)["gone.jpg"] == "no such file"
    assert [failure.error.code for failure in result.failures] == ["photo_unknown_format", "file_empty", "file_missing"]
    assert result.failures[1].error.message("de") == "die Datei ist leer"
    assert not any(str(tmp_path) in reason for reason in reasons(result).values())
    assert [(step.done, step.total) for step in steps] == [(1, 4), (2, 4), (3, 4), (4, 4), (4, 4)]
    assert [step.result for step in steps[:-1]] == [None] * 4
    assert all(step.left >= 0 for step in steps)


def test_counts_order_json_and_csv(analyzer, write):
    result = read(analyzer, write("a.jpg", TWO), write("b.jpg", NONE), write("c.jpg", b"no"))
    counts = result.counts()
    assert (counts["photos"], counts["without_face"], counts["failed"]) == (2, 1, 1)
    assert sum(counts[name] for name in LABELS) == 2
    ranks = [(LABELS.index(found.face.label), -found.face.confidence) for found in result.by_emotion()]
    assert len(ranks) == 2
    assert ranks == sorted(ranks)
    data = json.loads(json.dumps(result.to_dict(), allow_nan=False))
    assert [photo["file"] for photo in data["photos"]] == ["a.jpg", "b.jpg"]
    assert tuple(data["photos"][0]["faces"][0]["scores"]) == LABELS
    assert data["failures"][0]["file"] == "c.jpg"
    rows = read_csv(result.csv())
    assert tuple(rows[0]) == batch.CSV_COLUMNS
    assert [(row["file"], row["face"]) for row in rows] == [("a.jpg", "1"), ("a.jpg", "2"), ("b.jpg", "")]
    assert float(rows[0]["confidence"]) == max(float(rows[0][name]) for name in LABELS)


def test_unsure_faces_are_counted_apart_and_come_last(analyzer, write, monkeypatch):
    monkeypatch.setattr(analyzer, "unsure_below", 1.1)
    result = read(analyzer, write("a.jpg", TWO))
    assert result.counts()["unsure"] == result.to_dict()["counts"]["unsure"] == 2
    assert sum(result.counts()[name] for name in LABELS) == 0
    sure, unsure = (batch.FoundFace("a.jpg", n, found.face, b"") for n, found in enumerate(result.faces))
    sure = replace(sure, face=replace(sure.face, unsure=(), label="neutral", confidence=0.0))
    assert batch.BatchResult(faces=[unsure, sure]).by_emotion() == [sure, unsure]


def test_names_cannot_run_in_a_spreadsheet_or_a_terminal(analyzer, write):
    result = read(analyzer, write("=1+1.jpg", ONE), write("red\x1b[31m.jpg", ONE))
    rows = read_csv(result.csv())
    assert [row["file"] for row in rows] == ["'=1+1.jpg", "red\N{REPLACEMENT CHARACTER}[31m.jpg"]


def test_by_files_of_systems_are_passed_over(analyzer, pack):
    entries = [("__MACOSX/._a.jpg", b"x"), ("in/.DS_Store", b"x"), ("Thumbs.db", b"x"), ("in/", b""), ("a.jpg", ONE)]
    result = read(analyzer, pack(entries))
    assert names(result) == ["set.zip/a.jpg"]
    assert result.failures == []


def link(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("entry", "content", "reason"),
    [
        ("../out.jpg", ONE, "leads out"),
        ("in/../../out.jpg", ONE, "leads out"),
        ("/etc/out.jpg", ONE, "leads out"),
        ("..\\out.jpg", ONE, "leads out"),
        ("C:\\out.jpg", ONE, "leads out"),
        (link("link.jpg"), b"/etc/passwd", "a link"),
        ("inner.zip", b"PK\x03\x04", "archive inside"),
        ("inner.TAR", b"x", "archive inside"),
        ("inner.jpg", b"PK\x03\x04" + bytes(50), "not a picture"),
        ("bomb.bmp", bytes(5 * 2**20), "expands more than"),
        ("note.txt", b"hello", "not a picture"),
    ],
)
def test_a_hostile_entry_is_refused_and_the_rest_is_read(analyzer, pack, tmp_path, entry, content, reason):
    archive = pack([(entry, content), ("good.jpg", ONE)])
    result = read(analyzer, archive)
    assert names(result) == ["set.zip/good.jpg"]
    assert len(result.failures) == 1
    assert reason in result.failures[0].reason
    assert list(tmp_path.iterdir()) == [archive]  # nothing was unpacked


def test_limits_of_an_archive(analyzer, pack, monkeypatch):
    archive = pack([(f"{i}.jpg", ONE) for i in range(4)])
    with monkeypatch.context() as patch:
        patch.setattr(zip_safety, "MAX_EXPANDED", 2 * len(ONE))
        result = read(analyzer, archive)
        assert names(result) == ["set.zip/0.jpg", "set.zip/1.jpg"]
        assert all("together" in reason for reason in reasons(result).values())
    result = read(analyzer, archive, most=3)
    assert (len(result.photos), reasons(result)) == (3, {"set.zip/3.jpg": "more than 3 photos"})
    for limit, value, reason in (
        ("MAX_ENTRIES", 3, "more than 3 entries"),
        ("MAX_ARCHIVE", 100, "archive is larger"),
        ("MAX_BYTES", 100, "larger than"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(zip_safety, limit, value)
            result = read(analyzer, archive)
            assert result.photos == []
            assert all(reason in each for each in reasons(result).values())
            assert result.failures


def test_damaged_and_odd_archives(analyzer, write, pack):
    whole = pack([("a.jpg", ONE)], method=zipfile.ZIP_STORED).read_bytes()
    broken = bytearray(whole)
    broken[200] ^= 255  # inside the photo: its checksum no longer fits
    locked = bytearray(whole)
    locked[6] |= 1
    locked[whole.rindex(b"PK\x01\x02") + 8] |= 1
    result = read(
        analyzer,
        write("cut.zip", whole[:-30]),
        write("broken.zip", bytes(broken)),
        write("locked.zip", bytes(locked)),
        pack([("a.jpg", ONE)], "lzma.zip", zipfile.ZIP_LZMA),
        pack([], "empty.zip"),
        write("good.jpg", ONE),
    )
    assert names(result) == ["good.jpg"]
    assert reasons(result) == {
        "cut.zip": "the archive is damaged",
        "broken.zip/a.jpg": "damaged in the archive",
        "locked.zip/a.jpg": "it is locked with a password",
        "lzma.zip/a.jpg": "compressed by a method that is not supported",
    }


def test_nothing_and_too_many_are_refused(analyzer, tmp_path):
    with pytest.raises(FerError, match="at least one"):
        next(analyze_files(analyzer, []))
    with pytest.raises(FerError, match="at most"):
        next(analyze_files(analyzer, [tmp_path / "a.jpg"] * (batch.MAX_PHOTOS + 1)))


def test_what_is_left_when_the_time_is_up_is_listed(analyzer, write):
    files = [write("a.jpg", ONE), write("b.jpg", ONE)]
    steps = list(analyze_files(analyzer, files, seconds=-1))
    assert reasons(steps[-1].result) == dict.fromkeys(["a.jpg", "b.jpg"], "not read within -1 seconds")
    assert steps[-1].result.photos == []


def test_files_may_have_other_names_than_on_the_disk(analyzer, write, pack):
    files = {write("1", ONE): "=1+1.jpg", write("2", b"nonsense"): "<b>.jpg", pack([("c.jpg", ONE)], "3"): "set.zip"}
    result = list(analyze_files(analyzer, files))[-1].result
    assert names(result) == ["=1+1.jpg", "set.zip/c.jpg"]
    assert list(reasons(result)) == ["<b>.jpg"]
    assert not reasons(result)["<b>.jpg"].startswith("/")


def test_every_photo_and_failure_has_a_name_of_its_own(analyzer, pack, write, tmp_path):
    (tmp_path / "other").mkdir()
    files = [write("a.jpg", ONE), write("a.jpg (2)", ONE), write("other/a.jpg", NONE)]
    with pytest.warns(UserWarning, match="Duplicate name"):
        files.append(pack([("b.jpg", ONE), ("b.jpg", NONE), ("no.jpg", b"no"), ("no.jpg", b"")]))
    result = read(analyzer, *files)
    names = ["a.jpg", "a.jpg (2)", "a.jpg (2) (2)", "set.zip/b.jpg", "set.zip/b.jpg (2)"]
    assert [(name, len(photo.faces)) for name, photo in result.photos] == list(zip(names, [1, 1, 0, 1, 0], strict=True))
    assert [failure.file for failure in result.failures] == ["set.zip/no.jpg", "set.zip/no.jpg (2)"]
