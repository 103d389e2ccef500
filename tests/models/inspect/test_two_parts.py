"""The two parts of a network, ours and others': the same logits from the same parameters, or a refusal by name."""

import pytest
import timm
import torch
import torch.nn.functional as F
import torchvision
from torch import Tensor, nn

from cnnlab import models
from cnnlab.models.inspect.two_parts import features_and_classifier

TORCHVISION = {  # side of the picture, feature maps
    "alexnet": (64, (256, 1, 1)),
    "googlenet": (64, (1024, 2, 2)),
    "inception_v3": (139, (2048, 3, 3)),
    "mobilenet_v2": (64, (1280, 2, 2)),
    "resnet18": (64, (512, 2, 2)),
    "squeezenet1_1": (64, (512, 3, 3)),
}
TIMM = {
    "convnext_atto": (320, 2, 2),
    "mobilenetv3_small_050": (288, 2, 2),
    "resnet18": (512, 2, 2),
}


def pictures(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    """But for rounding, which grows with the largest logit."""
    torch.testing.assert_close(ours, theirs, atol=1e-5 * theirs.abs().max().item(), rtol=0)


def assert_the_parts_are_the_network(model: nn.Module, size: tuple[int, int, int], maps: tuple[int, int, int]) -> None:
    features, classifier = features_and_classifier(model, size)
    x = pictures(3, *size)
    with torch.no_grad():
        assert features(x).shape == (3, *maps)
        assert_equal(classifier(features(x)), model(x))
    first, second = ({id(parameter) for parameter in part.parameters()} for part in (features, classifier))
    own = {id(parameter) for name, parameter in model.named_parameters() if "aux" not in name.lower()}
    assert first | second == own
    assert not first & second


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "googlenet", "resnet18", "efficientnet_lite0"])
def test_the_parts_of_our_networks_are_those_of_the_contract(name):
    model = models.small(name).eval()
    assert tuple(features_and_classifier(model, (32, 32))) == (model.features, model.classifier)


@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvisions_networks(name):
    options = {"init_weights": False, "transform_input": True} if name in ("googlenet", "inception_v3") else {}
    side, maps = TORCHVISION[name]
    assert_the_parts_are_the_network(getattr(torchvision.models, name)(**options).eval(), (3, side, side), maps)


@pytest.mark.parametrize("name", TIMM)
def test_timms_networks(name):
    assert_the_parts_are_the_network(timm.create_model(name, num_classes=10).eval(), (3, 64, 64), TIMM[name])


class Tutorial(nn.Module):
    """PyTorch's "Training a classifier": a pooling that runs twice, ReLUs and flattening by functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.pool, self.conv2 = nn.Conv2d(3, 6, 5), nn.MaxPool2d(2, 2), nn.Conv2d(6, 16, 5)
        self.fc1, self.fc2, self.fc3 = nn.Linear(16 * 5 * 5, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = x.view(-1, 16 * 5 * 5)
        return self.fc3(F.relu(self.fc2(F.relu(self.fc1(x)))))


class Digits(nn.Module):
    """PyTorch's MNIST example: pooling and softmax by functions."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.conv2, self.dropout1 = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 16, 3), nn.Dropout(0.25)
        self.fc1, self.fc2 = nn.Linear(16 * 14 * 14, 32), nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.conv2(F.relu(self.conv1(x), inplace=True)))
        x = torch.flatten(self.dropout1(F.max_pool2d(x, 2)), 1)
        return F.log_softmax(self.fc2(F.relu(self.fc1(x))), dim=1)


