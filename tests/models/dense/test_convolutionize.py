"""`convolutionize`: the same logits at the native size, the same as every crop without padding, the same weights."""

import copy
import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

import cnnlab
from cnnlab import models
from cnnlab.models import convolutionize
from cnnlab.models.dense.sliding import WindowLinear
from cnnlab.models.dense.tracing import BATCH

GREY = ("lenet5", "highway")
SMALL = (  # of each family, for pictures of 32 pixels
    *("lenet5", "alexnet", "vgg11_lrn", "nin", "googlenet", "inception_v4", "resnet18", "resnext50_32x4d", "plain20"),
    *("highway", "landmark_cnn", "efficientnet_lite0"),
)
ZOO = (  # of each family, in full size
    *("lenet5", "alexnet", "vgg16", "nin", "googlenet", "inception_v2", "resnet18", "resnet20", "tronnet"),
    "efficientnet_lite0",
)
TORCHVISION = {  # native size and stride
    "alexnet": (224, 32),
    "resnet18": (64, 32),
    "googlenet": (64, 32),
    "squeezenet1_1": (64, 16),
    "shufflenet_v2_x0_5": (64, 32),
}


def pictures(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def crops(x: Tensor, size: tuple[int, int], stride: tuple[int, int]) -> Tensor:
    """(N, C, H, W) -> (rows, columns, N, C, height, width): every window, cut out."""
    return x.unfold(2, size[0], stride[0]).unfold(3, size[1], stride[1]).permute(2, 3, 0, 1, 4, 5)


def assert_equals_every_crop(model: nn.Module, dense: nn.Module, x: Tensor, tolerance: float = 1e-5) -> None:
    with torch.no_grad():
        maps, windows = dense(x), crops(x, dense.input_size, dense.stride)
        rows, columns = windows.shape[:2]
        assert rows > 1
        assert columns > 1
        for row in range(rows):
            for column in range(columns):
                expected = model(windows[row, column])
                torch.testing.assert_close(maps[:, :, row, column], expected, atol=tolerance, rtol=0)


@pytest.mark.parametrize("name", SMALL)
def test_at_the_native_size_the_logits_are_equal(name):
    model = models.small(name, num_classes=7).eval()
    dense = convolutionize(model, (32, 32))
    x = pictures(2, 1 if name in GREY else 3, 32, 32)
    with torch.no_grad():
        logits = dense(x)
        assert logits.shape == (2, 7, 1, 1)
        torch.testing.assert_close(logits[:, :, 0, 0], model(x), atol=1e-5, rtol=1e-6)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_networks_convert_too(name):
    options = {"init_weights": False, "aux_logits": True} if name == "googlenet" else {}
    model = getattr(torchvision.models, name)(num_classes=5, **options).eval()
    side, stride = TORCHVISION[name]
    dense = convolutionize(model, (side, side))
    x = pictures(1, 3, side, side)
    with torch.no_grad():
        torch.testing.assert_close(dense(x)[:, :, 0, 0], model(x), atol=1e-5, rtol=1e-6)
    assert dense.stride == (stride, stride)
    assert dense.state_dict().keys() == model.state_dict().keys()


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_slides_with_the_stride_of_its_features(name):
    with torch.device("meta"):
        model = models.build(name).eval()
    size = {"lenet5": (28, 28), "nin": (32, 32), "resnet20": (32, 32), "inception_v2": (299, 299)}.get(name, (224, 224))
    channels = 1 if name in GREY else 3
    dense = convolutionize(model, size)
    layers = models.summary(model, (channels, *size))
    features = layers[(layers.kind != "AdaptiveAvgPool2d") & (layers.output_shape.str.len() == 3)]
    assert dense.stride == features.stride.iloc[-1]
    classes = model(torch.empty(1, channels, *size, device="meta")).shape[1]
    further = (size[0] + 2 * dense.stride[0], size[1] + 3 * dense.stride[1])
    assert dense(torch.empty(5, channels, *further, device="meta")).shape == (5, classes, 3, 4)


def valid_network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 5, stride=2),
        nn.BatchNorm2d(6),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, stride=2),
        nn.Sequential(nn.Conv2d(6, 8, (3, 2)), nn.Sigmoid(), nn.AvgPool2d(2)),
        nn.Dropout(0.3),
        nn.Flatten(),
        nn.Linear(8 * 2 * 2, 12),
        nn.BatchNorm1d(12),
        nn.ReLU(),
        nn.Linear(12, 4),
    )


