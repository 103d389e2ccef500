"""The layer table against independent counts: torch's FLOP counter, torchvision's and Google's published numbers."""

from collections.abc import Callable, Iterable

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm
from torch.utils.flop_counter import FlopCounterMode

from cnnlab.models import Probe, blueprint, build, small, summary
from cnnlab.models.catalogue import native_size
from cnnlab.models.weights.loading import PUBLISHED

OTHERS = (
    *("lenet5", "vgg16_c", "nin", "inception_v2", "inception_resnet_v2", "resnext29_8x64d", "airbench94", "highway"),
    *("landmark_cnn", "tronnet", "efficientnet_lite0"),
)


@pytest.mark.parametrize("name", OTHERS)
def test_multiply_adds_are_half_of_what_torchs_counter_counts_and_parameters_add_up(name):
    net, size = blueprint(name).eval(), native_size(name)
    table = summary(net, size)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.empty(1, *size, device="meta"))
    assert 2 * table.multiply_adds.sum() == counter.get_total_flops()
    assert table.parameters.sum() == sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize(
    "name", ["alexnet", "vgg11", "googlenet", "inception_v3", "resnet18", "resnet50", "resnext50_32x4d"]
)
def test_torchvisions_published_counts_are_ours(name):
    meta = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    auxiliary = {"auxiliary": True} if name == "inception_v3" else {}  # its count holds the auxiliary classifier
    net = blueprint(name, **PUBLISHED[name], **auxiliary)
    assert sum(p.numel() for p in net.parameters()) == meta["num_params"]
    table = summary(net, native_size(name))
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
    net = blueprint(name)
    table = summary(net, native_size(name))
    end = [layer for layer, _ in net.features.named_children()][-1]
    last = table[table.name.str.startswith(f"features.{end}")]
    assert widest(last.receptive_field) == (FIELDS[name],) * 2
    assert set(last.stride) == {(32, 32)}


@pytest.mark.parametrize("name", ["resnet18", "googlenet", "inception_v4", "tronnet"])
def test_the_receptive_field_is_what_a_gradient_reaches(name):
    options = {"input_size": (160, 160)} if name == "tronnet" else {}
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
    """Maxima as means and activations left out: receptive fields stay, and every path has a gradient."""
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


def step(function: Callable[[Tensor], Tensor]) -> nn.Module:
    """A step by function between two convolutions of 1×1."""

    class Step(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = nn.Conv2d(3, 3, 1), nn.Conv2d(3, 3, 1)

        def forward(self, x: Tensor) -> Tensor:
            return self.last(function(self.first(x)))

    return Step()


STEPS = {  # field and stride after it, height and width each
    "maximum": (lambda x: F.max_pool2d(x, (3, 2), stride=(2, 1), dilation=(2, 1)), (5, 2), (2, 1)),
    "maximum and where": (lambda x: F.max_pool2d(x, 3, return_indices=True)[0], (3, 3), (3, 3)),
    "average": (lambda x: F.avg_pool2d(x, kernel_size=(2, 4)), (2, 4), (2, 4)),
    "norm": (lambda x: F.lp_pool2d(x, 2, 2), (2, 2), (2, 2)),
    "adaptive maximum": (lambda x: F.adaptive_max_pool2d(x, 1), (12, 16), (12, 16)),
    "mean": (lambda x: x.mean((2, 3), keepdim=True), (12, 16), (12, 16)),
    "convolution": (lambda x: F.conv2d(x, torch.ones(3, 3, 2, 3, device="meta"), dilation=(1, 2)), (2, 5), (1, 1)),
    "halves": (
        lambda x: torch.cat([half.repeat(1, 2, 1, 1) for half in F.max_pool2d(x, 2).chunk(2, 3)], 1)[:, :3],
        (2, 2),
        (2, 2),
    ),
}


@pytest.mark.parametrize("name", STEPS)
def test_functions_that_slide_have_receptive_field_and_stride(name):
    function, field, stride = STEPS[name]
    last = summary(step(function), (3, 12, 16)).iloc[-1]
    assert (last.receptive_field, last.stride) == (field, stride)


def test_a_transposed_convolution_makes_the_grid_finer_and_its_products_are_counted():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 4, stride=4), nn.ConvTranspose2d(4, 6, 4, stride=2, padding=1), nn.Conv2d(6, 2, 3)
    ).eval()
    table = summary(net, (3, 32, 32))
    assert table.receptive_field.tolist() == [(4, 4), (8, 8), (12, 12)]
    assert table.stride.tolist() == [(4, 4), (2, 2), (2, 2)]
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, 32, 32))
    assert 2 * table.multiply_adds.sum() == counter.get_total_flops()


