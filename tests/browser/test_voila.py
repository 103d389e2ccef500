"""The demos as web pages: `cnnlab demo` in a real Voilà, operated in a real Chromium."""

import re
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import SECONDS
from tests.browser.operating import (
    changed,
    click_a_cell_of_the_matrix,
    draw_a_seven,
    picture,
    point_at_a_position_of_the_response,
)


@pytest.fixture
def served(page: Page):
    """Opens a demo's page, which may ask no other server for anything; at the end the command is stopped."""
    processes, loaded, elsewhere = [], [], []

    def start(name: str) -> Locator:
        command = [Path(sys.executable).with_name("cnnlab"), "demo", name, "--no-browser", "--port", free_port()]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        processes.append(process)
        late = Timer(3 * SECONDS, process.kill)  # ends the reading below, which would wait for ever
        late.start()
        lines = [process.stdout.readline(), process.stdout.readline()]
        late.cancel()
        found = re.search(r"http://localhost:\d+/", "".join(lines))
        assert found, lines
        page.on("requestfinished", lambda request: loaded.append(request.url))
        page.goto(found.group(), wait_until="commit")  # the page is whole only when its cell has run
        expect(page.locator(".jupyter-widgets img").first).to_be_visible(timeout=120_000)
        elsewhere.extend(url for url in loaded if url.startswith("http") and not url.startswith(found.group()))
        return page.locator("body")

    yield start
    for process in processes:
        process.terminate()
        process.wait(timeout=SECONDS)
    assert elsewhere == []


def free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def test_the_pointer_shows_how_a_position_of_the_response_is_computed(served):
    shown = served("convolution")
    point_at_a_position_of_the_response(shown)
    before = picture(shown)
    shown.locator(".jupyter-widgets [role=slider]").first.focus()  # the stride
    shown.page.keyboard.press("ArrowRight")
    assert "/ 2⌋ + 1 = 13" in changed(shown, before)[1]


def test_the_canvas_is_drawn_on_and_read(served):
    draw_a_seven(served("draw"))


def test_a_click_on_the_confusion_matrix_shows_the_pictures_of_the_cell(served):
    click_a_cell_of_the_matrix(served("confusion"))
