"""Videos and sets of photos in a real browser: sent, read, saved, stopped, and gone with their session."""

import json
import time
import zipfile

import numpy as np
import pytest
from imageio_ffmpeg import read_frames, write_frames
from PIL import Image
from skimage.data import astronaut

from fer_hf.inference.batch import CSV_COLUMNS as PHOTO_COLUMNS
from fer_hf.inference.timeline import CSV_COLUMNS as VIDEO_COLUMNS
from fer_hf.labels import COLOURS, LABELS
from fer_hf.web.i18n import TEXT, TEXTS
from tests.conftest import PATIENCE, PHONE
from tests.support import node_tools
from tests.support.csv_file import read_csv

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FACE = Image.fromarray(astronaut()).crop((150, 0, 310, 220))
SIZE = (480, 320)
READING_LONG = TEXT["video_reading"].format(name="long.mp4")


def make_video(path, count):
    writer = write_frames(path, SIZE, fps=10, macro_block_size=2, ffmpeg_log_level="quiet")
    writer.send(None)
    for i in range(count):
        frame = Image.new("RGB", SIZE, "#707070")
        frame.paste(FACE, (20 + 4 * (i % 50), 50))
        writer.send(frame.tobytes())
    writer.close()
    return path


@pytest.fixture(scope="module")
def things(tmp_path_factory):
    folder = tmp_path_factory.mktemp("things")
    make_video(folder / "walk.mp4", 12)
    make_video(folder / "long.mp4", 400)
    (folder / "<b>words.mp4").write_text("no video")
    FACE.save(folder / "=one.jpg")
    with zipfile.ZipFile(folder / "set.zip", "w") as archive:
        archive.write(folder / "=one.jpg", "in/=one.jpg")
        archive.write(folder / "=one.jpg", "two.jpg")
        archive.writestr("bad.jpg", "no photo")
    return folder


def open_tab(page, name):
    page.get_by_role("tab", name=name, exact=True).click()
    return page


def send(page, *paths):
    page.locator("[data-ready]:visible .picker input[type=file]").set_input_files(list(paths))


def saved(page, locator):
    with page.expect_download() as waiting:
        locator.click()
    return waiting.value.suggested_filename, waiting.value.path().read_bytes()


def until(condition):
    end = time.monotonic() + PATIENCE / 1000
    while not condition() and time.monotonic() < end:
        time.sleep(0.1)
    return condition()


