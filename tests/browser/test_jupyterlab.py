"""What a student does on the first day: opens lecture 01, runs it to its end, operates the demos."""

import re
from pathlib import Path

import nbformat
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cnnlab import data
from tests.browser.operating import changed, draw_a_seven, picture, point_at_a_position_of_the_response

IDLE = "Python 3 (ipykernel) | Idle"
SHOWN = ".jp-NotebookPanel:not(.lm-mod-hidden)"


def open_notebook(page: Page, lab: tuple, name: str) -> None:
    """Open a notebook in a workspace of its own, where no tab of another test comes back."""
    address, _ = lab
    workspace = f"/lab/workspaces/{name.removesuffix('.ipynb')}/tree/{name}"
    page.goto(re.sub(r"/lab(/tree/[^?]*)?", workspace, address, count=1))
    expect(page.locator(f"{SHOWN} .jp-Notebook")).to_be_visible()
    expect(page.get_by_text(IDLE).first).to_be_visible()  # before the kernel is there, "Run" does nothing


def run_all(page: Page) -> None:
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def saved_when_it_ended(page: Page, notebook: Path) -> list[nbformat.NotebookNode]:
    """The code cells, saved until the last one has run or one has failed: between two cells the kernel is idle too."""
    for _ in range(120):
        page.keyboard.press("Control+s")
        page.wait_for_timeout(2000)
        cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
        failed = any(output.output_type == "error" for cell in cells for output in cell.outputs)
        if failed or cells[-1].execution_count:
            break
    return cells


def test_the_printed_address_opens_lecture_one(page, lab):
    address, folder = lab
    page.goto(address)
    expect(page.locator(SHOWN)).to_be_visible()
    expect(page.locator("li.lm-TabBar-tab.jp-mod-current .lm-TabBar-tabLabel").first).to_have_text(re.compile("^01_"))
    assert (folder / "exercises").is_dir()
    tabs = folder / ".jupyterlab-workspaces"  # with the folder, so that another course opens without them
    for _ in range(60):  # JupyterLab saves what is open some time after a change
        if tabs.is_dir() and any(tabs.iterdir()):
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"JupyterLab kept no tabs in {tabs}")


