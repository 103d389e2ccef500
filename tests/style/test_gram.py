"""The Gram matrix: the definition, sums by hand, and what it forgets."""

import numpy as np
import pytest
import torch

from cnnlab.style import gram, gram_by_loops


def test_one_matrix_product_equals_the_triple_loop():
    maps = torch.randn(1, 5, 4, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    loops = torch.from_numpy(gram_by_loops(maps.numpy()))
    assert torch.allclose(gram(maps)[0].double() * 12, loops, atol=1e-5)
    flat = maps[0].reshape(5, 12).numpy()
    assert np.allclose(loops, flat @ flat.T)


def test_entries_by_hand():
    """Channels (1, 2, 3, 4) and (0, 1, 0, 1) at four positions: sums of products 30, 6 and 2."""
    maps = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [0.0, 1.0]]]])
    assert gram(maps)[0].tolist() == [[30 / 4, 6 / 4], [6 / 4, 2 / 4]]


def test_it_forgets_where_things_are():
    maps = torch.rand(2, 6, 5, 7, generator=torch.Generator().manual_seed(1))
    order = torch.randperm(35, generator=torch.Generator().manual_seed(2))
    shuffled = maps.flatten(2)[:, :, order].unflatten(2, (5, 7))
    assert torch.allclose(gram(maps), gram(shuffled), atol=1e-6)
    assert not torch.allclose(gram(maps), gram(maps.flip(1)))


def test_a_tiled_picture_has_the_gram_matrix_of_the_tile():
    maps = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(3))
    assert torch.allclose(gram(maps.tile(1, 1, 2, 3)), gram(maps), atol=1e-6)


def test_a_mask_of_ones_and_zeros_gives_the_gram_matrix_of_the_region():
    maps = torch.rand(1, 3, 4, 6, generator=torch.Generator().manual_seed(4))
    mask = torch.zeros(4, 6)
    mask[:, 2:] = 1
    assert torch.allclose(gram(maps, mask), gram(maps[..., 2:]), atol=1e-6)


@pytest.mark.parametrize("batch", [1, 3])
def test_each_picture_of_a_batch_has_its_own(batch):
    maps = torch.rand(batch, 4, 5, 5, generator=torch.Generator().manual_seed(5))
    assert torch.allclose(gram(maps), torch.cat([gram(picture[None]) for picture in maps]))