def serious_findings(page):
    """What axe-core finds on the page as it is."""
    node_tools.install()
    page.add_script_tag(path=node_tools.FOLDER / "node_modules" / "axe-core" / "axe.min.js")
    found = page.evaluate("axe.run(document).then((result) => result.violations)")
    return [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")]


# The colours of the topmost and the lowest area in the middle of the canvas.
COLOURS_AT_THE_EDGES = """(canvas) => {
  const pen = canvas.getContext("2d");
  const at = (y) => [...pen.getImageData(canvas.width * 0.9, y, 1, 1).data].slice(0, 3);
  return [at(1), at(canvas.height - 2)].map((rgb) => "#" + rgb.map((c) => c.toString(16).padStart(2, "0")).join(""));
}"""


def test_a_video_becomes_a_timeline_a_copy_and_a_table_and_nothing_stays_on_the_disk(visit, served, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "walk.mp4")
    page.wait_for_selector(".film .lane")
    copy = page.locator(".film a[download]")
    copy.wait_for(state="visible")
    assert until(lambda: served.files() == [])  # the browser has the copy
    assert page.locator(".film video").evaluate(
        "video => new Promise(done => video.readyState > 1 ? done(true) :"
        " video.addEventListener('loadeddata', () => done(true)))"
    )
    name, content = saved(page, copy)
    assert name == "walk-faces.mp4"
    target = things / "copy.mp4"
    target.write_bytes(content)
    reading = read_frames(target)
    assert next(reading)["size"] == SIZE
    frames = [np.frombuffer(data, np.uint8).reshape(SIZE[1], SIZE[0], 3) for data in reading]
    assert len(frames) == 12
    assert frames[4].std() > 10
    name, content = saved(page, page.get_by_role("button", name=TEXT["video_save_csv"]))
    rows = read_csv(content)
    assert name == "walk-faces.csv" and tuple(rows[0]) == VIDEO_COLUMNS
    assert {row["face"] for row in rows} == {"1"} and len(rows) == 6
    name, content = saved(page, page.get_by_role("button", name=TEXT["video_save_json"]))
    values = json.loads(content)
    assert name == "walk-faces.json" and values["file"] == "walk.mp4"
    assert [sample["label"] for sample in values["samples"]] == [row["label"] for row in rows]
    assert page.complaints == []


def test_the_timeline_moves_with_the_video_and_says_what_it_shows(visit, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "walk.mp4")
    page.locator(".film a[download]").wait_for(state="visible")
    strip = page.locator(".lane .strip")
    strip.click(position={"x": strip.bounding_box()["width"] / 2, "y": 10})
    page.wait_for_function("Math.abs(document.querySelector('.film video').currentTime - 0.6) < 0.1")
    slider = page.locator(".moment input")
    assert slider.input_value() == "0.6"
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("Math.abs(document.querySelector('.film video').currentTime - 0.7) < 0.05")
    said = slider.get_attribute("aria-valuetext")
    assert said.startswith("0:00, Face 1: ")
    assert page.locator(".now [data-part=label]").inner_text() in said
    shares = page.locator(".now .bars .share").all_inner_texts()
    assert len(shares) == 7 and abs(sum(int(share.split()[0]) for share in shares) - 100) <= 4
    page.locator(".words summary").click()
    assert page.locator(".words tbody tr").count() == 1


def test_a_video_can_be_stopped_and_what_is_none_is_a_plain_line(visit, served, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "long.mp4")
    page.get_by_text(READING_LONG).wait_for()  # the server has it
    assert served.files()
    page.get_by_role("button", name=TEXT["job_stop"]).click()
    page.get_by_text(TEXT["job_stopped"]).wait_for()
    assert until(lambda: served.files() == [])
    send(page, things / "<b>words.mp4")
    alert = page.locator("#video .notice")
    alert.wait_for()
    assert "<b>words.mp4: not a video" in alert.inner_text()
    assert served.files() == []


def test_what_lies_on_the_disk_goes_with_its_session_while_another_goes_on(visit, served, things):
    mine, yours = (open_tab(visit(), TEXT["video_tab"]) for _ in range(2))
    send(mine, things / "long.mp4")
    mine.get_by_text(READING_LONG).wait_for()  # the server has it
    send(yours, things / "walk.mp4")
    yours.get_by_text(TEXT["job_wait"].format(before=1)).wait_for()
    mine.close()
    yours.wait_for_selector(".film .lane")
    assert until(lambda: served.files() == [])


def test_a_zip_and_a_photo_become_a_gallery(visit, served, things):
    page = open_tab(visit(), TEXT["batch_tab"])
    send(page, things / "set.zip", things / "=one.jpg")
    page.wait_for_selector(".gallery")
    assert until(lambda: served.files() == [])
    assert page.locator(".card").count() == 3
    assert all(page.locator(".card img").evaluate_all("all => all.map((image) => image.naturalWidth > 0)"))
    assert page.locator(".failed li").all_inner_texts()[0].startswith("set.zip/bad.jpg not a picture")
    name, content = saved(page, page.get_by_role("button", name=TEXT["batch_save_csv"]))
    rows = read_csv(content)
    assert name == "faces.csv" and tuple(rows[0]) == PHOTO_COLUMNS
    assert {row["file"] for row in rows} == {"set.zip/in/=one.jpg", "set.zip/two.jpg", "'=one.jpg"}
    name, content = saved(page, page.get_by_role("button", name=TEXT["batch_save_json"]))
    values = json.loads(content)
    assert name == "faces.json" and values["counts"]["photos"] == 3
    assert [failure["file"] for failure in values["failures"]] == ["set.zip/bad.jpg"]
    assert page.complaints == []


@pytest.mark.parametrize("count", [1, 5])
def test_on_a_phone_three_cards_stand_in_a_row_and_nothing_scrolls_sideways(visit, tmp_path, count):
    photos = [tmp_path / f"{number}{' with a long name' * 5}.jpg" for number in range(count)]
    for photo in photos:
        FACE.save(photo)
    page = open_tab(visit(viewport=PHONE), TEXT["batch_tab"])
    send(page, *photos)
    page.wait_for_selector(".gallery")
    widths = page.locator(".card").evaluate_all("all => all.map((card) => card.offsetWidth)")
    assert len(widths) == count
    assert widths == pytest.approx([116] * count, abs=8)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_card_names_its_photo_whole_where_it_lies_in_an_archive(visit, things):
    page = open_tab(visit(viewport=PHONE), TEXT["batch_tab"])
    send(page, things / "set.zip")
    name = page.locator(".card .from", has_text="set.zip/in/=one.jpg")
    assert name.evaluate("name => name.scrollWidth <= name.clientWidth && name.scrollHeight <= name.clientHeight")


def drop(page, path):
    """Let go of a file or a folder in the middle of the page, as its visitor does."""
    page.wait_for_selector("[data-ready]:visible :is(.picker, .about)")  # before its script runs, a tab takes nothing
    session = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 800, "data": data})


