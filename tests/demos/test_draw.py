"""The canvas: what is drawn on it is read as MNIST's digits are."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw

from cnnlab import data, demos
from cnnlab.demos import _draw


class Corner(torch.nn.Module):
    """Reads a 7 where the upper half of the digit holds more ink, else a 1."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        upper, lower = x[:, 0, :14].mean(dim=(1, 2)), x[:, 0, 14:].mean(dim=(1, 2))
        logits = torch.zeros(len(x), 10)
        logits[:, 7], logits[:, 1] = 20 * (upper - lower), 20 * (lower - upper)
        return logits


def png(*strokes: list[tuple[int, int]]) -> str:
    sheet = Image.new("L", (280, 280), 255)
    for stroke in strokes:
        ImageDraw.Draw(sheet).line(stroke, fill=0, width=20)
    file = io.BytesIO()
    sheet.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


SEVEN = png([(80, 60), (200, 60), (190, 90)], [(185, 90), (165, 140)], [(80, 60), (200, 60)])
ELL = png([(80, 60), (80, 220), (200, 220)], [(80, 220), (200, 220)])


@pytest.fixture
def demo():
    demo = demos.draw(Corner())
    yield demo
    demo.close()


def draw(demo, drawing):
    demo.canvas.sent += 1
    demo.canvas.png = drawing


def test_the_network_reads_what_is_drawn(demo):
    draw(demo, SEVEN)
    assert "classes: 7" in demo.alt
    draw(demo, ELL)
    assert "classes: 1" in demo.alt


def test_the_next_drawing_may_come_when_this_one_was_read(demo):
    draw(demo, SEVEN)
    assert demo.canvas.read == demo.canvas.sent == 1


def test_an_empty_sheet_is_told_and_the_next_drawing_is_read(demo):
    draw(demo, png())
    assert "nothing is drawn on it" in demo.status.value
    assert demo.canvas.read == 1
    draw(demo, SEVEN)
    assert "classes: 7" in demo.alt


def test_clear_empties_the_sheet(demo):
    draw(demo, SEVEN)
    demo.clear.click()
    assert demo.canvas.png == ""
    assert demo.canvas.cleared == 1


def test_a_canvas_and_a_file_give_the_same_digit(tmp_path):
    file = tmp_path / "seven.png"
    file.write_bytes(base64.b64decode(SEVEN))
    sheet = np.asarray(Image.open(file))
    assert torch.equal(data.drawn(sheet), data.drawing(file))


def test_figure_shows_the_digit_that_the_network_sees():
    digit = data.drawn(np.asarray(Image.open(io.BytesIO(base64.b64decode(SEVEN)))))
    shown = _draw.figure(digit, Corner()).axes[0].images[0].get_array()
    np.testing.assert_array_equal(shown[..., 0], digit[0, 0])


def test_something_else_than_a_network_is_refused():
    with pytest.raises(TypeError, match="draw needs a network"):
        demos.draw("lenet5")
