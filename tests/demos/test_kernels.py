"""The demo of kernels: layers, modes, before and after training."""

import pytest
from torch import nn

from cnnlab import demos, models
from cnnlab.demos import _kernels as kernels
from tests.demos.reading import alt


@pytest.fixture(scope="module")
def networks() -> kernels.Networks:
    return kernels.Networks(models.build("lenet5"), models.build("lenet5"))


def test_before_and_after_training_differ_and_share_a_scale(networks):
    after, before = (kernels.figure(kernels.Settings(trained=trained), networks) for trained in (True, False))
    assert after.alt.startswith("features.conv1, after training: 6 kernels of 5×5")
    assert before.alt.startswith("features.conv1, before training")
    assert after.png() != before.png()
    ticks = [[label.get_text() for label in figure.axes[-1].get_yticklabels()] for figure in (after, before)]
    assert ticks[0] == ticks[1]


def test_every_control_changes_the_picture(networks):
    demo = demos.kernels(networks.after, before=networks.before)
    seen = {demo.picture.value}
    for control, value in (
        (demo.layer, "features.conv2"),
        (demo.mode, "rgba"),
        (demo.trained, False),
        (demo.limit, 3),
    ):
        control.value = value
        seen.add(demo.picture.value)
    assert len(seen) == 5
    assert "3 of 16 kernels shown" in alt(demo)
    assert "Conv2d(6, 16" in demo.status.value
    demo.close()


@pytest.mark.parametrize(
    ("inputs", "words"),
    [(1, "only kernels over three channels are colours"), (3, "red, green and blue are the weights")],
)
def test_the_colours_of_rgba_are_told(inputs, words):
    demo = demos.kernels(nn.Sequential(nn.Conv2d(inputs, 4, 3)))
    assert "opacity" not in demo.status.value
    demo.mode.value = "rgba"
    assert words in demo.status.value


def test_one_network_has_no_before():
    demo = demos.kernels(models.build("lenet5"))
    assert "training" not in alt(demo)
    with pytest.raises(ValueError, match="before training is not known"):
        kernels.figure(kernels.Settings(trained=False), demo.networks)
    demo.close()


def test_a_layer_that_is_no_convolution_is_answered_with_those_that_are(networks):
    with pytest.raises(ValueError, match="one of features.conv1, features.conv2, got 'features.pool1'"):
        kernels.figure(kernels.Settings(layer="features.pool1"), networks)


def test_networks_without_kernels_or_with_others_are_refused():
    with pytest.raises(ValueError, match="a Linear without Conv2d layers"):
        demos.kernels(nn.Linear(2, 2))
    with pytest.raises(ValueError, match="the same convolutions"):
        demos.kernels(models.build("lenet5"), before=models.build("lenet5", in_channels=3))


def test_a_name_is_no_network():
    with pytest.raises(TypeError, match="those of a network, got 'lenet5'; models.build makes one of a name"):
        demos.kernels("lenet5")


def test_without_a_network_those_that_come_trained_on_cifar_can_be_chosen(networks, monkeypatch):
    monkeypatch.setattr(kernels, "_TRAINED", [networks])  # the training itself takes seconds
    demo = demos.kernels()
    assert [value for _, value in demo.network.options] == [kernels.DIGITS, *models.trained().index]
    assert "1 input channel" in alt(demo)
    demo.trained.value = False
    for name in models.trained().index:
        demo.network.value = name
        assert "before training" not in alt(demo)
        shipped = models.build(name, weights="cifar10")
        assert list(demo.layer.options) == kernels.convolutions(shipped)
        assert alt(demo) == kernels.figure(demo.settings, kernels.Networks(shipped)).alt
        assert demo.trained.disabled
        demo.layer.value = demo.layer.options[-1]
        assert alt(demo).startswith(demo.layer.value)
    demo.network.value = kernels.DIGITS
    assert not demo.trained.disabled
    assert list(demo.layer.options) == ["features.conv1", "features.conv2"]
    demo.close()
