"""`convolutionize`: the network's logits at its own size, those of every crop without padding, the same parameters."""

import copy
import math

import pytest
import torch
import torchvision
from torch import Tensor, nn

import cnnlab
from cnnlab import models
from cnnlab.models import convolutionize
from cnnlab.models.dense import convolutional

GREY = ("lenet5", "highway")
SMALL = (  # of each family, for pictures of 32 pixels
    *("lenet5", "alexnet", "vgg11_lrn", "nin", "googlenet", "inception_v4", "resnet18"),
    *("highway", "landmark_cnn", "efficientnet_lite0"),
)
ZOO = {  # of each family, in full size
    **dict.fromkeys(("alexnet", "vgg16", "googlenet", "resnet18", "tronnet", "efficientnet_lite0"), 224),
    **{"lenet5": 28, "nin": 32, "resnet20": 32, "inception_v2": 299},
}


def pictures(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def assert_equal(ours: Tensor, theirs: Tensor) -> None:
    """But for rounding, which grows with the largest logit."""
    torch.testing.assert_close(ours, theirs, atol=1e-5 * theirs.abs().max().item(), rtol=0)


def assert_equals_every_crop(model: nn.Module, dense: nn.Module, x: Tensor) -> None:
    (height, width), (down, right) = dense.input_size, dense.stride
    crops = x.unfold(2, height, down).unfold(3, width, right).permute(2, 3, 0, 1, 4, 5)  # rows, columns, pictures
    with torch.no_grad():
        logits = dense(x)
        assert logits.shape[2:] == crops.shape[:2]
        assert min(crops.shape[:2]) > 1
        for row in range(crops.shape[0]):
            for column in range(crops.shape[1]):
                expected = model(crops[row, column])
                assert_equal(logits[:, :, row, column], expected)


def without_padding() -> nn.Sequential:
    """17×17 positions of the last convolution, for a window of 41×41 pixels; a stride of 2."""
    features = nn.Conv2d(3, 6, 5, stride=2), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.Conv2d(6, 8, (3, 3))
    return nn.Sequential(
        *features, nn.Flatten(), nn.Dropout(0.3), nn.Linear(8 * 17 * 17, 12), nn.ReLU(), nn.Linear(12, 4)
    )


@pytest.mark.parametrize("name", SMALL)
def test_at_the_size_of_the_window_the_logits_are_the_networks(name):
    model = models.small(name, num_classes=7)
    dense = convolutionize(model, (32, 32)).eval()
    x = pictures(2, 1 if name in GREY else 3, 32, 32)
    with torch.no_grad():
        logits = dense(x)
        assert logits.shape == (2, 7, 1, 1)
        assert_equal(logits[:, :, 0, 0], model.eval()(x))


@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_slides_with_the_stride_of_its_features(name):
    model, size, channels = models.blueprint(name), (ZOO[name], ZOO[name]), 1 if name in GREY else 3
    dense = convolutionize(model, size)
    features = models.summary(model.features, (channels, *size))
    assert dense.stride == features.stride.iloc[-1]
    further = (size[0] + 2 * dense.stride[0], size[1] + 3 * dense.stride[1])
    assert dense(torch.empty(5, channels, *further, device="meta")).shape[2:] == (3, 4)


@pytest.mark.parametrize("strides", [(11, 11), (2, 2, 2, 2, 2)])
@pytest.mark.parametrize("left_over", [0, 1])
def test_the_stride_is_the_product_of_all_strides_whatever_is_left_over(strides, left_over):
    product = math.prod(strides)
    size = (2 * product + left_over * (product - 1), 2 * product)
    with torch.device("meta"):
        layers = [nn.Conv2d(3, 3, stride, stride=stride) for stride in strides]
        model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(3 * 4, 2))
    assert convolutionize(model, size).stride == (product, product)


def test_without_padding_lenet_equals_every_crop():
    model = models.build("lenet5").eval()
    assert_equals_every_crop(model, convolutionize(model, (28, 28)), pictures(2, 1, 60, 45))


