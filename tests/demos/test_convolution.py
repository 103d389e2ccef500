"""The convolution demo: its arithmetic, its pictures, its widgets."""

import itertools

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnlab import demos
from cnnlab.demos import _convolution as convolution
from cnnlab.demos._presets import PICTURES, PRESETS, picture, preset
from tests.demos.reading import picture as shown


@pytest.mark.parametrize(
    ("size", "kernel", "stride", "padding", "dilation"),
    list(itertools.product((5, 28), (1, 3, 5), (1, 2, 3), (0, 2), (1, 3))),
)
def test_the_arithmetic_agrees_with_pytorch(size, kernel, stride, padding, dilation):
    try:
        output = F.conv1d(
            torch.zeros(1, 1, size), torch.zeros(1, 1, kernel), stride=stride, padding=padding, dilation=dilation
        )
    except RuntimeError:
        with pytest.raises(ValueError, match="lower the dilation, or raise the padding"):
            convolution.arithmetic(size, kernel, stride, padding, dilation)
    else:
        assert convolution.arithmetic(size, kernel, stride, padding, dilation).endswith(f"= {output.shape[-1]}")


@pytest.mark.parametrize(
    ("name", "size", "geometry"),
    [
        ("digit 0", 3, {}),
        ("digit 0", 5, {"stride": 3}),
        ("photo: china", 5, {"padding": 8, "dilation": 8}),
        ("photo: china", 3, {"stride": 6, "padding": 1, "dilation": 2}),
    ],
)
def test_the_response_is_pytorchs(name, size, geometry):
    kernel = preset("emboss", size)
    figure = convolution.figure(convolution.Settings(picture=name, kernel=kernel, **geometry))
    expected = F.conv2d(picture(name)[None, None], torch.tensor(kernel)[None, None], **geometry)[0, 0]
    np.testing.assert_allclose(figure.axes[2].images[0].get_array(), expected, atol=1e-5)
    assert f"the response of {expected.shape[0]}×{expected.shape[1]} pixels" in figure.alt


def test_the_arithmetic_stands_in_the_figure_for_both_sides():
    figure = convolution.figure(convolution.Settings(picture="photo: coffee", stride=2, padding=1))
    assert "height: ⌊(120 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 60" in figure.alt
    assert "width: ⌊(160 + 2·1 − 1·(3 − 1) − 1) / 2⌋ + 1 = 80" in figure.alt


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"kernel": preset("blur", 5), "dilation": 8}, "covers 33 pixels \\(5 weights, dilation 8\\)"),
        ({"picture": "digit 10"}, "picture must be one of digit 0"),
        ({"kernel": ((1.0,), (1.0, 2.0))}, "rows of equally many weights"),
        ({"kernel": ((float("inf"),),)}, "must be finite"),
        ({"stride": 0}, "stride and dilation must be 1 or more"),
    ],
)
def test_settings_that_cannot_be_are_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        convolution.figure(convolution.Settings(**settings))


@pytest.mark.parametrize("size", [3, 5])
def test_presets_do_what_their_names_say(size):
    flat, ramp = torch.ones(1, 1, 9, 9), torch.arange(9.0).expand(1, 1, 9, 9)

    def apply(name: str, image: torch.Tensor) -> torch.Tensor:
        return F.conv2d(image, torch.tensor(preset(name, size))[None, None])

    inner = 9 - size + 1
    for name, level in dict.fromkeys(PRESETS, 0.0).items() | {("identity", 1.0), ("sharpen", 1.0), ("emboss", 1.0)}:
        if name in ("blur", "random") or (level == 0 and name in ("identity", "sharpen", "emboss")):
            continue
        torch.testing.assert_close(apply(name, flat), torch.full((1, 1, inner, inner), level))
    torch.testing.assert_close(apply("blur", flat), torch.ones(1, 1, inner, inner), atol=0.02, rtol=0)
    assert (apply("Sobel, vertical edges", ramp) > 0).all()
    assert (apply("Sobel, horizontal edges", ramp) == 0).all()
    assert (apply("Sobel, horizontal edges", ramp.mT) > 0).all()
    assert preset("random", size, seed=1) != preset("random", size, seed=2)


def test_every_picture_runs_from_black_to_white():
    for name in PICTURES:
        image = picture(name)
        assert image.ndim == 2
        assert 0 <= image.min() < image.max() <= 1


@pytest.fixture
def demo():
    demo = demos.convolution()
    yield demo
    demo.close()


def test_a_change_of_a_control_changes_picture_and_alternative_text(demo):
    seen = [shown(demo)]
    changes = {"stride": 2, "padding": 3, "dilation": 2, "choice": "photo: flower", "preset": "blur", "size": 5}
    for control, value in changes.items():
        getattr(demo, control).value = value
        seen.append(shown(demo))
    assert len({picture for picture, _ in seen}) == len({alt for _, alt in seen}) == 7


def test_an_edited_cell_is_part_of_the_kernel_and_the_preset_becomes_own(demo):
    before = shown(demo)
    demo.cells.children[4].value = 7.5
    assert demo.settings.kernel[1][1] == 7.5
    assert demo.preset.value == "own"
    assert shown(demo) != before
    demo.stride.value = 2
    assert demo.settings.kernel[1][1] == 7.5


def test_a_preset_fills_all_cells_and_another_random_kernel_is_another(demo):
    demo.preset.value = "Laplacian"
    demo.size.value = 5
    assert demo.settings.kernel == preset("Laplacian", 5)
    demo.again.click()
    first = demo.settings.kernel
    demo.again.click()
    assert first != demo.settings.kernel
    assert demo.preset.value == "random"


def test_an_own_kernel_of_another_size_gets_a_rim_of_zeros_or_loses_its_rim(demo):
    demo.cells.children[0].value = 7
    own = torch.tensor(demo.settings.kernel)
    demo.size.value = 5
    assert torch.equal(torch.tensor(demo.settings.kernel), F.pad(own, (1, 1, 1, 1)))
    demo.cells.children[0].value = 3
    demo.size.value = 3
    assert torch.equal(torch.tensor(demo.settings.kernel), own)


@pytest.mark.parametrize("geometry", [{}, {"stride": 3, "padding": 2}, {"dilation": 2, "padding": 1}])
def test_what_the_pointer_shows_is_the_convolution(demo, geometry):
    with demo.one_redraw():
        for name, value in geometry.items():
            getattr(demo, name).value = value
    pointer = demo.pointer
    expected = F.conv2d(picture("digit 3")[None, None], torch.tensor([pointer.kernel])[None], **geometry)[0, 0]
    response = torch.frombuffer(bytearray(pointer.response), dtype=torch.float32).view(*pointer.size)
    torch.testing.assert_close(response, expected)
    assert pointer.padded == [28 + 2 * geometry.get("padding", 0)] * 2
    assert len(pointer.picture) == 4 * pointer.padded[0] ** 2
