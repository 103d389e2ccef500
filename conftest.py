"""What tests, doctests and notebooks share: a cache of their own, and what doctests need not import."""

import tempfile
from collections.abc import Iterator

import pytest
import torch
from torch import nn


@pytest.hookimpl(wrapper=True)
def pytest_runtestloop() -> Iterator[None]:
    """Nothing reads or writes the user's cache. A hook and no fixture, since nbval's cells have no fixtures."""
    with tempfile.TemporaryDirectory(prefix="cnnlab-cache-") as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNNLAB_CACHE", folder)
        return (yield)


@pytest.fixture(autouse=True)
def _doctest_names(doctest_namespace: dict) -> None:
    doctest_namespace.update(torch=torch, nn=nn)
