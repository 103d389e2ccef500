from typing import ClassVar

import pytest
import torch
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms.v2.functional import ten_crop

import cnnlab
from cnnlab import data, models
from cnnlab.inference import choose, predict_crops, prediction
from cnnlab.inference.runtime import PLAIN, Runtime


def test_a_batch_a_split_and_a_loader_give_the_same_logits(digits):
    net, split = models.build("lenet5"), digits.test[:100]
    loader = DataLoader(TensorDataset(split.images, split.labels), batch_size=7)
    by_hand = net.eval()(data.to_float(split.images)).detach()
    for images in (split.images, data.to_float(split.images), split, loader, iter(loader)):
        assert torch.allclose(cnnlab.predict(net, images, batch_size=9), by_hand, atol=1e-5)
    assert cnnlab.evaluate(net, loader, classes=split.classes).accuracy == cnnlab.evaluate(net, split).accuracy


def test_prediction_keeps_the_mode_and_needs_no_gradient(digits):
    net = models.build("lenet5").train()
    logits = cnnlab.predict(net, digits.test[:3])
    assert net.training
    assert not logits.requires_grad
    assert logits.dtype == torch.float32


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
    with pytest.raises(ValueError, match="there is no picture to classify"):
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
        (lambda parts: DataLoader(parts.test.images), "pictures without labels go to predict as one tensor"),
        (lambda parts: parts.test.images[:3].double(), r"the pictures are float64 .* give it pictures\.float\(\)"),
        (lambda parts: [(parts.test.images[:3].double(), parts.test.labels[:3])], "the pictures are float64"),
    ],
)
def test_what_is_neither_pictures_nor_pairs_is_refused_with_the_way_out(digits, change, message):
    with pytest.raises(TypeError, match=message):
        cnnlab.predict(models.build("lenet5"), change(digits))


def test_a_runtime_is_chosen_for_all_pictures_of_a_loader(digits, monkeypatch):
    shapes = []

    def chosen(model, shape, **options):
        shapes.append(shape)
        return choose(model, shape, **options)

    monkeypatch.setattr(prediction, "choose", chosen)
    split = digits.test[:350]
    cnnlab.predict(models.build("lenet5"), DataLoader(TensorDataset(split.images, split.labels), batch_size=7))
    assert shapes == [(350, 1, 28, 28)]


def test_a_network_goes_back_to_where_it_was_whatever_happens(monkeypatch):
    class Moved(torch.nn.Linear):
        places: ClassVar[list[str]] = []

        def to(self, device):
            self.places.append(str(device))
            return self

    net = Moved(2, 2, device="meta")
    monkeypatch.setattr(prediction, "choose", lambda *_, **__: Runtime(torch.device("cpu"), PLAIN, "planted"))
    with pytest.raises(RuntimeError):
        cnnlab.predict(net, torch.zeros(1, 1, 2, 2))
    assert Moved.places == ["cpu", "meta"]


def test_a_lazy_network_gets_its_shape_from_the_pictures():
    net = torch.nn.Sequential(torch.nn.LazyConv2d(4, 3), torch.nn.Flatten(), torch.nn.LazyLinear(3))
    assert cnnlab.predict(net, torch.zeros(300, 1, 8, 8)).shape == (300, 3)
