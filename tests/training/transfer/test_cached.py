"""Features are computed once, found again, and never served stale, by one process or by two."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from cnnlab import data, models
from cnnlab.models import evaluating
from cnnlab.training import features, with_head

HEAD = "classifier.fc"


@pytest.fixture(scope="module")
def net() -> nn.Module:
    torch.manual_seed(0)
    return models.build("resnet20").eval()


@pytest.fixture
def split() -> data.Split:
    images = torch.randint(0, 256, (40, 3, 32, 32), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    return data.Split(images, torch.arange(40) % 4, tuple("abcd"))


def files(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def pooled(net: nn.Module, images: torch.Tensor) -> torch.Tensor:
    """What the last layer of a residual network is given, by its definition."""
    with evaluating(net), torch.no_grad():
        return net.features(data.to_float(images)).mean(dim=(2, 3))


def test_features_are_what_the_head_is_given_and_give_the_networks_logits(net, split, tmp_path):
    found = features(net, HEAD, split, folder=tmp_path)
    torch.testing.assert_close(found.images, pooled(net, split.images), rtol=0, atol=1e-5)
    with torch.no_grad():
        logits = net(data.to_float(split.images))
        torch.testing.assert_close(net.classifier.fc(found.images), logits, rtol=0, atol=1e-5)
    assert torch.equal(found.labels, split.labels)


def test_they_are_read_and_not_computed_again_for_another_head_and_other_labels(net, split, tmp_path, monkeypatch):
    first = features(net, HEAD, split, folder=tmp_path)
    other, name = with_head(net, 7, (3, 32, 32), "mlp")
    relabelled = data.Split(split.images, split.labels.flip(0), split.classes)
    monkeypatch.setattr(models.ResNet, "forward", lambda *_: pytest.fail("the network ran"))
    again = features(other, name, relabelled, folder=tmp_path)
    assert torch.equal(first.images, again.images)
    assert torch.equal(again.labels, relabelled.labels)
    assert len(files(tmp_path)) == 1


def changed_weight(net, split):
    net.features.conv3_1.conv1.weight.data[0, 0, 0, 0] += 0.5
    return net, split


def changed_statistics(net, split):
    net.features.bn1.running_mean[0] += 0.5
    return net, split


def changed_option(net, split):
    net.features.conv1.stride = (2, 2)
    return net, split


def changed_pixel(net, split):
    split.images[39, 2, 31, 31] ^= 128
    return net, split


def changed_order(net, split):
    return net, split[list(range(39, -1, -1))]


def changed_scale(net, split):
    return net, data.Split(split.images.float() / 255, split.labels, split.classes)


@pytest.mark.parametrize(
    "change", [changed_weight, changed_statistics, changed_option, changed_pixel, changed_order, changed_scale]
)
def test_a_change_of_network_or_pictures_is_noticed(net, split, tmp_path, change):
    features(net, HEAD, split, folder=tmp_path)
    with_head(net, 10, (3, 32, 32))
    copied, _ = with_head(net, 10, (3, 32, 32))
    copied, split = change(copied, split)
    found = features(copied, HEAD, split, folder=tmp_path)
    torch.testing.assert_close(found.images, pooled(copied, split.images), rtol=0, atol=1e-5)
    assert len(files(tmp_path)) == 2


def test_augmented_copies_are_different_and_another_augmentation_is_noticed(net, split, tmp_path):
    flip = data.Augmentation(flip=True)
    copies = features(net, HEAD, split, augment=flip, copies=3, folder=tmp_path)
    assert len(copies) == 3 * 40
    assert torch.equal(copies.labels, split.labels.repeat(3))
    plain, mirrored = pooled(net, split.images), pooled(net, split.images.flip(-1))
    for picture, row in enumerate(copies.images.reshape(3, 40, -1).transpose(0, 1)):
        same = [torch.allclose(copy, plain[picture], atol=1e-5) for copy in row]
        other = [torch.allclose(copy, mirrored[picture], atol=1e-5) for copy in row]
        assert all(one or two for one, two in zip(same, other, strict=True))
    assert len(copies.images.reshape(3, 40, -1).unique(dim=0)) == 3
    for options in ({"augment": data.Augmentation(shift=0.1)}, {"augment": flip, "seed": 1}, {"augment": flip}):
        features(net, HEAD, split, folder=tmp_path, copies=2 if len(options) == 1 else 3, **options)
    assert len(files(tmp_path)) == 4
    with pytest.raises(ValueError, match="does not tell its options"):
        features(net, HEAD, split, augment=lambda images, *, generator: images, folder=tmp_path)
    with pytest.raises(
        ValueError, match="copies must be 1 or more, and more than 1 need an augmentation, got 2 and None"
    ):
        features(net, HEAD, split, copies=2, folder=tmp_path)


@pytest.mark.parametrize("left", [0, 60, 1000])
def test_a_file_that_was_cut_off_is_computed_anew(net, split, tmp_path, left):
    expected = features(net, HEAD, split, folder=tmp_path).images.clone()
    (file,) = tmp_path.iterdir()
    file.write_bytes(file.read_bytes()[:left])
    assert torch.equal(features(net, HEAD, split, folder=tmp_path).images, expected)
    assert len(np.load(file)) == 40


def test_a_full_disk_is_an_error_and_leaves_no_file(net, split, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np.lib.format, "write_array_header_1_0", full)
    with pytest.raises(OSError, match="No space left on device"):
        features(net, HEAD, split, folder=tmp_path)
    assert files(tmp_path) == []


@pytest.fixture
def photographs(tmp_path) -> data.Split:
    for label in "ab":
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(5):
            colour = (40 * number, 200 if label == "a" else 20, 99)
            Image.new("RGB", (48, 40), colour).save(tmp_path / "pictures" / label / f"{number}.png")
    return data.folder(tmp_path / "pictures", size=(32, 32), validation=0.2, test=0.2).train


def test_a_picture_in_a_folder_that_was_changed_is_noticed_and_a_broken_one_is_left_out(net, photographs, tmp_path):
    cache = tmp_path / "cache"
    before = features(net, HEAD, photographs, folder=cache)
    path = photographs.images.paths[2]
    Image.new("RGB", (48, 40), (1, 2, 3)).save(path)
    after = features(net, HEAD, photographs, folder=cache)
    differing = (before.images != after.images).any(dim=1)
    assert differing.nonzero().flatten().tolist() == [2]
    path.write_bytes(path.read_bytes()[:60])
    with pytest.warns(UserWarning, match="a broken picture is left out"):
        broken = features(net, HEAD, photographs, folder=cache)
    rest = [number for number in range(len(photographs)) if number != 2]
    torch.testing.assert_close(broken.images, after.images[rest], rtol=0, atol=1e-5)
    assert torch.equal(broken.labels, photographs.labels[rest])
    assert len(broken) == len(features(net, HEAD, photographs, folder=cache))  # and from the file


SCRIPT = """
import sys, torch
from pathlib import Path
from cnnlab import data, models
from cnnlab.training import features
torch.manual_seed(0)
net = models.build("resnet20").eval()
images = torch.arange(200 * 3 * 32 * 32).reshape(200, 3, 32, 32).to(torch.uint8)
split = data.Split(images, torch.zeros(200, dtype=torch.int64), ("a",))
print("ready", flush=True)
sys.stdin.readline()
print(features(net, "classifier.fc", split, folder=Path(sys.argv[1])).images.double().sum().item())
"""


@pytest.mark.slow
def test_two_processes_share_one_cache(tmp_path):
    command = [sys.executable, "-c", SCRIPT, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    for process in both:
        assert process.stdout.readline() == "ready\n"
    for process in both:  # both compute at the same time
        process.stdin.write("\n")
        process.stdin.flush()
    sums = [float(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sums[0] == sums[1]
    assert len(files(tmp_path)) == 1