def test_without_padding_torchvisions_alexnet_equals_every_crop_and_pools_unevenly():
    model = torchvision.models.alexnet(num_classes=3).eval()
    for layer in model.features:
        if isinstance(layer, nn.Conv2d):
            layer.padding = (0, 0)
    dense = convolutionize(model, (387, 387))  # 7×7 positions, of which adaptive pooling makes 6×6
    assert_equals_every_crop(model, dense, pictures(1, 3, 387 + 32, 387 + 64))


@pytest.mark.parametrize("window", [(41, 41), (41, 49)])
@pytest.mark.parametrize(
    ("pool", "size"),
    [
        (nn.Identity(), None),
        (nn.AdaptiveAvgPool2d(1), 8),
        (nn.AdaptiveMaxPool2d(1), 8),
        (nn.AdaptiveAvgPool2d(5), 8 * 25),  # windows of 4 and 5 positions, which overlap
        (nn.AdaptiveMaxPool2d((20, 3)), 8 * 60),  # rows that repeat
    ],
    ids=["none", "average", "maximum", "uneven average", "uneven maximum"],
)
def test_without_padding_a_students_network_equals_every_crop(pool, size, window):
    features = nn.Conv2d(3, 6, 5, stride=2), nn.BatchNorm2d(6), nn.ReLU(inplace=True), nn.Conv2d(6, 8, (3, 2))
    size = size or 8 * 17 * ((window[1] - 5) // 2)
    layers = nn.Dropout(0.3), nn.Linear(size, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 4)
    model = nn.Sequential(*features, pool, nn.Flatten(), *layers).eval()
    dense = convolutionize(model, window)
    assert (dense.input_size, dense.stride) == (window, (2, 2))
    assert_equals_every_crop(model, dense, pictures(2, 3, window[0] + 5, window[1] + 8))


def test_a_window_over_a_picture_without_convolutions_moves_by_a_pixel():
    model = models.build("highway", layers="dense", depth=4).eval()
    assert_equals_every_crop(model, convolutionize(model, (1, 28, 28)), pictures(1, 1, 30, 31))


def test_with_padding_a_crop_and_the_same_window_in_a_larger_picture_differ():
    model = models.small("vgg11").eval()
    x = pictures(1, 3, 64, 64)
    with torch.no_grad():
        logits = convolutionize(model, (32, 32))(x)
        assert (logits[:, :, 1, 1] - model(x[:, :, 16:48, 16:48])).abs().max() > 1e-3


def test_many_windows_are_classified_in_blocks(monkeypatch):
    model, x = without_padding().eval(), pictures(2, 3, 60, 50)
    with torch.no_grad():
        whole = convolutionize(model, (41, 41))(x)
        assert whole.shape == (2, 4, 10, 5)
        monkeypatch.setattr(convolutional, "WINDOWS", 3 * 2 * 5 * 8 * 17 * 17)  # three rows of windows; one is left
        torch.testing.assert_close(convolutionize(model, (41, 41))(x), whole)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("weights", [1, 1000, 10_000])  # a row at a time; blocks, of which the last is smaller; all
def test_weights_that_are_converted_in_blocks_give_the_linear_layers_output(bias, weights, monkeypatch):
    monkeypatch.setattr(convolutional, "WEIGHTS", weights)
    layer, x = nn.Linear(300, 10, bias=bias), pictures(9, 300)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        output, expected = convolutional.linear_in_blocks(layer, x), layer(x)
    assert output.dtype == torch.bfloat16
    torch.testing.assert_close(output, expected, atol=0.01, rtol=0.01)  # bfloat16 has 8 bits


def test_the_parameters_are_the_networks_own_and_there_are_no_others():
    model = models.small("resnet18", num_classes=4)
    dense = convolutionize(model, (32, 32))
    assert [*map(id, dense.parameters())] == [*map(id, model.parameters())]
    assert [*map(id, dense.buffers())] == [*map(id, model.buffers())]
    assert list(dense.state_dict()) == list(model.state_dict())


def test_auxiliary_classifiers_stay_and_do_not_run():
    model = models.build("googlenet", auxiliary=True, num_classes=3).train()
    dense = convolutionize(model, (224, 224))
    assert dense.training
    assert dense.state_dict().keys() == model.state_dict().keys()
    with torch.no_grad():
        assert dense(pictures(1, 3, 224, 224)).shape == (1, 3, 1, 1)


def test_training_the_one_trains_the_other_and_a_frozen_layer_stays_frozen():
    model = without_padding()
    model[5].eval()
    dense = convolutionize(model, (41, 41))
    assert [layer.training for layer in model] == [number != 5 for number in range(len(model))]
    before = [parameter.clone() for parameter in (model[0].weight, model[3].weight, model[6].weight, model[8].weight)]
    optimizer = torch.optim.SGD(dense.parameters(), lr=0.1)
    dense(pictures(2, 3, 47, 47)).square().mean().backward()
    optimizer.step()
    after = (model[0].weight, model[3].weight, model[6].weight, model[8].weight)
    assert all((old != new).any() for old, new in zip(before, after, strict=True))
    assert model[1].num_batches_tracked == 1


def test_in_training_dropout_is_drawn_for_every_window():
    model = nn.Sequential(nn.Conv2d(1, 8, 3), nn.Flatten(), nn.Dropout(0.5), nn.Linear(8 * 36, 20)).train()
    logits = convolutionize(model, (8, 8))(torch.ones(1, 1, 9, 9))  # four windows with the same content
    assert len(logits.flatten(2)[0].T.unique(dim=0)) == 4


def test_a_copy_is_independent_and_complete():
    dense = convolutionize(models.small("vgg11").eval(), (32, 32))
    twin, x = copy.deepcopy(dense), pictures(1, 3, 48, 64)
    assert (twin.stride, twin.input_size, twin.training) == (dense.stride, dense.input_size, False)
    assert not {*map(id, twin.parameters())} & {*map(id, dense.parameters())}
    with torch.no_grad():
        expected = dense(x)
        twin.classifier.fc8.bias.add_(1)
        torch.testing.assert_close(twin(x), expected + 1)
        torch.testing.assert_close(dense(x), expected)


def test_predict_takes_it_as_any_network():
    dense = convolutionize(models.small("alexnet", num_classes=3), (32, 32))
    logits = cnnlab.predict(dense, torch.zeros(2, 3, 48, 64, dtype=torch.uint8), device="cpu")
    assert logits.shape == (2, 3, 3, 5)
    assert dense.training


@pytest.mark.parametrize("shape", [(1, 3, 7, 12), (1, 3, 12, 9), (1, 1, 8, 10), (3, 8, 10)])
def test_a_picture_smaller_than_the_window_is_refused(shape):
    dense = convolutionize(nn.Sequential(nn.Conv2d(3, 2, 3), nn.Flatten(), nn.Linear(2 * 6 * 8, 2)), (8, 10))
    with pytest.raises(ValueError, match="slides a window of 8×10 pixels over pictures .* enlarge the pictures"):
        dense(torch.zeros(shape))


class Positioned(nn.Conv2d):
    """Adds a position code, which has the size of one map."""

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) + torch.zeros(6, 6, device=input.device)


class Resized(nn.Conv2d):
    def forward(self, input: Tensor) -> Tensor:
        return nn.functional.interpolate(super().forward(input), (6, 6))


@pytest.mark.parametrize("layer", [Positioned, Resized])
def test_features_that_do_not_slide_are_refused(layer):
    model = nn.Sequential(layer(3, 4, 3), nn.Flatten(), nn.Linear(4 * 36, 2))
    with pytest.raises(ValueError, match="the features of this network do not slide"):
        convolutionize(model, (8, 8))
