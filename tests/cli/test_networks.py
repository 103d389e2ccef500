"""`cnnlab models` and `cnnlab summary`: the papers' and torchvision's numbers, for people and for programs."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
import torchvision
from typer.testing import CliRunner

from cnnlab import models
from cnnlab.cli import app


def cnnlab_says(*arguments: str) -> Any:
    return CliRunner().invoke(app, arguments)


@pytest.fixture(scope="module", autouse=True)
def counted_once() -> Iterator[None]:
    table = models.catalogue()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "catalogue", lambda: table)
        yield


@pytest.fixture(scope="module")
def listed(counted_once) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in json.loads(cnnlab_says("models", "--json").stdout)}


def test_models_lists_the_whole_zoo_in_its_order(listed):
    assert list(listed) == list(models.MODELS)


@pytest.mark.parametrize(("name", "millions"), [("vgg11", 133), ("vgg16_c", 134), ("vgg16", 138), ("vgg19", 144)])
def test_models_counts_the_parameters_of_vggs_table_2(listed, name, millions):
    assert round(listed[name]["parameters"] / 1e6) == millions
    assert (listed[name]["input_size"], listed[name]["year"]) == ([3, 224, 224], 2014)


@pytest.mark.parametrize("name", ["alexnet", "vgg16", "resnet18", "resnet34", "wide_resnet50_2"])
def test_models_counts_what_torchvision_publishes(listed, name):
    meta = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].meta
    assert listed[name]["parameters"] == meta["num_params"]
    assert listed[name]["multiply_adds"] / 1e9 == pytest.approx(meta["_ops"], abs=0.0015)


def test_models_shows_a_line_a_network():
    result = cnnlab_says("models")
    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["lenet5"])
    assert line.split()[1:6] == ["LeNet", "1998", "1×28×28", "44,426", "281,640"]
    assert f"{len(models.MODELS)} networks" in result.stdout.splitlines()[-1]


def test_summary_shows_the_layers_of_lenet_and_their_sums():
    result = cnnlab_says("summary", "lenet5")
    assert result.exit_code == 0
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "features.conv2 Conv2d 16×8×8 2,416 153,600 14 2 4.0 KiB" in lines  # 6·25·16 + 16, 2400·64, 1024·4 B
    assert "classifier.fc1 Linear 120 30,840 30,720 28 4 480 B" in lines
    assert "lenet5, 1×28×28, 11 layers" in lines
    assert "parameters 44,426 173.5 KiB in float32" in lines
    assert "multiply-adds 281,640 for a picture" in lines


def test_summary_for_a_program_has_every_layer_and_the_sums():
    told = json.loads(cnnlab_says("summary", "vgg16", "--input", "3x224x224", "--json").stdout)
    assert (told["name"], told["input_size"]) == ("vgg16", [3, 224, 224])
    assert told["totals"]["parameters"] == 138_357_544
    assert sum(layer["multiply_adds"] for layer in told["layers"]) == told["totals"]["multiply_adds"] == 15_470_264_320
    pool5 = next(layer for layer in told["layers"] if layer["name"] == "features.pool5")
    assert (pool5["output_shape"], pool5["receptive_field"], pool5["stride"]) == ([512, 7, 7], [212, 212], [32, 32])


def test_summary_takes_other_pictures_and_classes():
    told = json.loads(cnnlab_says("summary", "resnet18", "--input", "1×64×96", "--classes", "10", "--json").stdout)
    assert told["layers"][0]["output_shape"] == [64, 32, 48]
    assert told["layers"][0]["parameters"] == 64 * 49
    assert told["layers"][-1]["output_shape"] == [10]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("vgg17",), "no network is called 'vgg17'; did you mean vgg1"),
        (("vgg16", "--input", "224"), "an input size is written channels x height x width, as in 3x224x224, got '224'"),
        (
            ("vgg16", "--input", "3x0x9"),
            "input_size must be (channels, height, width), each from 1 to 16,384, got (3, 0, 9)",
        ),
        (("vgg16", "--input", "3x31x40"), "this VGG needs pictures of at least 32×32 pixels, got"),
        (("googlenet", "--input", "3x30x30"), "this GoogLeNet takes pictures of shape (N, 3, H, W) with H and W of at"),
        (("alexnet", "--classes", "0"), "num_classes must be a whole number of at least 1, got 0"),
    ],
)
def test_bad_names_and_sizes_end_with_code_2_and_one_line_that_says_the_way_out(arguments, message):
    result = cnnlab_says("summary", *arguments)
    assert result.exit_code == 2
    assert result.stderr.startswith(f"cnnlab: {message}")
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_a_narrow_window_goes_without_the_least_important_columns_and_cuts_no_number(monkeypatch):
    monkeypatch.setattr("cnnlab.cli.networks.WIDE", 80)
    lines = cnnlab_says("models").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(line.split() == ["vgg16", "2014", "3×224×224", "138,357,544", "15,470,264,320"] for line in lines)
    assert "A wider window also shows: paper, activations, family" in lines
    words = cnnlab_says("summary", "inception_resnet_v2").stdout
    assert "…" not in words
    assert "55,843,464" in words


def test_models_that_are_trained_are_listed_with_their_accuracy_and_costs():
    listed = json.loads(cnnlab_says("models", "--trained", "--json").stdout)
    lenet = next(row for row in listed if row["name"] == "lenet5")
    assert (lenet["data"], lenet["epochs"]) == ("CIFAR-10", 50)
    assert lenet["parameters"] == 6 * 76 + 16 * 151 + 120 * 401 + 84 * 121 + 10 * 85  # 16 feature maps of 5×5
    assert lenet["multiply_adds"] == 450 * 28**2 + 2400 * 10**2 + 120 * 400 + 84 * 120 + 10 * 84
    result = cnnlab_says("models", "--trained")
    assert result.exit_code == 0
    line = next(line for line in result.stdout.splitlines() if line.split()[:1] == ["lenet5"])
    assert line.split()[1:3] == ["CIFAR-10", f"{lenet['validation_accuracy']:.1%}"]
    assert f"{lenet['parameters']:,}" in line
