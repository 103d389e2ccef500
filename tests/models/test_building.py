"""Networks by name: options and their errors, small versions, blueprints."""

import pytest
import torch

from cnnlab.models import ResNet, blueprint, build, small, summary
from cnnlab.models.building import LARGEST
from cnnlab.models.families.vgg import VGG


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("vgg17", {}, r"no network is called 'vgg17'; did you mean vgg1.*`cnnlab models` lists them all"),
        ("", {}, "no network is called ''"),
        ("vgg16", {"colum": "D"}, r"vgg16 takes no option 'colum'; it takes num_classes, in_channels, input_size"),
        ("vgg16", {"column": "E"}, "vgg16 takes no option 'column'"),  # the name says it
        ("alexnet", {"num_classes": 0}, "num_classes must be a whole number of at least 1, got 0"),
        ("resnet18", {"num_classes": 2.5}, "num_classes must be a whole number of at least 1, got 2.5"),
        ("nin", {"in_channels": -3}, "in_channels must be a whole number of at least 1, got -3"),
        ("alexnet", {"num_classes": True}, "num_classes must be a whole number of at least 1, got True"),
        ("resnet18", {"widths": (8, 0, 8, 8)}, r"widths must be whole numbers of at least 1, got \(8, 0, 8, 8\)"),
        ("resnet18", {"widths": 8}, r"widths must be whole numbers of at least 1, got 8"),
        ("resnet18", {"widths": (8, 8)}, r"widths must name the 4 stages of depth 18, got \(8, 8\)"),
        ("alexnet", {"input_size": 224}, "input_size must be 2 whole numbers of at least 1, got 224"),
        ("lenet5", {"input_size": (28,)}, r"input_size must be 2 whole numbers of at least 1, got \(28,\)"),
        ("alexnet", {"widths": (8, 16)}, r"widths must name the 5 convolutions, got \(8, 16\)"),
        ("alexnet", {"first": (5, 1)}, r"first must be 3 whole numbers of at least 0, got \(5, 1\)"),
        ("highway", {"width": 0}, "width must be a whole number of at least 1, got 0"),
        ("nin", {"width": -5}, r"width must be above 0 \(1 is the paper's\), got -5"),
        ("vgg11", {"widths": (8,) * 6}, "widths must name 1 to 5 stages, got 6"),
        ("googlenet", {"variant": "mine"}, "variant must be one of paper, batch_norm, torchvision, got 'mine'"),
        ("inception_v3", {"stem": "big"}, "stem must be one of imagenet, small, got 'big'"),
        ("resnet18", {"shortcut": "D"}, "shortcut must be one of A, B, C, none, got 'D'"),
        ("resnet18", {"cardinality": 32}, "cardinality and base_width need bottlenecks.*got 18"),
        ("highway", {"depth": 2}, "depth must be at least 3 .*got 2"),
        ("landmark_cnn", {"run": 12}, "run must be one of 1, 2, 3, .*11, got 12"),
        ("landmark_cnn", {"batch_norm": True}, "batch_norm must be one of None, before, after, got True"),
        ("landmark_cnn", {"filters": (8, 0, 8)}, r"filters must be whole numbers of at least 1, got \(8, 0, 8\)"),
        ("landmark_cnn", {"dense": 512}, "dense must be whole numbers of at least 1, got 512"),
        (
            "landmark_cnn",
            {"filters": (8, 16)},
            r"filters=\(8, 16\) and kernels=\(4, 3, 3, 2, 2\); without one of them, th",
        ),
        ("landmark_cnn", {"filters": (), "kernels": ()}, "each convolution has filters and a kernel"),
        ("landmark_cnn", {"input_size": (16, 64)}, "at least 32×32 pixels"),  # five poolings
        ("tronnet", {"input_size": (28, 28)}, "TronNet needs pictures of at least 29×29 pixels"),
        ("alexnet", {"input_size": (28, 28)}, r"at least 63×63 pixels.*got input_size=\(28, 28\); .*models\.small"),
        ("resnet18", {"weights": "coco"}, "weights must be None, 'imagenet' or 'cifar10', got 'coco'"),
    ],
)
def test_a_wrong_name_or_option_gets_the_rule_and_the_way_out(name, options, message):
    with pytest.raises(ValueError, match=message), torch.device("meta"):
        build(name, **options)


def test_a_wrong_column_or_depth_gets_those_of_the_paper():
    with pytest.raises(ValueError, match="column must be one of A, A-LRN, B, C, D, E, got 'F'"):
        VGG(column="F")
    with pytest.raises(ValueError, match=r"depth must be one of 18, 34, 50, 101, 152 or, .* 6n \+ 2 .*got 21"):
        ResNet(depth=21)


def test_the_recipe_of_a_small_network_holds_what_makes_it_small():
    recipe = small("vgg16", num_classes=3).recipe
    assert recipe["name"] == "vgg16"
    assert recipe["options"] == {
        "num_classes": 3,
        "widths": (16, 32, 64, 64),
        "units": (128, 128),
        "input_size": (32, 32),
    }


def test_the_options_of_published_weights_are_defaults_only(monkeypatch):
    monkeypatch.setattr("cnnlab.models.building.imagenet", lambda network: network)  # which would refuse the second
    with torch.device("meta"):
        for options, stride in (({}, (1, 1)), ({"stride_in": "1x1"}, (2, 2))):
            network = build("resnet50", weights="imagenet", **options)
            assert network.features.conv3_1.conv1.stride == stride
            assert network.recipe["options"] == {"stride_in": "3x3"} | options
        assert build("googlenet", weights="imagenet").recipe["options"] == {"variant": "torchvision"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg17",), "no network is called 'vgg17'; did you mean vgg1"),
        (("vgg16", (224, 224)), r"must be \(channels, height, width\), each from 1 to 16,384, got \(224, 224\)"),
        (("vgg16", (3, 224, LARGEST + 1)), "each from 1 to 16,384"),
        (("vgg16", (3, 0, 224)), "each from 1 to 16,384"),
        (("vgg16", (3, 31, 224)), "at least 32×32 pixels"),
    ],
)
def test_a_wrong_size_of_a_blueprint_is_refused_with_the_way_out(arguments, message):
    with pytest.raises(ValueError, match=message):
        blueprint(*arguments)


def test_the_largest_pictures_are_counted_without_overflow():
    size = (3, LARGEST, LARGEST)
    layers = summary(blueprint("vgg16", size), size)
    assert layers.multiply_adds.iloc[0] == 27 * 64 * LARGEST**2
    assert (layers.multiply_adds >= 0).all()