class Written(nn.Module):
    """A network as people write them; ``how`` is the way from the map to the first linear layer."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.conv1, self.conv2, self.pool = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5), nn.MaxPool2d(2, 2)
        self.adaptive = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Linear({"global": 16, "uneven": 144}.get(how.split()[0], 400), 30)
        self.fc2 = nn.Linear(30, 10)

    def forward(self, x: Tensor) -> Tensor:
        count, channels, _, _ = x.shape
        assert channels == 3
        x = self.pool(F.relu(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        match self.how:
            case "torch.flatten":
                x = torch.flatten(x, 1)
            case "flatten":
                x = x.flatten(start_dim=1)
            case "view":
                x = x.view(x.size(0), -1)
            case "view by number":
                x = x.view(-1, 16 * 5 * 5)
            case "reshape by earlier size":
                x = x.reshape(count, -1)
            case "reshape by len":
                x = x.reshape(len(x), 16 * 5 * 5)
            case "global mean":
                x = x.mean((2, 3))
            case "global mean kept":
                x = torch.mean(x, dim=[-1, -2], keepdim=True).view(count, -1)
            case "global maximum":
                x = x.amax((2, 3))
            case "global average by size":
                x = F.avg_pool2d(x, x.size()[2:]).view(x.size(0), -1)
            case "global average by number":
                x = F.avg_pool2d(x, 5).flatten(1)
            case "global maximum by size":
                x = F.max_pool2d(x, kernel_size=x.size()[2:]).reshape(count, 16)
            case "global maximum by height and width":
                x = F.max_pool2d(x, (x.size(2), x.size(3))).flatten(1)
            case "global sum by average":
                x = F.avg_pool2d(x, 5, divisor_override=1).flatten(1)
            case "divided by its size":
                x = (x / (x.size(2) * x.size(3))).to(x.dtype).flatten(1)
            case "softmax of one channel":
                x = x * x[:, 0].unsqueeze(1).softmax(dim=1)
                x = torch.flatten(x, 1)
            case "global adaptive":
                x = self.adaptive(x).squeeze(-1).squeeze(-1)
            case "global adaptive indexed":
                x = F.adaptive_max_pool2d(x, (1, 1))[:, :, 0, 0]
            case "global mean of a view":
                x = x.view(x.size(0), x.size(1), -1).mean(2)
            case "uneven adaptive":
                x = F.adaptive_avg_pool2d(x, 3).flatten(1)
        x = F.relu(self.fc1(x))
        return F.log_softmax(self.fc2(x + F.dropout(x, training=self.training)), dim=1)


WAYS = (
    *("torch.flatten", "flatten", "view", "view by number", "reshape by earlier size", "reshape by len", "global mean"),
    *("global mean kept", "global maximum", "global average by size", "global average by number"),
    *("global maximum by size", "global maximum by height and width", "global sum by average", "global adaptive"),
    *("global adaptive indexed", "global mean of a view", "uneven adaptive", "divided by its size"),
    "softmax of one channel",
)


@pytest.mark.parametrize("how", WAYS)
def test_a_students_own_network_equals_every_crop(how):
    model = Written(how).eval()
    dense = convolutionize(model, (32, 32))
    assert dense.stride == (4, 4)
    assert_equals_every_crop(model, dense, pictures(2, 3, 44, 40))


def test_without_padding_lenet_equals_every_crop():
    model = models.build("lenet5").eval()
    assert_equals_every_crop(model, convolutionize(model, (28, 28)), pictures(2, 1, 60, 45))


def test_without_padding_any_network_equals_every_crop_also_off_the_square():
    model = valid_network().eval()
    dense = convolutionize(model, (31, 31))
    assert dense.stride == (8, 8)
    assert_equals_every_crop(model, dense, pictures(2, 3, 31 + 24, 31 + 42))


def test_a_window_over_a_picture_without_convolutions_moves_by_a_pixel():
    model = models.build("highway", layers="dense", depth=4).eval()
    dense = convolutionize(model, (28, 28))
    assert dense.stride == (1, 1)
    assert_equals_every_crop(model, dense, pictures(1, 1, 30, 31))


def test_adaptive_pooling_to_the_maps_own_size_to_half_of_it_and_to_more():
    def network(cells: int) -> nn.Module:
        return nn.Sequential(nn.Conv2d(3, 4, 3), nn.AdaptiveAvgPool2d(cells), nn.Flatten(), nn.Linear(4 * cells**2, 2))

    for cells, stride in ((14, 1), (7, 2), (13, 1), (20, 1)):
        model = network(cells).eval()
        dense = convolutionize(model, (16, 16))
        assert dense.stride == (stride, stride)
        assert_equals_every_crop(model, dense, pictures(1, 3, 20, 22))


def test_adaptive_pooling_that_repeats_a_single_cell():
    layers = nn.Conv2d(3, 4, 8, stride=8), nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(4 * 49, 3)
    model = nn.Sequential(*layers).eval()  # 8 pixels leave 1×1 cell, and the pooling makes 7×7 of it, as in VGG
    dense = convolutionize(model, (8, 8))
    assert dense.stride == (8, 8)
    assert_equals_every_crop(model, dense, pictures(1, 3, 24, 16))


@pytest.mark.parametrize("strides", [(11, 11), (7, 7, 3), (16, 9), (2, 2, 2, 2, 2)])
def test_the_stride_is_the_product_of_all_strides_whatever_is_left_over(strides):
    product = math.prod(strides)
    for left_over in (0, product - 1):
        size = (2 * product + left_over, 2 * product)
        layers = [nn.Conv2d(3, 3, stride, stride=stride) for stride in strides]
        with torch.device("meta"):
            model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(3 * 4, 2))
        assert convolutionize(model, size).stride == (product, product)


def test_with_padding_a_crop_and_the_same_window_in_a_larger_picture_differ():
    model = models.small("vgg11").eval()
    dense = convolutionize(model, (32, 32))
    x = pictures(1, 3, 64, 64)
    with torch.no_grad():
        difference = (dense(x)[:, :, 1, 1] - model(x[:, :, 16:48, 16:48])).abs().max()
    assert difference > 1e-3


def test_the_parameters_are_the_networks_own_and_there_are_no_others():
    model = models.small("resnet18", num_classes=4)
    dense = convolutionize(model, (32, 32))
    assert [*map(id, dense.parameters())] == [*map(id, model.parameters())]
    assert [*map(id, dense.buffers())] == [*map(id, model.buffers())]
    assert {p.data_ptr() for p in dense.state_dict().values()} == {p.data_ptr() for p in model.state_dict().values()}
    assert list(dense.state_dict()) == list(model.state_dict())


def test_training_the_one_trains_the_other():
    model = valid_network()
    dense = convolutionize(model, (31, 31))
    weights = [parameter for parameter in model.parameters() if parameter.ndim > 1]  # biases before a norm stay
    before = [weight.clone() for weight in weights]
    optimizer = torch.optim.SGD(dense.parameters(), lr=0.1)
    dense(pictures(2, 3, 47, 47)).square().mean().backward()
    optimizer.step()
    assert all((old != new).any() for old, new in zip(before, weights, strict=True))
    assert model[1].num_batches_tracked == 1


def test_the_network_is_left_alone():
    model = models.small("alexnet", num_classes=4)
    model.features.conv3.eval()  # a frozen layer has a mode of its own
    modes = [module.training for module in model.modules()]
    kinds, x = [type(module) for module in model.modules()], pictures(1, 3, 32, 32)
    with torch.no_grad():
        features = model.features(x)
    dense = convolutionize(model, (32, 32))
    assert [module.training for module in dense.features.modules()] == [m.training for m in model.features.modules()]
    dense.eval()
    assert [module.training for module in model.modules()] == modes
    assert [type(module) for module in model.modules()] == kinds
    assert not any(module._forward_hooks for module in model.modules())
    with torch.no_grad():
        torch.testing.assert_close(model.features(x), features, atol=0, rtol=0)


def test_the_state_dicts_fit_each_other():
    model, other = valid_network(), valid_network()
    dense = convolutionize(model, (31, 31))
    dense.load_state_dict(other.state_dict())
    for ours, theirs in zip(model.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
    model.load_state_dict(dense.state_dict())


def test_auxiliary_classifiers_stay_and_are_not_asked():
    model = models.build("googlenet", auxiliary=True, num_classes=3).train()
    dense = convolutionize(model, (224, 224))
    assert model.training
    assert dense.state_dict().keys() == model.state_dict().keys()
    with torch.no_grad():
        assert dense(pictures(1, 3, 224, 224)).shape == (1, 3, 1, 1)


def test_both_networks_move_and_convert_together():
    model = models.small("resnet18")
    dense = convolutionize(model, (32, 32)).double()
    assert {tensor.dtype for tensor in model.state_dict().values()} == {torch.float64, torch.int64}
    assert [*map(id, dense.buffers())] == [*map(id, model.buffers())]
    with torch.no_grad():
        x = pictures(1, 3, 32, 32).double()
        torch.testing.assert_close(dense.eval()(x)[:, :, 0, 0], model.eval()(x))


@pytest.mark.parametrize("convert", [convolutionize, models.OverFeat])
def test_what_the_network_learns_and_where_it_moves_later_is_shared_too(convert):
    model = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(4 * 9, 2)
    ).eval()
    dense = convert(model, (8, 8))
    model.double().train()(3 + pictures(8, 3, 8, 8).double())  # new tensors take the buffers' place, and change
    model.eval()
    x = pictures(1, 3, 8, 8).double()
    with torch.no_grad():
        torch.testing.assert_close(dense(x)[:, :, 0, 0], model(x))
        dense.float()
        torch.testing.assert_close(model(x.float()), dense(x.float())[:, :, 0, 0])


def test_a_copy_is_independent_and_complete():
    model = models.small("vgg11").eval()
    dense = convolutionize(model, (32, 32))
    twin = copy.deepcopy(dense)
    assert (twin.stride, twin.input_size) == (dense.stride, dense.input_size)
    assert not {*map(id, twin.parameters())} & {*map(id, dense.parameters())}
    x = pictures(1, 3, 48, 64)
    with torch.no_grad():
        torch.testing.assert_close(twin(x), dense(x))
        twin.classifier.fc8.bias.add_(1)
        torch.testing.assert_close(twin(x), dense(x) + 1)


def test_predict_takes_it_as_any_network():
    dense = convolutionize(models.small("alexnet", num_classes=3), (32, 32))
    logits = cnnlab.predict(dense, torch.zeros(2, 3, 48, 64, dtype=torch.uint8), device="cpu")
    assert logits.shape == (2, 3, 3, 5)


@pytest.mark.parametrize("rows", [1, 9, 100])
@pytest.mark.parametrize("bias", [True, False])
def test_the_product_of_many_windows_is_linears(rows, bias, monkeypatch):
    monkeypatch.setattr(
        "cnnlab.models.dense.sliding.BLOCK", 1000
    )  # so that there are several blocks, the last one smaller
    linear = nn.Linear(300, 10, bias=bias)
    ours = WindowLinear(300, 10, bias=bias)
    ours.load_state_dict(linear.state_dict())
    x = pictures(rows, 300)
    with torch.no_grad():
        torch.testing.assert_close(ours(x), linear(x), atol=1e-5, rtol=0)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            reduced = ours(x)
        assert reduced.dtype == torch.bfloat16
        torch.testing.assert_close(reduced.float(), linear(x), atol=0.02, rtol=0.02)  # bfloat16 has 8 bits
    torch.testing.assert_close(ours(x), linear(x))  # with gradients


def test_in_bfloat16_the_maps_are_those_of_the_crops_in_bfloat16():
    model = models.small("vgg11", num_classes=5).eval()
    dense = convolutionize(model, (32, 32))
    x = pictures(3, 3, 32, 32)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(dense(x)[:, :, 0, 0], model(x), atol=0.02, rtol=0.02)


class Branches(nn.Module):
    """Two branches with a stride of 2; with 9 pixels the one has 2 windows and the other has 1."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.first, self.second = nn.Conv2d(3, 8, 3, stride=2), nn.Conv2d(3, 8, 4, stride=2)
        self.fc1, self.fc2 = nn.Linear(72, 5), nn.Linear(72, 5)

    def forward(self, x: Tensor) -> Tensor:
        x, y = self.first(x), self.second(x)
        match self.how:
            case "rows":
                return self.fc1(x.flatten(1)) + self.fc2(y.flatten(1))
            case "rows, the other first":
                return self.fc2(y.flatten(1)) + self.fc1(x.flatten(1))
            case _:
                return (x.mean((2, 3), keepdim=True) + y.mean((2, 3), keepdim=True)).flatten(1)


