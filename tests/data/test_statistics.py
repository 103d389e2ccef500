"""Channel statistics equal NumPy's in float64, from memory and from files."""

import numpy as np
import pytest
import torch
from PIL import Image

from cnnlab import data


def split_of(images: torch.Tensor) -> data.Split:
    return data.Split(images, torch.zeros(len(images), dtype=torch.int64), ("one",))


def test_mean_and_deviation_are_numpys_over_all_pixels():
    images = torch.randint(0, 256, (600, 3, 9, 7), generator=torch.Generator().manual_seed(0)).to(torch.uint8)
    images[:, 2] //= 4
    found, whole = data.channel_statistics(split_of(images)), images.numpy().astype(np.float64)
    np.testing.assert_allclose(found.mean.numpy(), whole.mean(axis=(0, 2, 3)), rtol=1e-14)
    np.testing.assert_allclose(found.std.numpy(), whole.std(axis=(0, 2, 3)), rtol=1e-13)


def test_a_small_deviation_far_from_zero_does_not_cancel():
    images = torch.full((1000, 1, 32, 32), 254, dtype=torch.uint8)
    images[0, 0, 0, 0] = 255
    pixels = images.numel()
    expected = ((pixels - 1) / pixels**2) ** 0.5  # of one value in n that differs by 1
    assert data.channel_statistics(split_of(images)).std.item() == pytest.approx(expected, rel=1e-12)


def test_normalised_pictures_have_mean_0_and_deviation_1():
    images = torch.randint(0, 200, (50, 3, 16, 16), generator=torch.Generator().manual_seed(1)).to(torch.uint8)
    normalised = data.channel_statistics(split_of(images))(images)
    assert normalised.mean(dim=(0, 2, 3)).abs().max() < 1e-5
    assert (normalised.std(dim=(0, 2, 3), unbiased=False) - 1).abs().max() < 1e-5


def test_pictures_in_files_give_the_same_as_in_memory(tmp_path):
    values = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)
    for number, value in enumerate(values):
        path = tmp_path / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(value).save(path)
    train = data.folder(tmp_path, size=(8, 8), validation=0.2, test=0.2).train
    memory = split_of(torch.stack([train.images[index] for index in range(len(train))]))
    found, expected = data.channel_statistics(train), data.channel_statistics(memory)
    assert torch.equal(found.mean, expected.mean)
    assert torch.equal(found.std, expected.std)


def test_a_channel_without_variance_is_named():
    images = torch.randint(0, 256, (4, 3, 8, 8)).to(torch.uint8)
    images[:, 1] = 7
    with pytest.raises(ValueError, match="channel 1 has the value 7 in every pixel"):
        data.channel_statistics(split_of(images))
