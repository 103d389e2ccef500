"""torchvision's own files, made small, and a network that is not there."""

import pickle
import socket
import struct
from contextlib import nullcontext
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision

import cnnlab
from cnnlab import data, models


def write_idx(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    path.write_bytes(head + array.astype(np.uint8).tobytes())


def write_mnist(root, counts, images, labels):
    raw = root / "MNIST" / "raw"
    for part, count in zip(("train", "t10k"), counts, strict=True):
        write_idx(raw / f"{part}-images-idx3-ubyte", images[:count])
        write_idx(raw / f"{part}-labels-idx1-ubyte", labels[:count])


def test_mnist_files_become_splits_and_the_publishers_test_part_stays(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (200, 28, 28))
    write_mnist(tmp_path, (200, 50), images, np.arange(200) % 10)
    parts = data.torchvision_dataset("MNIST", root=tmp_path, validation=0.1)
    assert [len(part) for part in parts[:3]] == [180, 20, 50]
    assert parts.train.images.shape[1:] == (1, 28, 28)
    assert np.array_equal(parts.test.images[:, 0].numpy(), images[:50])
    everything = np.concatenate([part.images.numpy() for part in parts[:2]])
    assert sorted(image.tobytes() for image in everything) == sorted(
        image.astype("uint8").tobytes() for image in images
    )


@pytest.mark.parametrize("validation", [0.5, 0.8])
def test_any_share_may_be_held_out_and_every_class_keeps_its_own(tmp_path, validation):
    labels = np.repeat([0, 1], [160, 40])
    write_mnist(tmp_path, (200, 20), np.zeros((200, 28, 28)), labels)
    train, held_out, _ = data.torchvision_dataset("MNIST", root=tmp_path, validation=validation)[:3]
    for part, share in ((train, 1 - validation), (held_out, validation)):
        assert torch.bincount(part.labels).tolist() == [round(share * 160), round(share * 40)]


@pytest.mark.parametrize("validation", [0, 1, -0.1])
def test_a_share_that_leaves_nothing_is_refused(tmp_path, validation):
    with pytest.raises(ValueError, match=f"validation must be a fraction between 0 and 1, got {validation}; try 0.1"):
        data.torchvision_dataset("MNIST", root=tmp_path, validation=validation)


@pytest.fixture
def write_cifar(tmp_path, monkeypatch):
    """Writes rows of pixels and their labels as CIFAR-10's six files, the last the test part."""

    def write(rows, labels, names):
        folder = tmp_path / "cifar-10-batches-py"
        folder.mkdir()
        files = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
        for file, part, of_part in zip(files, np.split(rows, 6), np.split(labels, 6), strict=True):
            (folder / file).write_bytes(pickle.dumps({"data": part, "labels": of_part.tolist()}))
        (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list(names)}))
        monkeypatch.setattr("torchvision.datasets.cifar.check_integrity", lambda *_: True)  # of the real files' MD5

    return write


def test_cifar_files_are_read_channel_by_channel_row_by_row(tmp_path, write_cifar):
    """As the publishers say: a row a picture, 1,024 red values, then green, then blue, each row by row."""
    rows = np.random.default_rng(0).integers(0, 256, (60, 3072), dtype=np.uint8)
    write_cifar(rows, np.arange(60) % 10, "abcdefghij")
    test = data.torchvision_dataset("CIFAR10", root=tmp_path, validation=0.4).test
    assert test.classes == tuple("abcdefghij")
    assert test.labels.tolist() == list(range(10))
    for channel, row, column in ((0, 0, 1), (1, 5, 31), (2, 30, 2)):
        assert test.images[:, channel, row, column].tolist() == rows[50:, 1024 * channel + 32 * row + column].tolist()


def test_a_network_trained_on_cifar_is_evaluated_on_it_in_one_line(tmp_path, write_cifar):
    """15 of 20 labels are what the network says of the picture itself, prepared as a photograph is; 5 are not."""
    network = models.pretrained("lenet5")
    rows = np.random.default_rng(0).integers(0, 256, (120, 3072), dtype=np.uint8)
    labels = np.arange(120) % 10
    with torch.inference_mode():
        for place, picture in enumerate(torch.from_numpy(rows[100:].reshape(-1, 3, 32, 32))):
            labels[100 + place] = network.model(network.preprocess(picture)[None]).argmax()
    labels[115:] = (labels[115:] + 1) % 10
    write_cifar(rows, labels, network.classes)
    parts = data.torchvision_dataset("CIFAR10", root=tmp_path)
    assert cnnlab.evaluate(network.model, parts.test, precision="float32").accuracy == 0.75


@pytest.mark.parametrize("fails", [False, True])
def test_sockets_wait_as_long_as_before_afterwards(tmp_path, monkeypatch, fails):
    def download(self):
        patience.append(socket.getdefaulttimeout())
        if fails:
            raise URLError("no network")
        write_mnist(tmp_path, (40, 20), np.zeros((40, 28, 28)), np.arange(40) % 10)

    patience, before = [], socket.getdefaulttimeout()
    monkeypatch.setattr(torchvision.datasets.MNIST, "download", download)
    socket.setdefaulttimeout(7)
    try:
        with pytest.raises(ConnectionError) if fails else nullcontext():
            data.torchvision_dataset("MNIST", root=tmp_path, validation=0.25)
        assert socket.getdefaulttimeout() == 7
    finally:
        socket.setdefaulttimeout(before)
    assert patience == [60]


def test_without_a_network_the_way_out_is_said(tmp_path, monkeypatch):
    def no_network(*_, **__):
        raise URLError("no network")

    monkeypatch.setattr(torchvision.datasets.CIFAR10, "download", no_network)
    with pytest.raises(ConnectionError, match=r"CIFAR10 is not complete in .*digits\(\) needs no network"):
        data.torchvision_dataset("CIFAR10", root=tmp_path)


def test_a_file_that_was_cut_off_is_said_with_the_way_out(tmp_path):
    write_mnist(tmp_path, (20, 20), np.zeros((20, 28, 28)), np.arange(20) % 10)
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:5000])
    with pytest.raises(ConnectionError, match="MNIST is not complete in .* delete its files, connect"):
        data.torchvision_dataset("MNIST", root=tmp_path)


def test_an_unknown_name_lists_the_known():
    with pytest.raises(ValueError, match="no data set is called 'ImageNet'; there are MNIST, FashionMNIST, CIFAR10"):
        data.torchvision_dataset("ImageNet")