@pytest.mark.parametrize("how", ["rows", "rows, the other first", "maps"])
def test_branches_that_see_different_numbers_of_windows_are_told(how):
    model = Branches(how).eval()
    dense = convolutionize(model, (8, 8))
    assert_equals_every_crop(model, dense, pictures(1, 3, 12, 14))
    for size in ((9, 8), (9, 9), (8, 9), (10, 9)):
        with pytest.raises(ValueError, match="two branches of this network have .* cut it to a side that is larger"):
            dense(pictures(1, 3, *size))


def small_head() -> tuple[nn.Module, nn.Module]:
    return nn.Conv2d(3, 8, 3), nn.Linear(8, 2)


class Asks(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv, self.fc = small_head()

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.fc((-x if x.sum() > 0 else x).mean((2, 3)))


class Twofold(Asks):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv(x)
        return self.fc(x.mean((2, 3))), x


class Excites(Asks):
    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.fc((x * x.mean((2, 3), keepdim=True).sigmoid()).mean((2, 3)))


class Mixes(Asks):
    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return self.fc((x + x.mean((2, 3))[:, :, None, None]).mean((2, 3)))


class Positioned(Asks):
    def __init__(self) -> None:
        super().__init__()
        self.position = nn.Parameter(torch.zeros(1, 8, 6, 6))

    def forward(self, x: Tensor) -> Tensor:
        return self.fc((self.conv(x) + self.position).mean((2, 3)))


class Normalises(Asks):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x - torch.tensor([0.4, 0.5, 0.6]).view(1, 3, 1, 1)).mean((2, 3)))


