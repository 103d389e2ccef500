"""What all tests share: quiet, small data."""

import pytest
import torch

from cnnlab import data


@pytest.fixture(scope="session")
def digits() -> data.Splits:
    return data.digits()


@pytest.fixture
def tiny() -> data.Split:
    """64 pictures of two classes that differ in brightness: learnt in a few steps."""
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(64) % 2
    images = torch.randint(0, 100, (64, 1, 28, 28), generator=generator) + 150 * labels[:, None, None, None]
    return data.Split(images.to(torch.uint8), labels, ("dark", "bright"))
