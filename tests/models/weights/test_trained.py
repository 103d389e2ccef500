"""Networks trained on CIFAR-10 that come with cnnlab: every file, and what `build` and `pretrained` make of it."""

import shutil

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import cnnlab
from cnnlab import data, models
from cnnlab.models import building
from cnnlab.models.weights import trained
from cnnlab.training.recipe import Recipe

NAMES = models.trained().index
# In the publishers' order.
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
LEAST = {"resnet20": 1 - 0.0875}  # He et al. 2016, table 6; LeNet-5's 66 % is the least of all


@pytest.mark.parametrize("name", NAMES)
class TestEveryFile:
    def test_its_weights_are_in_half_precision_and_what_is_built_holds_them_in_float32(self, name):
        with safe_open(trained.FOLDER / f"{name}.safetensors", framework="pt") as file:
            shipped = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        built = models.build(name, weights="cifar10").state_dict()
        assert set(shipped) == set(built)
        for key, tensor in shipped.items():
            if tensor.is_floating_point():
                assert (tensor.dtype, built[key].dtype) == (torch.float16, torch.float32)
                assert tensor.isfinite().all(), key
            assert torch.equal(tensor.to(built[key].dtype), built[key]), key

    def test_its_metadata_describe_the_network_and_its_training(self, name):
        card = trained.metadata(name)
        network = models.build(name, weights="cifar10")
        assert card["name"] == name
        assert card["classes"] == CLASSES
        assert card["parameters"] == sum(parameter.numel() for parameter in network.parameters())
        assert card["multiply_adds"] == models.summary(network, (3, 32, 32)).multiply_adds.sum()
        recipe = Recipe(**card["recipe"])  # no option is missing or unknown
        assert {len(values) for values in card["curve"].values()} == {recipe.epochs}
        assert card["validation_accuracy"] == pytest.approx(card["curve"]["validation_accuracy"][-1], abs=0.003)
        assert card["validation_accuracy"] > LEAST.get(name, 0.66)
        assert (trained.FOLDER / f"{name}.safetensors").stat().st_mode & 0o777 == 0o644

    def test_pretrained_gives_ten_finite_logits_for_pictures_of_every_size(self, name):
        network = models.pretrained(name, weights="cifar10")
        assert network.classes == tuple(CLASSES)
        assert not network.model.training
        assert "CIFAR-10" in network.source
        pictures = [data.photo("chelsea"), torch.zeros(3, 32, 32, dtype=torch.uint8), Image.new("L", (5, 90))]
        with torch.inference_mode():
            logits = network.model(torch.stack([network.preprocess(picture) for picture in pictures]))
        assert logits.shape == (3, 10)
        assert logits.isfinite().all()

    def test_it_can_be_saved_and_loaded_like_any_network(self, name, tmp_path):
        network = models.build(name, weights="cifar10")
        cnnlab.save(tmp_path / "net.safetensors", network, classes=tuple(CLASSES))
        again = cnnlab.load(tmp_path / "net.safetensors")
        assert all(torch.equal(a, b) for a, b in zip(network.parameters(), again.parameters(), strict=True))


def test_all_files_together_are_below_20_megabytes():
    assert 0 < models.trained().bytes.sum() < 20e6
    assert sorted(file.stem for file in trained.FOLDER.iterdir()) == sorted(NAMES)  # nothing else is in the folder


def test_the_options_of_the_trained_network_may_be_repeated_but_not_contradicted():
    again = models.build("lenet5", weights="cifar10", num_classes=10, in_channels=3, input_size=[32, 32])
    assert again.recipe["options"] == {"num_classes": 10, "in_channels": 3, "input_size": (32, 32)}
    for option, value, has in (
        ("num_classes", 5, "10"),
        ("input_size", (28, 28), r"\(32, 32\)"),
        ("in_channels", 1, 3),
    ):
        with pytest.raises(ValueError, match=f"lenet5 was trained on CIFAR-10 with {option}={has}, got .*without weig"):
            models.build("lenet5", weights="cifar10", **{option: value})
    with pytest.raises(ValueError, match="lenet5 takes no option 'width'"):
        models.build("lenet5", weights="cifar10", width=2)