class Permutes(Asks):
    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.conv(x).permute(0, 2, 3, 1).mean((1, 2)))


class Steps(nn.Module):
    """A network that does ``map_step`` to its map and ``row_step`` to its rows."""

    def __init__(
        self,
        *,
        map_step: Callable[[Tensor], Tensor] = lambda x: x,
        row_step: Callable[[Tensor], Tensor] = lambda x: x,
        width: int = 8,
    ) -> None:
        super().__init__()
        self.map_step, self.row_step = map_step, row_step
        self.conv, self.fc = nn.Conv2d(3, width, 3), nn.Linear(width, 2)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.row_step(self.map_step(self.conv(x)).mean((2, 3))))


MIXING = {  # what makes a picture's logits depend on the batch, and here a window's on the other windows
    "norm": lambda x: x / x.norm(),
    "mean": lambda x: x - x.mean(0),
    "min": lambda x: x - x.min(0).values,
    "softmax": lambda x: F.softmax(x, dim=0),
    "log_softmax": lambda x: F.log_softmax(x, -2),
    "normalize": lambda x: F.normalize(x, dim=-2),
    "layer_norm": lambda x: F.layer_norm(x, x.shape),
    "roll": lambda x: x.roll(1, 0),
    "flip": lambda x: x.flip(0),
    "sort": lambda x: x.sort(0)[0],
    "argsort": lambda x: x * x.argsort(0),
    "cdist": lambda x: x * torch.cdist(x, x).mean(1, keepdim=True),
    "t": lambda x: x.t().softmax(1).t(),
    "truediv": lambda x: x / x.size(0),
    "mul": lambda x: x * len(x),
}


