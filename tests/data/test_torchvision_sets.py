"""torchvision's own files, made small, and a network that is not there."""

import struct
from urllib.error import URLError

import numpy as np
import pytest
import torchvision

from cnnlab import data


def write_idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(head + array.astype(np.uint8).tobytes())


def test_mnist_files_become_splits_and_the_publishers_test_part_stays(tmp_path):
    raw, random = tmp_path / "MNIST" / "raw", np.random.default_rng(0)
    labels = np.arange(200) % 10
    images = random.integers(0, 256, (200, 28, 28))
    for part, count in (("train", 200), ("t10k", 50)):
        write_idx(raw / f"{part}-images-idx3-ubyte", images[:count])
        write_idx(raw / f"{part}-labels-idx1-ubyte", labels[:count])
    parts = data.torchvision_dataset("MNIST", root=tmp_path, validation=0.1)
    assert [len(part) for part in parts[:3]] == [180, 20, 50]
    assert parts.train.images.shape[1:] == (1, 28, 28)
    assert np.array_equal(parts.test.images[:, 0].numpy(), images[:50])
    everything = np.concatenate([part.images.numpy() for part in parts[:2]])
    assert sorted(image.tobytes() for image in everything) == sorted(
        image.astype("uint8").tobytes() for image in images
    )


def test_without_a_network_the_way_out_is_said(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(torchvision.datasets.CIFAR10, "download", no_network)
    with pytest.raises(ConnectionError, match=r"CIFAR10 is not complete in .*digits\(\) needs no network"):
        data.torchvision_dataset("CIFAR10", root=tmp_path)


def test_a_file_that_was_cut_off_is_said_with_the_way_out(tmp_path):
    raw = tmp_path / "MNIST" / "raw"
    for part in ("train", "t10k"):
        write_idx(raw / f"{part}-images-idx3-ubyte", np.zeros((20, 28, 28)))
        write_idx(raw / f"{part}-labels-idx1-ubyte", np.arange(20) % 10)
    whole = (raw / "train-images-idx3-ubyte").read_bytes()
    (raw / "train-images-idx3-ubyte").write_bytes(whole[:5000])
    with pytest.raises(ConnectionError, match="MNIST is not complete in .* delete what is there and call again"):
        data.torchvision_dataset("MNIST", root=tmp_path)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match="no data set is called 'ImageNet'; there are MNIST, FashionMNIST, CIFAR10"):
        data.torchvision_dataset("ImageNet")