def test_a_folder_can_be_dropped_anywhere_on_the_tab(visit, tmp_path):
    (tmp_path / "party" / "late").mkdir(parents=True)
    FACE.save(tmp_path / "party" / "one.jpg")
    FACE.save(tmp_path / "party" / "late" / "one.jpg")
    (tmp_path / "party" / ".DS_Store").write_text("of the system")
    (tmp_path / "party" / "notes.txt").write_text("no photo")
    page = open_tab(visit(), TEXT["batch_tab"])
    drop(page, tmp_path / "party")
    page.wait_for_selector(".gallery")
    assert set(page.locator(".card .from").all_inner_texts()) == {"party/one.jpg", "party/late/one.jpg"}
    assert [line.split()[0] for line in page.locator(".failed li").all_inner_texts()] == ["party/notes.txt"]


@pytest.mark.parametrize("tab", ["video", "about"])
def test_a_file_that_is_dropped_beside_its_place_does_not_replace_the_page(visit, things, tab):
    page = open_tab(visit(), TEXT[f"{tab}_tab"])
    drop(page, things / "walk.mp4")
    if tab == "video":
        page.wait_for_selector(".film .lane")
    page.wait_for_timeout(500)
    assert len(page.context.pages) == 1


def test_a_card_opens_its_face_in_its_photo_with_seven_scores(visit, things):
    page = open_tab(visit(), TEXT["batch_tab"])
    send(page, things / "set.zip")
    card = page.locator(".card button").first
    card.click()
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading").inner_text().endswith(f" · {card.get_attribute('data-file')}")
    shares = dialog.locator(".share").all_inner_texts()
    assert len(shares) == 7 and abs(sum(int(share.split()[0]) for share in shares) - 100) <= 4
    photo, box = (dialog.locator(f".frame {part}").bounding_box() for part in ("img", "i"))
    assert photo["x"] <= box["x"] + 1 and box["x"] + box["width"] <= photo["x"] + photo["width"] + 1
    assert serious_findings(page) == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert card.evaluate("card => card === document.activeElement")


def test_the_areas_are_stacked_and_follow_the_chosen_face(visit, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "walk.mp4")
    page.wait_for_selector(".film .lane")
    top, bottom = page.locator(".areas canvas").evaluate(COLOURS_AT_THE_EDGES)
    assert (top, bottom) == (COLOURS["neutral"].lower(), COLOURS["angry"].lower())
    assert page.locator(".chart p").inner_text() == TEXT["video_chart"].format(number=1)


# Keeps each text that is drawn on a canvas, the pixels from its left to its right end, and the colour under it.
WATCH_TEXTS = """() => {
  window.drawn = [];
  const { fillText, fillRect } = CanvasRenderingContext2D.prototype;
  CanvasRenderingContext2D.prototype.fillRect = function (...box) {
    this.under = this.fillStyle;
    fillRect.apply(this, box);
  };
  CanvasRenderingContext2D.prototype.fillText = function (text, x, y) {
    const right = x + this.measureText(text).width;
    drawn.push({ text, left: x, right, width: this.canvas.clientWidth, under: this.under });
    fillText.call(this, text, x, y);
  };
}"""


def test_each_large_area_carries_its_name_and_the_chart_has_words_for_those_who_cannot_see_it(visit, things):
    page = open_tab(visit(), TEXT["video_tab"])
    page.evaluate(WATCH_TEXTS)
    send(page, things / "walk.mp4")
    page.wait_for_selector(".film .lane")
    page.wait_for_function("drawn.length")
    _, content = saved(page, page.get_by_role("button", name=TEXT["video_save_csv"]))
    rows = read_csv(content)
    highest = {label: max(float(row[label]) for row in rows) for label in LABELS}
    drawn = {each["text"]: each for each in page.evaluate("drawn")}
    assert set(drawn) == {TEXT[label] for label, share in highest.items() if share >= 0.22} != set()
    for label in LABELS:
        if named := drawn.get(TEXT[label]):
            assert named["under"] == COLOURS[label].lower()
            assert 0 <= named["left"] < named["right"] <= named["width"]
    assert page.get_by_role("img", name=TEXT["video_chart_more"]).is_visible()


