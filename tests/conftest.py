"""What all tests share: a cache of their own, and quiet, small data."""

import pytest
import torch

from cnnlab import data


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests neither read nor write the user's cache."""
    patch = pytest.MonkeyPatch()
    patch.setenv("CNNLAB_CACHE", str(tmp_path_factory.mktemp("cache")))
    yield
    patch.undo()


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
