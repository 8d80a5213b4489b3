"""What the Photo tab answers: downloads, heat maps, and plain words for what is no photo."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from fer_hf.errors import FerError
from fer_hf.inference.analyzer import FaceAnalyzer
from fer_hf.inference.results import CSV_COLUMNS
from fer_hf.labels import LABELS
from fer_hf.web import examples
from fer_hf.web.components.data_url import data_url, jpeg_url
from fer_hf.web.i18n import TEXT, TEXTS
from fer_hf.web.limits import sent_file
from fer_hf.web.tabs import photo
from tests.support.csv_file import read_csv


@pytest.fixture(scope="module")
def analyzer(tiny_model):
    return FaceAnalyzer.from_pretrained(str(tiny_model))


def png(image):
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def sent(data, name, **more):
    """What the browser sends."""
    return {"name": name, "data": data_url(data, "image/png"), **more}


def saved(html):
    """The downloads in the HTML: name to bytes."""
    found = re.findall(r'data-save="([^"]+)" data-file="data:[^;]+;base64,([^"]+)"', html)
    return {name: base64.b64decode(data) for name, data in found}


def test_the_downloads_are_the_drawn_photo_and_what_predict_writes(analyzer):
    original = examples.group()
    downloads = saved(photo._answer(analyzer, sent(png(original), "=group & co.png"), TEXT))
    picture, table, values = (downloads[f"=group &amp; co-faces.{end}"] for end in ("jpg", "csv", "json"))
    drawn = Image.open(io.BytesIO(picture))
    assert drawn.size == original.size
    assert np.abs(np.asarray(drawn).astype(int) - np.asarray(original)).max() > 100  # the boxes
    rows = read_csv(table)
    assert tuple(rows[0]) == CSV_COLUMNS and len(rows) == 6
    assert {row["file"] for row in rows} == {"'=group & co.png"}
    assert json.loads(values) == [analyzer.analyze(original).to_dict("=group & co.png")]


def test_a_photo_without_a_face_offers_no_download(analyzer):
    assert saved(photo._answer(analyzer, sent(png(examples.cat()), "cat.png"), TEXT)) == {}


@pytest.mark.parametrize("language", TEXTS)
def test_the_heat_map_is_a_picture_and_words(analyzer, language):
    face = sent(png(examples.astronaut().crop((160, 40, 300, 180))), "1", label="happy")
    found = photo._heat(analyzer, face, TEXTS[language])
    heat = Image.open(io.BytesIO(base64.b64decode(found["picture"].partition(",")[2])))
    assert heat.size == (224, 224)
    assert re.search(r"\d+\s%\)\.$", found["where"])


@pytest.mark.parametrize(("row", "third"), [(0, "upper"), (5, "middle"), (8, "lower")])
def test_where_the_heat_lies_is_said_in_words(row, third):
    heat = np.zeros((9, 9), np.float32)
    heat[row] = 1
    assert photo._where(heat, TEXT) == TEXT[f"photo_look_{third}"].format(share="100\N{NO-BREAK SPACE}%")


def test_a_flat_map_is_said_to_be_flat():
    assert photo._where(np.zeros((9, 9), np.float32), TEXT) == TEXT["photo_look_flat"]


@pytest.mark.parametrize("label", ["joy", None, [], {}])
def test_a_heat_map_for_no_expression_is_refused(analyzer, label):
    with pytest.raises(FerError):
        photo._heat(analyzer, sent(png(Image.new("RGB", (9, 9))), "1", label=label), TEXT)


def test_the_example_that_is_answered_at_the_start_is_read_once_for_all_languages(analyzer):
    assert photo.first_answer(analyzer) is photo.first_answer(analyzer)
    result, crops = photo.first_answer(analyzer)
    assert len(result.faces) == len(crops) > 0


def test_a_picture_without_a_face_is_read_as_one_face_when_asked(analyzer):
    cat = examples.cat()
    html = photo._answer(analyzer, sent(png(cat), "cat.png", whole=True), TEXT)
    assert "left:0.00%;top:0.00%" in html and "width:100.00%;height:100.00%" in html
    [result] = json.loads(saved(html)["cat-faces.json"])
    expected = dict(zip(LABELS, analyzer.scores([cat])[0], strict=True))
    assert result["faces"][0]["scores"] == pytest.approx(expected, abs=1e-5)


def test_an_example_is_a_picture_that_can_be_sent():
    data = jpeg_url(examples.astronaut(), photo.EXAMPLE_PIXELS)
    assert Image.open(sent_file({"name": "x", "data": data})).size == (512, 512)