@pytest.fixture
def empty(tmp_path, monkeypatch):
    """As if only LeNet-5's file were there."""
    shutil.copy(trained.FOLDER / "lenet5.safetensors", tmp_path)
    monkeypatch.setattr(trained, "FOLDER", tmp_path)
    return tmp_path


def test_a_network_without_a_file_is_not_listed_and_its_request_names_those_that_have_one(empty):
    assert list(models.trained().index) == ["lenet5"]
    with pytest.raises(ValueError, match="no weights of plain20 trained on CIFAR-10 come with cnnlab; .* of lenet5$"):
        models.build("plain20", weights="cifar10")
    with pytest.raises(ValueError, match="ImageNet weights for plain20 .*trained on CIFAR-10 come with .* for lenet5$"):
        models.pretrained("plain20")
    with pytest.raises(ValueError, match="no network is called 'resnet21'; did you mean"):
        models.build("resnet21", weights="cifar10")


def test_weights_that_were_changed_are_refused(empty):
    file = empty / "lenet5.safetensors"
    with safe_open(file, framework="pt") as opened:
        facts = opened.metadata()
    tensors = load_file(file)
    tensors["classifier.fc3.bias"][0] += 1
    save_file(tensors, file, metadata=facts)
    with pytest.raises(ValueError, match="lenet5.safetensors is damaged: the SHA-256 of its weights is not"):
        models.build("lenet5", weights="cifar10")
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(ValueError, match="is damaged or no file of trained weights .*; install cnnlab again"):
        models.pretrained("lenet5")


def test_a_name_with_imagenet_weights_means_these_unless_cifar10_is_asked_for(monkeypatch):
    asked = []
    for loader in ("imagenet", "load_cifar10"):
        monkeypatch.setattr(building, loader, lambda network, loader=loader: asked.append(loader) or network)
    monkeypatch.setattr(building, "trained_options", lambda name, options: options)
    monkeypatch.setattr("cnnlab.models.weights.pretrained.metadata", lambda name: trained.metadata("lenet5"))
    sizes = [models.pretrained("googlenet").preprocess.crop, models.pretrained("googlenet", weights="cifar10")[1].crop]
    assert (asked, sizes) == (["imagenet", "load_cifar10"], [224, 32])
    with pytest.raises(ValueError, match="weights must be None, 'imagenet' or 'cifar10', got 'coco'"):
        models.pretrained("googlenet", weights="coco")


def test_preprocessing_is_what_the_recipe_trained_on():
    pixels = torch.randint(256, (3, 32, 32), dtype=torch.uint8)
    expected = data.to_float(pixels)  # the scale of `fit`
    prepared = models.pretrained("lenet5").preprocess
    torch.testing.assert_close(prepared(pixels), expected, rtol=0, atol=1e-6)


def test_a_tenth_of_the_epochs_of_the_shipped_recipe_still_trains():
    """On windows of five photographs: which photograph is a window from?"""
    card = trained.metadata("lenet5")
    generator = torch.Generator().manual_seed(0)
    windows, labels = [], []
    for label, name in enumerate(("chelsea", "coffee", "china", "flower", "rocket")):
        photo = data.photo(name, size=(160, 160))
        for top, left in torch.randint(0, 129, (1000, 2), generator=generator).tolist():
            windows.append(photo[:, top : top + 32, left : left + 32])
            labels.append(label)
    whole = data.Split(torch.stack(windows), torch.tensor(labels), tuple("abcde"))
    order = torch.randperm(len(whole), generator=generator)
    recipe = Recipe(**card["recipe"] | {"epochs": card["recipe"]["epochs"] // 10})
    torch.manual_seed(0)
    network = models.build("lenet5", **trained.trained_options("lenet5", {}) | {"num_classes": 5})
    cnnlab.fit(network, whole[order[:4000]], **recipe.arguments(network), precision="float32", progress=False)
    assert cnnlab.evaluate(network, whole[order[4000:]], precision="float32").accuracy > 0.6  # 0.2 by chance