def test_lecture_one_runs_to_its_end_and_saves_what_it_showed(page, lab):
    _, folder = lab
    name = next(folder.glob("01_*.ipynb")).name
    open_notebook(page, lab, name)
    run_all(page)
    cells = saved_when_it_ended(page, folder / name)
    assert not [cell.id for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    training = next(cell for cell in cells if "cnnlab.fit(" in cell.source)
    html = "".join(output.get("data", {}).get("text/html", "") for output in training.outputs)
    assert "val. accuracy" in html  # the progress table stays in the saved notebook
    assert "<progress" not in html


def test_a_terminal_knows_cnnlab_and_begins_in_the_course_folder(page, lab):
    address, folder = lab
    page.goto(re.sub(r"/lab(/tree/[^?]*)?", "/lab/workspaces/terminal", address, count=1))
    page.locator(".jp-LauncherCard").get_by_text("Terminal", exact=True).click()
    expect(page.locator(".jp-Terminal .xterm-screen")).to_be_visible()
    told, lines = folder / "told.txt", []
    for _ in range(60):  # the shell may take its time, and lose what is typed before it is there
        page.locator(".jp-Terminal textarea").last.focus()
        page.keyboard.type("cnnlab --version > told.txt 2>&1; pwd >> told.txt\n")
        page.wait_for_timeout(2000)
        lines = told.read_text().splitlines() if told.exists() else []
        if len(lines) >= 2:
            break
    assert lines[0].startswith("cnnlab ")
    assert lines[-1] == str(folder)


@pytest.fixture
def demo(page, lab):
    """A new notebook with one demo in it, run."""

    def start(source: str) -> Page:
        _, folder = lab
        name = f"{source.split('.')[-1].strip('()')}.ipynb"
        cell = nbformat.v4.new_code_cell(source, id="demo")
        spec = {"display_name": "Python 3", "language": "python", "name": "python3"}
        nbformat.write(nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": spec}), folder / name)
        open_notebook(page, lab, name)
        run_all(page)
        expect(page.locator(f"{SHOWN} .jupyter-widgets").first).to_be_visible(timeout=120_000)
        return page

    return start


def test_the_convolution_demo_answers_to_its_controls(demo):
    page = demo("from cnnlab import demos\ndemos.convolution()")
    before = picture(page.locator(SHOWN))
    assert "(28 + 2·0 − 1·(3 − 1) − 1) / 1" in before[1]
    page.locator(f"{SHOWN} .jupyter-widgets [role=slider]").first.focus()  # the stride
    page.keyboard.press("ArrowRight")  # by keyboard, as everyone must be able to
    strided = changed(page.locator(SHOWN), before)
    assert "/ 2⌋ + 1 = 13" in strided[1]
    page.locator(SHOWN).get_by_label("kernel", exact=True).select_option("identity")
    identity = changed(page.locator(SHOWN), strided)
    page.locator(SHOWN).get_by_label("picture", exact=True).select_option(index=6)
    assert changed(page.locator(SHOWN), identity)[1] != identity[1]


def test_the_pointer_shows_how_a_position_of_the_response_is_computed(demo):
    page = demo("from cnnlab import demos\ndemos.convolution()")
    point_at_a_position_of_the_response(page.locator(SHOWN))


def test_the_canvas_is_drawn_on_and_read(demo):
    page = demo("from cnnlab import demos\ndemos.draw()")
    draw_a_seven(page.locator(SHOWN))


def test_the_training_demo_starts_pauses_and_stops(demo):
    page = demo("from cnnlab import demos\ndemos.training()")
    before = picture(page.locator(SHOWN))
    page.get_by_title("Start", exact=True).click()
    running = changed(page.locator(SHOWN), before)
    assert "Training curves after" in running[1]
    page.get_by_title("Pause", exact=True).click()
    expect(page.locator(SHOWN).get_by_role("status").filter(has_text="paused in epoch")).to_be_visible()
    page.get_by_title("Resume", exact=True).click()
    expect(page.locator(SHOWN).get_by_role("status").filter(has_text=re.compile("^epoch"))).to_be_visible()
    page.get_by_title("Stop", exact=True).click()
    expect(page.locator(SHOWN).get_by_role("status").filter(has_text="stopped after")).to_be_visible()


def test_the_kernels_demo_shows_another_layer(demo):
    page = demo("from cnnlab import demos\ndemos.kernels()")
    before = picture(page.locator(SHOWN))
    page.locator(SHOWN).get_by_label("layer", exact=True).select_option(index=1)
    changed(page.locator(SHOWN), before)


def test_the_architecture_demo_shows_another_network_and_refuses_a_size_in_words(demo):
    page = demo("from cnnlab import demos\ndemos.architecture()")
    before = picture(page.locator(SHOWN))
    assert "vgg16 for pictures of 3×224×224" in before[1]
    shown = page.locator(SHOWN)
    expect(shown.get_by_role("region", name="layers of vgg16")).to_contain_text("conv5_3")
    shown.get_by_label("network", exact=True).select_option("googlenet")
    googlenet = changed(page.locator(SHOWN), before)
    assert "googlenet for pictures of 3×224×224" in googlenet[1]
    expect(shown.get_by_role("region", name="layers of googlenet")).to_contain_text("inception3a")
    size = shown.get_by_label("input (C×H×W)", exact=True)
    size.fill("3x20x20")
    size.press("Enter")
    expect(shown.get_by_role("status").filter(has_text="H and W of at least 31")).to_be_visible()
    size.fill("3x64x64")
    size.press("Enter")
    assert "googlenet for pictures of 3×64×64" in changed(page.locator(SHOWN), googlenet)[1]


def test_the_classify_demo_takes_a_students_photo_and_tells_what_is_none(demo, tmp_path):
    page = demo("from cnnlab import demos\ndemos.classify()")
    before = picture(page.locator(SHOWN))
    assert "tiger cat" in before[1]

    def upload(file: Path) -> None:
        with page.expect_file_chooser() as chooser:
            page.locator(SHOWN).get_by_role("button", name=re.compile("your own photo")).click()
        chooser.value.set_files(file)

    Image.fromarray(data.photo("coffee").permute(1, 2, 0).numpy()).save(tmp_path / "mine.jpg")
    upload(tmp_path / "mine.jpg")
    assert "espresso" in changed(page.locator(SHOWN), before)[1]
    (tmp_path / "notes.jpg").write_text("not a picture")
    upload(tmp_path / "notes.jpg")
    refused = page.locator(SHOWN).get_by_role("status").filter(has_text="notes.jpg: it is no picture")
    expect(refused).to_be_visible()
    assert "espresso" in picture(page.locator(SHOWN))[1]


def test_the_scan_demo_maps_another_class_at_another_scale(demo):
    page = demo("from cnnlab import demos\ndemos.scan()")
    before = picture(page.locator(SHOWN))
    assert "espresso in a picture of 672×448 pixels, a map of 15×8 windows" in before[1]
    shown = page.locator(SHOWN)
    expect(shown.get_by_role("status").filter(has_text="120 windows in one pass")).to_be_visible()
    label = shown.get_by_label("class", exact=True)
    label.fill("cup")
    label.press("Enter")
    cup = changed(page.locator(SHOWN), before)
    assert cup[1].startswith("cup in a picture of")
    page.locator(f"{SHOWN} .jupyter-widgets [role=slider]").first.focus()  # the shorter side
    page.keyboard.press("ArrowLeft")
    smaller = changed(page.locator(SHOWN), cup)
    assert "cup in a picture of 576×384 pixels, a map of 12×6 windows" in smaller[1]
    shown.get_by_role("button", name="crop by crop").click()
    comparison = shown.get_by_role("status").filter(has_text="times as long")
    expect(comparison).to_contain_text("72 windows in one pass", timeout=120_000)


def test_a_term_in_a_lecture_opens_the_glossary_and_scrolls_to_it_once_it_is_open(page, lab):
    _, folder = lab
    lecture = next(folder.glob("06_*.ipynb")).name
    open_notebook(page, lab, lecture)
    term = page.locator(f"{SHOWN} a[href*='glossary.ipynb']", has_text="Kaiming initialisation").first
    term.click()
    tab = page.locator("li.lm-TabBar-tab.jp-mod-current .lm-TabBar-tabLabel").first
    expect(tab).to_have_text("glossary.ipynb")
    definition = page.locator(SHOWN).get_by_role("heading", name="Kaiming initialisation")
    expect(definition).to_be_attached()
    page.locator(
        ".lm-TabBar-tabLabel", has_text=lecture
    ).click()  # JupyterLab does not scroll while it opens a notebook
    term.click()
    expect(tab).to_have_text("glossary.ipynb")
    expect(definition).to_be_in_viewport()