class Scaled(nn.Module):
    """A parameter beside layers, one that is first computed with, and a layer whose weight is used without it."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.scale, self.fc = nn.Conv2d(3, 4, 3), nn.Parameter(torch.ones(4, 1, 1)), nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear((self.conv(x) * self.scale.exp()).mean((2, 3)), self.fc.weight, self.fc.bias)


class Tied(nn.Module):
    """Two layers with one weight."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3), nn.Conv2d(3, 3, 3)
        self.second.weight = self.first.weight

    def forward(self, x: Tensor) -> Tensor:
        return self.second(self.first(x))


@pytest.mark.parametrize(
    "net",
    [
        *(Scaled(), Tied(), weight_norm(nn.Conv2d(3, 4, 3)), nn.Sequential(spectral_norm(nn.Conv2d(3, 4, 3)))),
        *(nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.LSTM(36, 5)),),
    ],
    ids=["beside layers", "tied", "weight norm", "spectral norm", "recurrent"],
)
def test_no_parameter_is_lost(net):
    table = summary(net, (3, 8, 8))
    assert table.parameters.sum() == sum(p.numel() for p in net.parameters())


def test_a_parametrized_layer_is_the_layer_that_it_was():
    (row,) = summary(weight_norm(nn.Conv2d(3, 4, 3)), (3, 8, 8)).itertuples()
    assert (row.kind, row.multiply_adds, row.parameters) == ("Conv2d", 36 * 4 * 27, 4 * 27 + 4 + 4)


def test_activation_memory_follows_the_precision_of_the_weights():
    for dtype, size in ((torch.float16, 2), (torch.bfloat16, 2), (torch.float64, 8)):
        (row,) = summary(nn.Conv2d(3, 4, 3).to(dtype), (3, 8, 8)).itertuples()
        assert row.activation_memory == 4 * 36 * size


def test_networks_that_cannot_run_without_a_picture_are_refused_with_the_way_out():
    lazy = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(2))
    with pytest.raises(ValueError, match=r"0.weight of this Sequential is lazy, .*: model\(torch.zeros\(1, channels"):
        summary(lazy, (3, 8, 8))
    lazy(torch.zeros(1, 3, 8, 8))
    assert summary(lazy, (3, 8, 8)).parameters.tolist() == [112, 0, 290]
    with pytest.raises(ValueError, match="this Step makes a tensor of its own, .* in __init__, with self.register_buf"):
        summary(step(lambda x: x - torch.tensor([1.0, 2.0, 3.0]).view(3, 1, 1)), (3, 8, 8))
    with pytest.raises(ValueError, match="this Step asks for the content of a picture, .* depend on sizes alone"):
        summary(step(lambda x: x if x.sum() > 0 else -x), (3, 8, 8))


@pytest.mark.parametrize("size", [(224, 224), (3, 0, 8), (1, 3, 8, 8), 28, (3, 28.0, 28), None])
def test_an_input_size_that_is_no_picture_is_refused(size):
    with pytest.raises(ValueError, match=r"input_size must be \(channels, height, width\), each at least 1, got"):
        summary(build("lenet5"), size)