@pytest.mark.parametrize("width", [8, BATCH])  # as wide as the batch that is followed, when no size tells them apart
@pytest.mark.parametrize("how", MIXING)
def test_what_mixes_pictures_is_named(how, width):
    with pytest.raises(ValueError, match=f"cannot convert {how} in the network's forward: it (mixes|computes with)"):
        convolutionize(Steps(row_step=MIXING[how], width=width), (8, 8))


KEEPING = {  # what does the same to every row
    "softmax": lambda x: x.softmax(-1),
    "normalize": F.normalize,
    "layer_norm": lambda x: F.layer_norm(x, x.shape[1:]),
    "halves": lambda x: torch.cat(x.chunk(2, 1)[::-1], -1),
    "groups": lambda x: x.view(x.size(0), 2, -1).softmax(1).flatten(1),
    "largest": lambda x: x - x.max(1, keepdim=True)[0],
    "one-hot": lambda x: x * F.one_hot(x.argmax(1), x.shape[1]),
    "where": lambda x: torch.where(x > 0, x, -x),
    "a batch of one": lambda x: x.unsqueeze(0).cumsum(2).squeeze(0),
}


@pytest.mark.parametrize("how", KEEPING)
def test_what_does_the_same_to_every_row_converts(how):
    model = Steps(row_step=KEEPING[how]).eval()
    assert_equals_every_crop(model, convolutionize(model, (8, 8)), pictures(2, 3, 10, 11))