class Listed(nn.Module):
    """Layers in a list, and a mean over the map."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Conv2d(3, 6, 5), nn.ReLU(), nn.Conv2d(6, 8, 5)])
        self.fc = nn.Linear(8, 10)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.fc(x.mean((2, 3)))


class Wrapped(nn.Module):
    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)


@pytest.mark.parametrize(
    ("model", "maps"),
    [
        (nn.Sequential(nn.Conv2d(3, 4, 3, stride=2), nn.Flatten(), nn.Linear(4 * 15 * 15, 2)), (4, 15, 15)),
        (nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 3), nn.AvgPool2d(30)), nn.Flatten()), (4, 30, 30)),
        (nn.Sequential(nn.Flatten(), nn.Linear(3 * 32 * 32, 2)), (3, 32, 32)),
        (Tutorial(), (16, 5, 5)),
        (Digits(), (16, 14, 14)),
        (Listed(), (8, 24, 24)),
        (Wrapped(Tutorial()), (16, 5, 5)),
    ],
    ids=["Sequential", "nested", "linear", "Tutorial", "Digits", "Listed", "Wrapped"],
)
def test_networks_of_ones_own(model, maps):
    assert_the_parts_are_the_network(model.eval(), (3, 32, 32), maps)


def test_the_network_and_the_random_numbers_are_left_alone():
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(144, 2)).train()
    model[1].eval()
    before, numbers = [layer.training for layer in model], torch.get_rng_state()
    state = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    features_and_classifier(model, (8, 8))
    assert [layer.training for layer in model] == before
    assert torch.equal(torch.get_rng_state(), numbers)
    assert all(torch.equal(tensor, state[name]) for name, tensor in model.state_dict().items())
    assert not any(layer._forward_hooks or layer._forward_pre_hooks for layer in model.modules())


def test_a_network_without_content_has_parts_too():
    features, classifier = features_and_classifier(models.blueprint("vgg16"), (224, 224))
    maps = features(torch.empty(1, 3, 224, 224, device="meta"))
    assert (maps.shape, classifier(maps).shape) == ((1, 512, 7, 7), (1, 1000))


class Free(nn.Module):
    """A network whose ``forward`` does ``step`` between two convolutions and ``end`` to the logits."""

    def __init__(self, step=lambda x: x, end=lambda x: x) -> None:
        super().__init__()
        self.first, self.second, self.fc = nn.Conv2d(3, 8, 3), nn.Conv2d(8, 8, 3), nn.Linear(8, 2)
        self.step, self.end = step, end

    def forward(self, x: Tensor) -> Tensor:
        return self.end(self.fc(self.second(self.step(self.first(x))).mean((2, 3))))


class Centred(nn.Linear):
    """Mixes the pictures of a batch."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input - input.mean(0))


@pytest.mark.parametrize(
    ("model", "size", "message"),
    [
        (Free(F.relu6), (8, 8), "between first and second the forward of this Free does more than call one layer"),
        (Free(lambda x: x + x.flip(3)), (8, 8), "between first and second .* write it as nn.Sequential, or with two"),
        (Free(end=lambda x: 2 * x), (8, 8), "between fc and its output"),
        (Free(end=lambda x: (x, x)), (8, 8), "must return logits of shape \\(N, num_classes\\), got tuple"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()), (8, 8), "logits of shape .*, got shape \\(2, 8, 6, 6\\)"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), Centred(288, 2)), (8, 8), "other logits in a batch than"),
        (nn.Sequential(nn.Conv2d(3, 8, 3), nn.Flatten(), nn.Linear(288, 2)), (9, 9), "no pictures .* \\(3, 9, 9\\)"),
        (nn.Sequential(nn.Flatten(), nn.Linear(12, 2)), (2, 2), "pass input_size=\\(channels, 2, 2\\)"),
        (models.small("alexnet"), (40, 40), "takes pictures of shape \\(N, 3, 32, 32\\), got"),
        (models.small("alexnet"), 32, "input_size must be \\(height, width\\) or .* got 32"),
        (models.small("alexnet"), (32.0, 32.0), "input_size must be \\(height, width\\) or"),
    ],
)
def test_what_has_no_two_parts_is_named(model, size, message):
    with pytest.raises(ValueError, match=message):
        features_and_classifier(model, size)
