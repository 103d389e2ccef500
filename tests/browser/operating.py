"""What a student does with a demo, in JupyterLab and in Voilà: ``shown`` is where the page shows the demo."""

import torch
import torch.nn.functional as F
from playwright.sync_api import Locator, expect

from cnnlab import data


def picture(shown: Locator) -> tuple[str, str]:
    image = shown.locator(".jupyter-widgets img").first
    expect(image).to_be_visible()
    return image.get_attribute("src"), image.get_attribute("alt")


def changed(shown: Locator, before: tuple[str, str]) -> tuple[str, str]:
    expect(shown.locator(".jupyter-widgets img").first).not_to_have_attribute("src", before[0])
    return picture(shown)


def point_at_a_position_of_the_response(shown: Locator) -> None:
    """By keyboard, then with the pointer; the sum beside it must be that of a convolution with Sobel's kernel."""
    response = shown.locator("canvas[role=application]")
    expect(response).to_be_visible()
    computed = shown.locator(".cnnlab-sum")
    expect(computed).to_contain_text("row 0, column 0")
    response.hover(position={"x": 2, "y": 2})
    response.press("ArrowDown")
    expect(computed).to_contain_text("row 1, column 0")
    box = response.bounding_box()
    row, column = 15, 10
    shown.page.mouse.move(box["x"] + box["width"] * (column + 0.5) / 26, box["y"] + box["height"] * (row + 0.5) / 26)
    expect(computed).to_contain_text(f"row {row}, column {column}")
    sobel = torch.tensor([[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    digit = data.digits().train.images[int((data.digits().train.labels == 3).nonzero()[0])] / 255
    expected = F.conv2d(digit[None], sobel[None, None])[0, 0, row, column]
    assert f"sum = {expected:.2f}".replace("-", "−") in computed.inner_text()


def draw_a_seven(shown: Locator) -> None:
    """With the pointer; the network must read a seven."""
    before = picture(shown)
    canvas = shown.locator("canvas[role=application]")
    expect(canvas).to_be_visible()
    box, mouse = canvas.bounding_box(), shown.page.mouse
    mouse.move(box["x"] + 90, box["y"] + 60)
    mouse.down()
    mouse.move(box["x"] + 200, box["y"] + 60, steps=6)
    mouse.move(box["x"] + 130, box["y"] + 220, steps=6)
    mouse.up()
    seven = changed(shown, before)
    for _ in range(20):  # the last stroke may still be on its way
        if "classes: 7" in picture(shown)[1]:
            break
        shown.page.wait_for_timeout(500)
    assert "classes: 7" in picture(shown)[1], seven


def click_a_cell_of_the_matrix(shown: Locator) -> None:
    """With the pointer on the diagonal, then with an arrow key beside it; the pictures must be those of the cell."""
    before = picture(shown)
    matrix = shown.locator("canvas[role=application]")
    expect(matrix).to_be_visible()
    box = matrix.bounding_box()
    shown.page.mouse.click(box["x"] + box["width"] * 3.5 / 10, box["y"] + box["height"] * 3.5 / 10)
    clicked = changed(shown, before)
    assert "pictures of 3, recognised" in clicked[1]
    matrix.press("ArrowRight")
    assert "of 3, taken for 4" in changed(shown, clicked)[1]
