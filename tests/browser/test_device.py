"""Reading on the visitor's own device in a real browser: what is fetched, what is kept, and what leaves the browser."""

import numpy as np
import pytest
from PIL import Image
from skimage.data import astronaut

from benchmarks.device_page import serve, write_page
from benchmarks.device_parity import export
from fer_hf.inference.stream import LiveSession
from fer_hf.web.isolation import ISOLATION
from tests.conftest import watched_page
from tests.support import device_js

pytestmark = pytest.mark.browser

OPEN = """async ([threads, changes]) => {
  const manifest = await (await fetch("device.json")).json();
  Object.assign(manifest.classifier, changes);
  window.progress = [];
  const onProgress = (...each) => progress.push(each);
  const kept = await DeviceReader.isKept(manifest);
  try {
    window.reader = await DeviceReader.open(manifest, { threads, onProgress });
  } catch ({ code }) {
    return { kept, code };
  }
  return { kept, progress, total: [manifest.runtime.wasm, manifest.detector, manifest.classifier].map((f) => f.bytes) };
}"""
READ = """async (names) => {
  const blobs = await Promise.all(names.map(async (name) => (await fetch(name)).blob()));
  window.mark = performance.now();
  return Promise.all(blobs.map(async (blob) => reader.read(await createImageBitmap(blob))));
}"""
FOLLOW = """async ([name, times]) => {
  const blob = await (await fetch(name)).blob();
  const answers = [];
  for (const time of times) answers.push(await reader.readFrame(await createImageBitmap(blob), time));
  return { answers, ...(await reader.session()) };
}"""


@pytest.fixture(scope="module")
def site_folder(tiny_model, tmp_path_factory):
    """The folder of a page with a tiny model, and what reads with the same files in Python."""
    device_js.install()
    folder = tmp_path_factory.mktemp("device")
    analyzer = export(str(tiny_model), folder)
    write_page(folder)
    photo = Image.fromarray(astronaut())
    photo.save(folder / "astronaut.png")
    see_through = photo.copy()
    see_through.putalpha(Image.fromarray(np.tile(np.linspace(120, 255, 512).astype(np.uint8), (512, 1))))
    see_through.save(folder / "see-through.png")
    return folder, analyzer


@pytest.fixture
def open_page(browser, site_folder):
    """A function that opens the page in a browser without a past, and gives its site and itself."""
    opened = []

    def open_site(headers=None):
        served = serve(site_folder[0], headers)
        site = served.__enter__()
        context = browser.new_context()
        opened.extend([context.close, lambda: served.__exit__(None, None, None)])
        page = watched_page(context)
        page.goto(site.url)
        page.wait_for_function("Boolean(window.DeviceReader)")
        return site, page

    yield open_site
    for close in opened:
        close()


@pytest.mark.parametrize("threads", [1, 2])
def test_a_picture_is_read_as_on_the_server(open_page, site_folder, threads):
    folder, analyzer = site_folder
    _, page = open_page(ISOLATION if threads > 1 else None)
    assert page.evaluate("window.crossOriginIsolated") == (threads > 1)
    opened = page.evaluate(OPEN, [threads, {}])
    assert not opened["kept"]
    assert opened["progress"][-1] == [sum(opened["total"])] * 2
    got = page.evaluate(READ, ["astronaut.png", "see-through.png"])
    for name, answer in zip(["astronaut.png", "see-through.png"], got, strict=True):
        expected = analyzer.analyze(folder / name).to_dict(name)
        (face,), (ours,) = expected["faces"], answer["faces"]
        assert (answer["width"], answer["height"]) == (512, 512)
        assert ours["box"] == pytest.approx(face["box"], abs=1)
        assert ours["label"] == face["label"]
        assert ours["scores"] == pytest.approx(face["scores"], abs=0.03)
    assert not page.complaints


def test_the_files_come_once_and_pictures_never_leave(open_page):
    site, page = open_page()
    page.evaluate(OPEN, [1, {}])
    weights = [path for _, path in site.requests if path.endswith((".onnx", ".wasm"))]
    assert len(weights) == len(set(weights)) == 3
    page.evaluate(READ, ["astronaut.png"])
    before = len(site.requests)
    page.evaluate("async () => reader.read(new ImageData(new Uint8ClampedArray(4 * 96 * 96).fill(90), 96, 96))")
    assert len(site.requests) == before
    page.reload()
    page.wait_for_function("Boolean(window.DeviceReader)")
    assert page.evaluate(OPEN, [1, {}])["kept"]
    assert [path for _, path in site.requests if path.endswith((".onnx", ".wasm"))] == weights
    assert {method for method, _ in site.requests} == {"GET"}
    assert page.hosts == {site.url.split("/")[2]}


def test_a_live_session_has_its_numbers_and_its_table(open_page, site_folder):
    _, analyzer = site_folder
    _, page = open_page()
    page.evaluate(OPEN, [1, {}])
    times = [1.0, 1.2, 1.1, 1.5]
    got = page.evaluate(FOLLOW, ["astronaut.png", times])
    session = LiveSession(analyzer)
    expected = [session.analyze(astronaut(), time) for time in times]
    assert [each and [face["number"] for face in each["faces"]] for each in got["answers"]] == [[1], [1], None, [1]]
    assert got["answers"][3]["faces"][0]["box"] == pytest.approx(expected[3]["faces"][0]["box"], abs=1)
    assert got["summary"]["faces"][0]["readings"] == session.summary()["faces"][0]["readings"]
    assert got["csv"].splitlines()[0] == session.csv().splitlines()[0]


@pytest.mark.parametrize(
    ("changes", "code"),
    [({"sha256": "0" * 64}, "damaged"), ({"bytes": 5}, "damaged"), ({"url": "none.onnx"}, "fetch")],
)
def test_what_cannot_be_opened_is_one_code(open_page, changes, code):
    _, page = open_page()
    assert page.evaluate(OPEN, [1, changes])["code"] == code


def test_a_closed_reader_says_so(open_page):
    _, page = open_page()
    page.evaluate(OPEN, [1, {}])
    script = "async () => { const going = reader.session(); reader.close(); return going.catch(({ code }) => code); }"
    assert page.evaluate(script) == "closed"
    assert page.evaluate("() => reader.session().catch(({ code }) => code)") == "closed"
