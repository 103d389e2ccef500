"""Grad-CAM and occlusion: torchcam, arithmetic and a planted patch are the oracles."""

import pytest
import torch
import torchvision
from torch import nn

from cnnlab.data import photo
from cnnlab.models import build, grad_cam, occlusion, pretrained, small


@pytest.fixture(autouse=True)
def _same_networks():
    torch.manual_seed(0)  # by chance, a map of untrained weights may be zero everywhere


class Corner(nn.Module):
    """Class 1 wins by as much as the upper left quarter is bright; nothing else counts."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        bright = x[:, :, :8, :8].mean(dim=(1, 2, 3))
        return torch.stack([torch.zeros_like(bright), bright], dim=1)


def test_grad_cam_is_torchcams():
    from torchcam.methods import GradCAM

    net = torchvision.models.resnet18(num_classes=7).eval()
    x = torch.rand(1, 3, 96, 128)
    with GradCAM(net, net.layer4[1].conv2) as extractor:
        (heat,) = extractor(4, net(x))
    ours = grad_cam(net, x, 4)
    assert ours.shape == (1, 96, 128)
    expected = nn.functional.interpolate(heat[None], (96, 128), mode="bilinear", align_corners=False)[0]
    expected = expected / expected.amax()  # torchcam has moved the least value to 0 besides
    assert ours.amax() == pytest.approx(1)
    assert torch.corrcoef(torch.stack([ours.flatten(), expected.flatten()]))[0, 1] > 0.99


def test_grad_cam_of_one_picture_does_not_depend_on_the_others_and_leaves_the_network_as_it_was():
    net = small("resnet18", num_classes=4).train()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    modes = [module.training for module in net.modules()]
    x = torch.rand(3, 3, 32, 32)
    together = grad_cam(net, x, [0, 1, 2])
    torch.testing.assert_close(together[1:2], grad_cam(net, x[1:2], torch.tensor([1])), atol=1e-4, rtol=1e-3)
    assert all(torch.equal(before[name], tensor) for name, tensor in net.state_dict().items())
    assert modes == [module.training for module in net.modules()]
    assert not any(module._forward_hooks or module._backward_hooks for module in net.modules())


class Backwards(nn.Module):
    """Its last convolution is defined first."""

    def __init__(self) -> None:
        super().__init__()
        self.last, self.first, self.fc = nn.Conv2d(4, 5, 3), nn.Conv2d(1, 4, 3), nn.Linear(5, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(self.last(self.first(x).relu()).relu().mean((2, 3)))


def test_the_last_convolution_is_the_one_that_runs_last():
    net, x = Backwards(), torch.rand(1, 1, 16, 16)
    assert torch.equal(grad_cam(net, x, 1), grad_cam(net, x, 1, layer=net.last))
    assert not torch.allclose(grad_cam(net, x, 1), grad_cam(net, x, 1, layer=net.first))


@pytest.mark.parametrize("layer", [nn.Conv2d(1, 4, 3), "fc"], ids=["of another network", "no convolution"])
def test_a_layer_that_is_no_convolution_of_the_network_is_refused(layer):
    net = Backwards()
    with pytest.raises(ValueError, match="a convolution that runs in this Backwards, got (Conv2d|Linear).*takes the l"):
        grad_cam(net, torch.rand(1, 1, 16, 16), 1, layer=net.fc if layer == "fc" else layer)


@pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
def test_a_map_that_says_nothing_is_zero_in_any_precision(dtype):
    net = Backwards().to(dtype)
    nn.init.zeros_(net.fc.weight)  # no feature speaks for any class
    assert torch.equal(grad_cam(net, torch.rand(1, 1, 16, 16, dtype=dtype), 1), torch.zeros(1, 16, 16, dtype=dtype))


def test_grey_is_each_pictures_mean_of_each_channel():
    class Colours(nn.Module):
        """Logits of the red and the blue upper left corner."""

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.stack([x[:, 0, 0, 0], x[:, 2, 0, 0]], dim=1)

    x = torch.zeros(2, 3, 4, 4)
    x[0, 0], x[0, 2], x[1, 0], x[1, 2] = 1.0, 2.0, 3.0, 7.0  # without contrast: grey is what was there
    assert occlusion(Colours(), x, 1, window=2, stride=2).abs().max() < 1e-6


def test_occlusion_finds_the_part_that_decides():
    x = torch.zeros(2, 3, 32, 32)
    x[:, :, :8, :8] = 4
    falls = occlusion(Corner(), x, 1, window=8, stride=8)
    assert falls.shape == (2, 32, 32)
    grey = x.mean()
    expected = torch.tensor([0.0, 4.0]).softmax(0)[1] - torch.tensor([0.0, grey]).softmax(0)[1]
    torch.testing.assert_close(falls[0, :8, :8], expected.expand(8, 8))
    assert falls[:, 8:].abs().max() < 1e-6
    assert falls[:, :, 8:].abs().max() < 1e-6


def test_the_square_moves_by_its_stride_and_where_squares_overlap_the_mean_counts():
    """By hand: a square of 4 columns moves by 2 over 8; of three, the first alone covers the bright columns 0 and 1."""

    class Left(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            bright = x[:, :, :, :2].mean(dim=(1, 2, 3))
            return torch.stack([torch.zeros_like(bright), bright], dim=1)

    x = torch.zeros(1, 1, 4, 8)
    x[..., :2] = 4
    falls = occlusion(Left(), x, 1, window=4, stride=2)
    fall = torch.tensor(4.0).sigmoid() - torch.tensor(1.0).sigmoid()  # grey is 1: two columns of eight at 4
    by_column = torch.stack([fall, fall, fall / 2, fall / 2, *torch.zeros(4)])  # columns 2 and 3 lie in two squares
    torch.testing.assert_close(falls, by_column.expand(1, 4, 8))
    falls += 1  # an ordinary tensor, which may be changed


@pytest.mark.slow
@pytest.mark.parametrize("explain", [grad_cam, lambda *args: occlusion(*args, window=64, stride=32).clamp(min=0)])
def test_of_a_cat_beside_a_cup_each_class_is_explained_by_its_own_half(explain):
    network = pretrained()
    cat, cup = (network.preprocess(photo(name))[:, :, 56:168] for name in ("chelsea", "coffee"))
    both = torch.cat([cat, cup], dim=2)[None]
    on_the_cat = explain(network.model, both, network.classes.index("tiger cat"))[0]
    on_the_cup = explain(network.model, both, network.classes.index("espresso"))[0]
    assert on_the_cat[:, :112].sum() > 2 * on_the_cat[:, 112:].sum()
    assert on_the_cup[:, 112:].sum() > 2 * on_the_cup[:, :112].sum()


def test_what_cannot_be_explained_is_refused():
    net, x = build("lenet5"), torch.zeros(2, 1, 28, 28)
    with pytest.raises(ValueError, match="the network has classes 0 to 9, got 10"):
        grad_cam(net, x, 10)
    with pytest.raises(ValueError, match=r"targets must be numbers of classes, whole ones, got 1.5; argmax"):
        grad_cam(net, x, 1.5)
    with pytest.raises(ValueError, match=r"at least one picture, got \(0, 1, 28, 28\)"):
        occlusion(net, x[:0], 1, window=8, stride=8)
    with pytest.raises(ValueError, match=r"targets must be one class, or one for each of 2 pictures, got \[1, 2, 3\]"):
        grad_cam(net, x, [1, 2, 3])
    with pytest.raises(
        ValueError, match="this Corner runs no convolution, whose channels Grad-CAM weights; use occlusion"
    ):
        grad_cam(Corner(), torch.zeros(1, 3, 32, 32), 1)
    with pytest.raises(ValueError, match=r"1 ≤ stride ≤ window ≤ 28 .* must hold, got stride=16, window=32"):
        occlusion(net, x, 1)


@pytest.mark.parametrize("explain", [grad_cam, occlusion])
@pytest.mark.parametrize("images", [torch.rand(1, 28, 28), torch.zeros(1, 1, 28, 28, dtype=torch.uint8)])
def test_what_is_no_batch_of_floats_is_refused(explain, images):
    with pytest.raises(ValueError, match=r"a batch \(N, C, H, W\) of floats"):
        explain(build("lenet5"), images, 3)


def test_grad_cam_without_gradients_says_so():
    with torch.inference_mode(), pytest.raises(ValueError, match="forbids; call it outside"):
        grad_cam(build("lenet5"), torch.rand(1, 1, 28, 28), 3)