NOT_SLIDING = {  # of a map of 8×6×6
    "batch_norm": lambda x: F.batch_norm(x, None, None, training=True),
    "getitem": lambda x: x[:, :, 1:4],
    "cat": lambda x: torch.cat([x, x], 2),
    "softmax": lambda x: x.softmax(-1),
    "chunk": lambda x: sum(x.chunk(2, -1)),
    "split": lambda x: sum(x.split(2, dim=2)),
    "transpose": lambda x: x.transpose(2, 3),
    "view": lambda x: x.view(x.size(0), 8, 9, 4),
    "flip": lambda x: x.flip(3),
    "mul": lambda x: x * (x.size(0) * x.size(2)),
    "truediv": lambda x: x / x.numel(),
}


@pytest.mark.parametrize("how", NOT_SLIDING)
def test_what_does_not_slide_over_a_map_is_named(how):
    with pytest.raises(
        ValueError, match=f"cannot convert {how} in the network's forward: it (is none|computes with t)"
    ):
        convolutionize(Steps(map_step=NOT_SLIDING[how]), (8, 8))


SLIDING = {
    "a margin": lambda x: x[:, :, 1:-1, 2:],
    "every other channel twice": lambda x: torch.cat([x[:, ::2]] * 2, 1),
    "channels beside each other": lambda x: torch.cat([half.relu() for half in x.chunk(2, dim=-3)], dim=-3),
    "softmax": lambda x: x.softmax(-3),
    "shuffled channels": lambda x: (
        x.view(x.size(0), 2, 4, x.size(2), x.size(3)).transpose(1, 2).reshape(x.size(0), 8, x.size(2), x.size(3))
    ),
    "its number of cells": lambda x: x * (x.size(2) * x.shape[-1]),
}


@pytest.mark.parametrize("how", SLIDING)
def test_what_slides_over_a_map_equals_every_crop(how):
    model = Steps(map_step=SLIDING[how]).eval()
    assert_equals_every_crop(model, convolutionize(model, (8, 8)), pictures(2, 3, 10, 11))


