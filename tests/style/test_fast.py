"""The image transformation network, pictures through it, and its files."""

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from cnnlab import data
from cnnlab.style import FastStyle, fast_style, shipped, stylise, stylise_files
from cnnlab.style.fast import InstanceNorm, LastConv2d


@pytest.fixture(scope="module")
def network() -> FastStyle:
    """An untrained network that changes pictures a lot, unlike a new one, which is the identity."""
    torch.manual_seed(0)
    network = FastStyle(widths=(8, 12, 16), blocks=2)
    nn.init.normal_(network.decoder[-1].conv.weight, std=0.1)
    return network.eval()


def test_instance_normalisation_equals_pytorchs():
    torch.manual_seed(0)
    ours, theirs = InstanceNorm(5), nn.InstanceNorm2d(5, affine=True)
    nn.init.normal_(ours.weight)
    nn.init.normal_(ours.bias)
    theirs.load_state_dict(ours.state_dict())
    x = 3 + 2 * torch.randn(2, 5, 9, 7)
    assert torch.allclose(ours(x), theirs(x), atol=1e-5)


@pytest.mark.parametrize("kernel", [3, 9])
def test_the_last_convolution_equals_pytorchs(kernel):
    torch.manual_seed(0)
    ours, theirs = LastConv2d(6, 3, kernel), nn.Conv2d(6, 3, kernel)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(2, 6, 10 + kernel - 1, 14 + kernel - 1)
    assert torch.allclose(ours(x), theirs(x), atol=1e-5)


def test_parameters_are_those_of_half_the_papers_widths():
    """Johnson et al., supplementary table 1, with 16, 32, 64: kernels, two values a normalised channel, last biases."""
    kernels = 81 * 3 * 16 + 9 * 16 * 32 + 9 * 32 * 64 + 5 * 2 * 9 * 64 * 64
    kernels += 9 * 64 * 32 + 9 * 32 * 16 + 81 * 16 * 3
    norms = 2 * (16 + 32 + 64 + 10 * 64 + 32 + 16)
    assert sum(parameter.numel() for parameter in FastStyle().parameters()) == kernels + norms + 3


def test_a_new_network_is_the_identity():
    photo = data.photo("coffee", size=(45, 62))
    change = (stylise(photo, FastStyle()).int() - photo.int()).abs()
    assert change[(photo > 6) & (photo < 249)].max() <= 1


@pytest.mark.parametrize("size", [(150, 203), (128, 256), (97, 64)])
@pytest.mark.parametrize("tile", [64, 100])
def test_tiles_leave_no_seams(network, size, tile):
    photo = data.photo("coffee", size=size)
    whole = stylise(photo, network, precision="float32")
    tiled = stylise(photo, network, tile=tile, precision="float32")
    assert (whole.int() - photo.int()).abs().float().mean() > 10
    assert (whole.int() - tiled.int()).abs().max() <= 1


def test_tiles_by_themselves_would_leave_seams(network):
    """What the statistics of the whole are good for: half of a picture alone comes out otherwise."""
    photo = data.photo("coffee", size=(128, 256))
    whole, half = stylise(photo, network), stylise(photo[:, :, :128], network)
    assert (whole[:, :, :100].int() - half[:, :, :100].int()).abs().max() > 5


def test_strength_and_colours(network):
    photo = data.photo("coffee", size=(64, 64))
    assert torch.equal(stylise(photo, network, strength=0), photo)
    full, middle = stylise(photo, network).float(), stylise(photo, network, strength=0.5).float()
    assert (middle - (photo.float() + full) / 2).abs().max() <= 1
    assert not torch.equal(stylise(photo, network, keep_colours=True), full)


def test_a_file_in_half_precision_gives_the_same_picture(network, tmp_path):
    network.card = {"style": "mine"}
    network.save(tmp_path / "mine.safetensors")
    loaded = FastStyle.load(tmp_path / "mine.safetensors")
    assert loaded.card == {"style": "mine", "widths": [8, 12, 16], "blocks": 2}
    photo = data.photo("coffee", size=(64, 64))
    assert (stylise(photo, network).int() - stylise(photo, loaded).int()).abs().max() <= 2
    FastStyle().save(tmp_path / "full.safetensors")
    assert (tmp_path / "full.safetensors").stat().st_size < 1_000_000


def test_files_that_hold_no_network_are_refused(tmp_path):
    path = tmp_path / "other.safetensors"
    with pytest.raises(FileNotFoundError, match="there is no file"):
        FastStyle.load(path)
    path.write_bytes(b"something else")
    with pytest.raises(ValueError, match="holds no FastStyle"):
        FastStyle.load(path)
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(ValueError, match="its header does not describe a FastStyle"):
        FastStyle.load(path)
    card = json.dumps({"widths": [10**6] * 3, "blocks": 5})
    save_file({"x": torch.zeros(1)}, path, metadata={"cnnlab.style": card})
    with pytest.raises(ValueError, match="holds no FastStyle"):
        FastStyle.load(path)


@pytest.mark.parametrize("name", ["night"])
def test_shipped_networks_are_small_and_know_their_recipe(name):
    assert name in shipped()
    network = fast_style(name)
    assert network.card["style"] == name
    assert sum(parameter.numel() for parameter in network.parameters()) * 2 < 1_000_000


def test_folders_are_painted_under_their_names_and_what_is_no_picture_is_listed(network, tmp_path):
    photos = tmp_path / "photos"
    photos.mkdir()
    for name in ("a.png", "b.jpg"):
        Image.new("RGB", (40, 30), "red").save(photos / name)
    (photos / "c.png").write_text("no picture")
    before = (photos / "a.png").read_bytes()
    done: list[int] = []
    result = stylise_files(
        sorted(photos.iterdir()), photos, lambda photo: stylise(photo, network), progress=done.append
    )
    assert [path.name for path in result.written] == ["a-2.png", "b.png"]
    assert (photos / "a.png").read_bytes() == before
    assert data.decode(photos / "b.png").shape == (3, 30, 40)
    assert [entry.reason for entry in result.unreadable] == ["it is no picture that Pillow can read"]
    assert done == [1, 2, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"strength": 1.5}, r"strength must be from 0 \(the photograph\) to 1"),
        ({"tile": 8}, "tile must be at least 64 pixels, got 8"),
        ({"style": "monet"}, "no fast style is called 'monet'"),
    ],
)
def test_bad_options_are_refused(network, options, message):
    with pytest.raises(ValueError, match=message):
        stylise(data.photo("coffee", size=(64, 64)), **({"style": network} | options))


def test_a_picture_that_is_too_small_is_refused(network):
    with pytest.raises(ValueError, match="of at least 16×16 pixels"):
        stylise(torch.zeros(3, 40, 10, dtype=torch.uint8), network)