def test_the_newest_video_wins(visit, served, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "long.mp4")
    page.get_by_text(READING_LONG).wait_for()  # the server has it
    send(page, things / "walk.mp4")
    page.wait_for_selector(".film .lane")
    assert page.locator(".film a[download]").get_attribute("download") == "walk-faces.mp4"
    assert until(lambda: served.files() == [])


@pytest.mark.parametrize("tab", ["video_tab", "batch_tab"])
def test_without_a_connection_the_page_says_so_and_keeps_its_answer(visit, things, tab):
    page = open_tab(visit(), TEXT[tab])
    send(page, things / ("walk.mp4" if tab == "video_tab" else "set.zip"))
    answer = page.locator(".film, .gallery")
    answer.wait_for()
    page.evaluate("window.same = true")
    page.context.set_offline(True)
    send(page, things / ("walk.mp4" if tab == "video_tab" else "=one.jpg"))
    page.get_by_text(TEXT["job_lost"]).wait_for()
    page.context.set_offline(False)
    page.wait_for_timeout(3000)  # in which Gradio would reload the page
    assert page.evaluate("window.same") and answer.is_visible()


def test_a_job_goes_on_after_the_connection_was_away_for_a_moment(visit, things):
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "long.mp4")
    page.get_by_text(READING_LONG).wait_for()  # the server has it
    page.context.set_offline(True)
    page.get_by_text(TEXT["job_reconnecting"]).wait_for()
    page.context.set_offline(False)
    page.wait_for_selector(".film .lane")


def test_a_server_that_fails_each_time_is_not_taken_for_a_lost_connection(visit, served, things, monkeypatch):
    def unwritable(*_):
        yield {"html": "never seen", "seconds": object()}  # no JSON

    monkeypatch.setattr("fer_hf.web.tabs.video.read", unwritable)
    page = open_tab(visit(), TEXT["video_tab"])
    send(page, things / "walk.mp4")
    page.locator("#video .notice", has_text=TEXT["job_failed"]).wait_for()
    assert not page.get_by_text(TEXT["job_reconnecting"]).is_visible()
    assert until(lambda: served.files() == [])


def test_limits_are_said_before_anything_is_sent(visit, things, tmp_path):
    (tmp_path / "big.mp4").write_bytes(bytes(101 * 2**20))
    page = open_tab(visit(), TEXT["video_tab"])
    sent = []
    page.on("request", lambda request: sent.append(request.url) if "upload" in request.url else None)
    send(page, tmp_path / "big.mp4")
    page.get_by_text("big.mp4: the file is larger than 100 MB").wait_for()
    assert sent == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_and_in_german_nothing_scrolls_sideways(visit, served, things, scheme):
    page = visit(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page.goto(f"{served.url}de")
    page.get_by_role("tab", name=TEXTS["de"]["video_tab"], exact=True).click()
    send(page, things / "walk.mp4")
    page.wait_for_selector(".film .lane")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious_findings(page) == []
    page.get_by_role("tab", name=TEXTS["de"]["batch_tab"], exact=True).click()
    send(page, things / "set.zip")
    page.wait_for_selector(".gallery")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert serious_findings(page) == []


@pytest.mark.parametrize(("tab", "file", "answer"), [("batch", "set.zip", ".card"), ("video", "walk.mp4", ".lane")])
def test_another_language_does_not_take_the_place_of_answers_without_a_question(visit, things, tab, file, answer):
    page, asked = open_tab(visit(), TEXT[f"{tab}_tab"]), []
    send(page, things / file)
    page.locator(answer).first.wait_for()
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.click(".languages a")
    assert page.locator(answer).count() > 0
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.accept()))
    page.locator(".languages a").press("Enter")
    page.wait_for_selector(f"html[lang=de] :text('{TEXTS['de'][f'{tab}_nothing_yet']}'):visible")
    assert asked == [TEXT["languages_warning"]] * 2
