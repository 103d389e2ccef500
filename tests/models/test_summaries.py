"""The layer table against independent counts: torch's FLOP counter, torchvision's and Google's published numbers."""

from collections.abc import Iterable

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.models import MODELS, Probe, build, small, summary
from cnnlab.models.weights import PUBLISHED


def on_meta(name: str, **options: object) -> nn.Module:
    with torch.device("meta"):
        return build(name, **options)


def native(name: str, net: nn.Module) -> tuple[int, int, int]:
    """The picture that the paper's table begins with."""
    if name == "lenet5":
        return 1, 28, 28
    sides = (299, 299) if name.startswith("inception") else (32, 32) if name in ("nin", "resnet20", "plain20") else None
    return net.in_channels, *(sides or getattr(net, "input_size", (224, 224)))


@pytest.mark.parametrize("name", MODELS)
def test_multiply_adds_are_half_of_what_torchs_counter_counts_and_parameters_add_up(name):
    net = on_meta(name).eval()
    size = native(name, net)
    table = summary(net, size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.empty(1, *size, device="meta"))
    assert 2 * table.multiply_adds.sum() == counter.get_total_flops()
    assert table.parameters.sum() == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("name", PUBLISHED)
def test_torchvisions_published_counts_are_ours(name):
    meta = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    auxiliary = {"auxiliary": True} if name == "inception_v3" else {}  # its count holds the auxiliary classifier
    net = on_meta(name, **PUBLISHED[name], **auxiliary)
    assert sum(p.numel() for p in net.parameters()) == meta["num_params"]
    table = summary(net, native(name, net))
    assert table.multiply_adds.sum() / 1e9 == pytest.approx(meta["_ops"], abs=0.0015)


FIELDS = {  # Araujo, Norris and Sim 2019, Computing receptive fields of convolutional neural networks, table 1
    "alexnet": 195,
    "vgg16": 212,
    "inception_v3": 1311,
    "inception_v4": 2071,
    "inception_resnet_v2": 3039,
    "resnet50": 483,
    "resnet101": 1027,
    "resnet152": 1507,
}


@pytest.mark.parametrize("name", FIELDS)
def test_receptive_fields_are_the_published_ones(name):
    net = on_meta(name)
    table = summary(net, native(name, net))
    end = [layer for layer, _ in net.features.named_children()][-1]
    last = table[table.name.str.startswith(f"features.{end}")]
    assert widest(last.receptive_field) == (FIELDS[name],) * 2
    assert set(last.stride) == {(32, 32)}


@pytest.mark.parametrize("name", ["vgg11", "resnet18", "googlenet", "inception_v4", "tronnet", "efficientnet_lite0"])
def test_the_receptive_field_is_what_a_gradient_reaches(name):
    options = {"input_size": (160, 160)} if name in ("vgg11", "tronnet") else {}
    net = small(name, **options).eval()
    for layer in net.modules():  # positive weights and averages, so that no path cancels or is masked
        if isinstance(layer, nn.Conv2d):
            nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    features = nn.Sequential(*(averaged(layer) for layer in net.features.children())).double()
    x = torch.rand(1, 3, 160, 160, dtype=torch.double, requires_grad=True)
    table = summary(net, (3, 160, 160)).set_index("name")
    y = x
    for (name_, _), layer in zip(net.features.named_children(), features, strict=True):
        y = layer(y)
        rows = table[table.index.str.fullmatch(rf"features\.{name_}(\..*)?")]
        wanted = widest(rows.receptive_field)
        if max(wanted) > 120:
            break
        middle = y[0, :, y.shape[2] // 2, y.shape[3] // 2].sum()
        (gradient,) = torch.autograd.grad(middle, x, retain_graph=True)
        seen = gradient.abs().sum(dim=(0, 1)) > 0
        height, width = (int(seen.any(dim=axis).sum()) for axis in (1, 0))
        assert (height, width) == wanted, name_
    assert max(wanted) > 30  # it got somewhere


def widest(fields: Iterable[tuple[int, int]]) -> tuple[int, int]:
    heights, widths = zip(*fields, strict=True)
    return max(heights), max(widths)


def averaged(layer: nn.Module) -> nn.Module:
    """Maxima as means and activations left out: what a cell sees does not change, and every path shows."""
    for name, child in layer.named_children():
        setattr(layer, name, averaged(child))
    if isinstance(layer, nn.MaxPool2d):
        return nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding, ceil_mode=layer.ceil_mode)
    if isinstance(layer, nn.ReLU | nn.ReLU6 | nn.LocalResponseNorm):
        return nn.Identity()
    return layer


def test_activation_memory_is_what_a_real_run_puts_out():
    net = small("resnet18").eval()
    table = summary(net, (3, 32, 32))
    with Probe(net) as probe:
        net(torch.zeros(1, 3, 32, 32))
    assert table.name.tolist() == list(probe)
    assert table.output_shape.tolist() == [tuple(y.shape[1:]) for y in probe.values()]
    assert table.activation_memory.tolist() == [y.numel() * 4 for y in probe.values()]


def test_the_model_is_left_as_it_was():
    net = small("googlenet", variant="batch_norm")
    net.train()
    net.features.inception3a.eval()
    modes = [layer.training for layer in net.modules()]
    state = {key: value.clone() for key, value in net.state_dict().items()}
    summary(net, (3, 32, 32))
    assert [layer.training for layer in net.modules()] == modes
    assert not any(layer._forward_hooks for layer in net.modules())
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())
    assert not any(parameter.is_meta for parameter in net.parameters())
    with pytest.raises(ValueError, match="takes pictures of shape"):
        summary(net, (1, 32, 32))
    assert not any(layer._forward_hooks for layer in net.modules())


def test_a_layer_that_runs_twice_has_two_rows_and_its_parameters_once():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 3, 3)

        def forward(self, x):
            return self.conv(self.conv(x))

    table = summary(Twice(), (3, 8, 8))
    assert table.parameters.tolist() == [84, 0]
    assert table.receptive_field.tolist() == [(3, 3), (5, 5)]


@pytest.mark.parametrize("size", [(224, 224), (3, 0, 8), (1, 3, 8, 8)])
def test_an_input_size_that_is_no_picture_is_refused(size):
    with pytest.raises(ValueError, match=r"input_size must be \(channels, height, width\), each at least 1, got"):
        summary(build("lenet5"), size)
