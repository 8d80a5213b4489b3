"""Fixtures that several test files share, and the order and threads in which tests run."""

import gc
import os
import shutil

os.environ["OMP_NUM_THREADS"] = (
    "1"  # before torch is imported; tests run side by side, and start processes of their own
)

import pytest
import torch
from transformers import ViTConfig, ViTForImageClassification, ViTImageProcessorPil

from fer_hf.labels import ID2LABEL

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
PATIENCE = 120_000  # milliseconds; a busy machine is no failure


torch.set_num_threads(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first, so that no worker starts a long file when the others have finished."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(autouse=True)
def nothing_lasts():
    """What a command in this process took out of garbage collection comes back, so that leaks are seen."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """Folder of a random ViT of seven expressions that looks at 32 px."""
    torch.manual_seed(0)
    config = ViTConfig(
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        image_size=32,
        patch_size=8,
        id2label=ID2LABEL,
        label2id={name: index for index, name in ID2LABEL.items()},
        initializer_range=0.5,
        neutral_logits=[-0.5] * 6 + [3.0],  # a personal baseline is possible
    )
    folder = tmp_path_factory.mktemp("models") / "tiny"
    ViTForImageClassification(config).save_pretrained(folder)
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")  # not longer: while it runs, nothing else may use asyncio
def browser():
    """The Chromium or Chrome that the system has."""
    from playwright.sync_api import sync_playwright  # only where a browser is driven: it takes its time

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(f"no browser: none of {', '.join(BROWSERS)} is on the path")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(tiny_model):
    """The page on loopback, with a tiny model."""
    from tests.support.served import served_page  # brings Gradio

    with served_page(str(tiny_model)) as served:
        yield served


def watched_page(context):
    """A new page that notes which hosts it asks and what the browser complains about."""
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    page.hosts, page.complaints = set(), []
    page.on("request", lambda request: page.hosts.add(request.url.split("/")[2]))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


@pytest.fixture
def visit(browser, served):
    """A function that opens the page in a session of its own and returns it, ready."""
    contexts = []

    def open_page(path="", **options):
        context = browser.new_context(**{"viewport": DESK} | options)
        contexts.append(context)
        page = watched_page(context)
        page.goto(served.url + path)
        page.wait_for_selector("[data-ready] .picker", state="attached")
        return page

    yield open_page
    for context in contexts:
        context.close()
