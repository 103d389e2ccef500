"""A real JupyterLab, started as the README says, in a real Chromium of the system."""

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path
from threading import Timer

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), None)
SECONDS = 60  # for JupyterLab to do what is wanted of it
REASON = "no Chromium of the system: install chromium or google-chrome to run the browser tests"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.slow)
            if CHROMIUM is None and not os.environ.get("CNNLAB_REQUIRE_BROWSER"):
                item.add_marker(pytest.mark.skip(reason=REASON))


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import expect, sync_playwright

    if CHROMIUM is None:
        pytest.fail(REASON)  # CNNLAB_REQUIRE_BROWSER is set, or this would have been skipped
    expect.set_options(timeout=SECONDS * 1000)  # a page's own limit does not count for what is expected of it
    options = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The address that `cnnlab lab` prints, and the folder where it put the notebooks."""
    folder = tmp_path_factory.mktemp("course")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).with_name("cnnlab"), "lab", str(folder), "--port", str(port), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    late = Timer(3 * SECONDS, process.kill)  # ends the loop below, which would wait for ever
    late.start()
    lines = []
    for line in process.stdout:
        lines.append(line)
        if found := re.search(r"http://\S+", line):
            break
    else:
        pytest.fail("cnnlab lab printed no address: " + "".join(lines))
    late.cancel()
    yield found.group(), folder
    process.terminate()
    process.wait(timeout=3 * SECONDS)


@pytest.fixture
def page(browser):
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(SECONDS * 1000)
    yield page
    if folder := os.environ.get("CNNLAB_SCREENSHOTS"):  # to see what a failing test saw
        page.screenshot(path=Path(folder) / f"{os.environ['PYTEST_CURRENT_TEST'].split('::')[-1].split(' ')[0]}.png")
    page.close()
