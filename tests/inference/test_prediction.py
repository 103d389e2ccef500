"""`predict`, `evaluate` and `predict_crops`, against forward passes by hand."""

import copy
from typing import ClassVar

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms.v2.functional import ten_crop

import cnnlab
from cnnlab import data, models
from cnnlab.inference import predict_crops


def test_a_batch_a_split_and_a_loader_give_the_same_logits(digits):
    net, split = models.build("lenet5"), digits.test[:100]
    loader = DataLoader(TensorDataset(split.images, split.labels), batch_size=7)
    by_hand = net.eval()(data.to_float(split.images)).detach()
    for images in (split.images, data.to_float(split.images), split, loader, iter(loader)):
        assert torch.allclose(cnnlab.predict(net, images, batch_size=9), by_hand, atol=1e-5)
    assert cnnlab.evaluate(net, loader, classes=split.classes).accuracy == cnnlab.evaluate(net, split).accuracy


def test_prediction_is_in_eval_mode_without_gradients_and_the_modes_stay():
    net = nn.Sequential(nn.BatchNorm2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(4, 3), nn.BatchNorm1d(3)).train()
    net[4].eval()  # frozen, while the others train
    images, before = torch.rand(8, 1, 2, 2), copy.deepcopy(net.state_dict())
    logits = cnnlab.predict(net, images)
    # With a mean of 0 and a variance of 1, batch normalisation in eval mode divides by the root of 1 + 1e-5.
    by_hand = F.linear(images.flatten(1) / 1.00001**0.5, net[3].weight, net[3].bias) / 1.00001**0.5
    torch.testing.assert_close(logits, by_hand.detach())
    assert not logits.requires_grad
    assert [module.training for module in net] == [True, True, True, True, False]
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (
            torch.zeros(1, 28, 28),
            r"must come as a batch \(N, C, H, W\) with N > 0, got \(1, 28, 28\); .* picture\[None\]",
        ),
        (torch.zeros(0, 1, 28, 28), "N > 0"),
        (torch.zeros(2, 3, 28, 28), r"takes pictures of shape \(N, 1, 28, 28\), got \(2, 3, 28, 28\)"),
    ],
)
def test_what_is_no_batch_is_refused(images, message):
    with pytest.raises(ValueError, match=message):
        cnnlab.predict(models.build("lenet5"), images)


def test_an_empty_loader_and_a_loader_without_classes_are_refused():
    net = models.build("lenet5")
    with pytest.raises(ValueError, match="there is no picture: the loader is empty"):
        cnnlab.predict(net, [])
    with pytest.raises(ValueError, match="a loader has no class names"):
        cnnlab.evaluate(net, [])


def test_a_prediction_from_ten_crops_is_the_mean_of_ten_predictions():
    net = models.build("lenet5")
    with torch.no_grad():
        net.classifier.fc3.weight *= 50  # sure of itself, so that the mean of probabilities is not that of logits
    images = torch.rand(3, 1, 32, 36)
    crops = ten_crop(images, [28, 28])
    expected = sum(cnnlab.predict(net, crop).softmax(dim=1) for crop in crops) / 10
    torch.testing.assert_close(predict_crops(net, images, 28), expected)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda parts: parts, r"all parts of a data set; pass one of them, as its part \.test"),
        (lambda parts: DataLoader(TensorDataset(parts.test.images)), "give batches of pictures with their labels"),
        (lambda parts: DataLoader(parts.test.images), "predict takes pictures without labels as one tensor"),
        (lambda parts: parts.test.images[:3].double(), r"the pictures are float64 .* give it pictures\.float\(\)"),
        (lambda parts: [(parts.test.images[:3].double(), parts.test.labels[:3])], "the pictures are float64"),
    ],
)
def test_what_is_neither_pictures_nor_pairs_is_refused_with_the_way_out(digits, change, message):
    with pytest.raises(TypeError, match=message):
        cnnlab.predict(models.build("lenet5"), change(digits))


def test_a_network_goes_back_to_its_device_whatever_happens():
    class Recorded(nn.Linear):
        devices: ClassVar[list[str]] = []

        def to(self, device):
            self.devices.append(str(device))
            return self

    net = Recorded(2, 2, device="meta")
    with pytest.raises(RuntimeError):
        cnnlab.predict(net, torch.zeros(1, 1, 2, 2), device="cpu")
    assert Recorded.devices == ["cpu", "meta"]


def test_auxiliary_outputs_are_left_out():
    class WithHead(nn.Linear):
        def forward(self, x):
            logits = super().forward(x.flatten(1))
            return logits, logits * 0

    net, images = WithHead(4, 3), torch.rand(5, 1, 2, 2)
    torch.testing.assert_close(cnnlab.predict(net, images, batch_size=2), net(images)[0].detach())


def test_a_lazy_network_gets_its_shape_from_the_pictures():
    net = nn.Sequential(nn.LazyConv2d(4, 3), nn.Flatten(), nn.LazyLinear(3))
    assert cnnlab.predict(net, torch.zeros(300, 1, 8, 8)).shape == (300, 3)