def test_batch_statistics_of_a_map_are_named():
    model = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False), nn.Flatten(), nn.Linear(288, 2)
    )
    with pytest.raises(ValueError, match="cannot convert 1 .BatchNorm2d.: it is none of the steps that slide"):
        convolutionize(model, (8, 8))


@pytest.mark.parametrize("pool", [nn.AvgPool2d(6, padding=1), lambda x: F.avg_pool2d(x, 6, padding=1)])
def test_the_padding_of_a_pooling_as_large_as_the_map_counts(pool):
    model = Steps(map_step=pool).eval()
    x = pictures(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(convolutionize(model, (8, 8))(x)[:, :, 0, 0], model(x))


def test_a_layer_that_is_called_twice_does_for_each_map_what_it_did():
    class Pyramid(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
            self.pool, self.flatten, self.fc = nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 2)

        def forward(self, x: Tensor) -> Tensor:
            x = self.first(x)  # 6×6 cells, then 4×4
            return self.fc(torch.cat([self.flatten(self.pool(x)), self.flatten(self.pool(self.second(x)))], 1))

    model = Pyramid().eval()
    assert_equals_every_crop(model, convolutionize(model, (8, 8)), pictures(2, 3, 10, 11))


class Centred(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:
        y = super().forward(input)
        return y - y.mean((2, 3), keepdim=True)


class InstanceNormalised(nn.BatchNorm2d):
    def forward(self, input: Tensor) -> Tensor:
        return F.instance_norm(input)


class OverTheBatch(nn.Linear):
    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input - input.mean(0))


class Doubled(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:
        return 2 * super().forward(input)


def with_layer(layer: nn.Module) -> nn.Module:
    """A network for 8 pixels in which ``layer`` takes the place of one of its kind."""
    layers = [nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 2)]
    kinds = (nn.Conv2d, nn.BatchNorm2d, nn.MaxPool2d, nn.Flatten, nn.Linear)
    layers[next(place for place, kind in enumerate(kinds) if isinstance(layer, kind))] = layer
    return nn.Sequential(*layers).eval()


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (Centred(3, 4, 3), "sub in 0 .Centred.: it combines maps of 1×1 and 6×6"),
        (weight_norm(Centred(3, 4, 3)), "sub in 0 .ParametrizedCentred.: it combines maps of 1×1 and 6×6"),
        (InstanceNormalised(4), "instance_norm in 1 .InstanceNormalised.: it is none of the steps"),
        (OverTheBatch(36, 2), "mean in 4 .OverTheBatch.: it mixes the pictures"),
    ],
    ids=["convolution", "parametrized", "normalisation", "linear"],
)
def test_a_layer_of_ones_own_is_followed_and_not_taken_for_the_layer_that_it_is_made_from(layer, named):
    with pytest.raises(ValueError, match=f"cannot convert {named}"):
        convolutionize(with_layer(layer), (8, 8))


@pytest.mark.parametrize("layer", [Doubled(3, 4, 3), weight_norm(nn.Conv2d(3, 4, 3)), spectral_norm(nn.Linear(36, 2))])
def test_layers_of_ones_own_that_slide_convert_and_parametrized_ones_too(layer):
    model = with_layer(layer)
    dense = convolutionize(model, (8, 8))
    assert dense.state_dict().keys() == model.state_dict().keys()
    assert_equals_every_crop(model, dense, pictures(2, 3, 10, 14))


@pytest.mark.parametrize(
    "layer", [nn.Softmax(dim=0), nn.LogSoftmax(dim=0), nn.BatchNorm2d(8, track_running_stats=False)]
)
def test_layers_that_mix_pictures_are_named(layer):
    windows = nn.AdaptiveAvgPool2d(4)  # of different sizes over 6×6 cells, so that what follows sees each by itself
    model = nn.Sequential(nn.Conv2d(3, 8, 3), windows, layer, nn.Flatten(), nn.Linear(8 * 16, 2))
    with pytest.raises(
        ValueError, match=f"cannot convert 2 .{type(layer).__name__}.: it mixes the pictures of a batch"
    ):
        convolutionize(model, (8, 8))


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (8, 8), "Sequential holds no linear layer and no global"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten()), (8, 8), "holds no linear layer and no global pooling"),
        (nn.Sequential(nn.ReLU()), (8, 8), "no linear layer and no convolution from which .*=\\(channels, 8, 8\\)"),
        (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 2)),
            (9, 9),
            "of 3 channels and 9×9",
        ),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 2)), (2, 2), "takes no pictures .* 2×2 pixels"),
        (models.small("alexnet"), (40, 40), "takes pictures of shape \\(N, 3, 32, 32\\), got \\(1, 3, 40, 40\\)"),
        (models.small("alexnet"), 32, "input_size must be \\(height, width\\) or .* got 32"),
        (models.small("alexnet"), (32.0, 32.0), "input_size must be \\(height, width\\) or"),
        (models.small("alexnet"), (1, 3, 32, 32), "input_size must be \\(height, width\\) or"),
        (
            nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8)),
            (8, 8),
            "convert 1 \\(GroupNorm\\): it is",
        ),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Upsample(scale_factor=2)), (8, 8), "cannot convert 1 \\(Upsample\\)"),
        (Asks(), (8, 8), "forward of this Asks cannot be followed: .* must not depend on the picture's content"),
        (Twofold(), (8, 8), "returns logits alone, got a tuple"),
        (Excites(), (8, 8), "cannot convert mul in the network's forward: it combines maps of 1×1 and 6×6 cells"),
        (
            Mixes(),
            (8, 8),
            "cannot convert add .*: it combines what was computed for single windows",
        ),
        (Positioned(), (8, 8), "cannot convert add in the network's forward: over a larger picture it fails"),
        (Normalises(), (8, 8), "this Normalises makes a tensor of its own, .* make it in __init__, with self.register"),
        (Permutes(), (8, 8), "cannot convert permute in the network's forward: it is none of the steps"),
        (convolutionize(models.small("alexnet"), (32, 32)), (32, 32), "slides already, with a window of \\(32, 32\\)"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else None,
)
def test_what_cannot_be_converted_is_named(model, size, message):
    with pytest.raises(ValueError, match=message):
        convolutionize(model, size)


@pytest.mark.parametrize("name", ["mobilenet_v3_small", "efficientnet_b0"])
def test_squeeze_and_excitation_is_named(name):
    with torch.device("meta"):
        model = getattr(torchvision.models, name)()
    with pytest.raises(ValueError, match="cannot convert mul in features.*SqueezeExcitation.*maps of 1×1 and"):
        convolutionize(model, (224, 224))


@pytest.mark.parametrize("shape", [(1, 3, 31, 40), (1, 3, 40, 31), (1, 1, 32, 32), (3, 32, 32)])
def test_a_picture_smaller_than_the_window_is_refused(shape):
    dense = convolutionize(models.small("alexnet"), (32, 32))
    with pytest.raises(ValueError, match="slides a window of 32×32 pixels over pictures .* enlarge the pictures"):
        dense(torch.zeros(shape))


def test_no_pictures_give_no_answers_as_from_the_network_itself():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3)).eval()
    assert model(torch.zeros(0, 1, 4, 4)).shape == (0, 3)
    assert convolutionize(model, (4, 4))(torch.zeros(0, 1, 5, 6)).shape == (0, 3, 2, 3)


def test_a_result_that_is_saved_whole_says_what_to_save(tmp_path):
    dense = convolutionize(nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(8, 3)), (4, 4))
    with pytest.raises(TypeError, match="save the network itself, as with cnnlab.save"):
        torch.save(dense, tmp_path / "dense.pt")


def test_the_channels_are_those_of_the_convolution_wherever_the_head_stands():
    class HeadFirst(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(16, 3)
            self.features = nn.Conv2d(1, 4, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.head(self.features(x).flatten(1))

    assert convolutionize(HeadFirst(), (4, 4))(torch.rand(2, 1, 5, 6)).shape == (2, 3, 2, 3)
