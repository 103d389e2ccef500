"""Krizhevsky et al. 2012, section 4.1: numpy and arithmetic are the oracles."""

import numpy as np
import pytest
import torch

from cnnlab.data import ColourPCA, RandomCrop, photo, ten_crops, to_float


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_ten_crops_are_corners_centre_and_their_mirror_images():
    images = torch.rand(3, 3, 20, 30)
    crops = ten_crops(images, 16)
    mirrored = images.flip(-1)
    for place, (top, left) in enumerate([(0, 0), (0, 14), (4, 0), (4, 14), (2, 7)]):
        assert torch.equal(crops[:, place], images[..., top : top + 16, left : left + 16])
        assert torch.equal(crops[:, 5 + place], mirrored[..., top : top + 16, left : left + 16])


def test_every_random_crop_is_a_window_of_its_own_picture_and_each_has_its_own_place():
    places = torch.arange(32 * 32.0).reshape(1, 1, 32, 32).expand(200, 1, 32, 32) + 10_000 * torch.arange(200).view(
        -1, 1, 1, 1
    )
    crops = RandomCrop(28)(places, generator=generator())
    assert crops.shape == (200, 1, 28, 28)
    assert torch.equal(crops[:, 0, 0, 0] // 10_000, torch.arange(200.0)), "each crop is of its own picture"
    steps = crops[:, 0, 0, 1] - crops[:, 0, 0, 0]
    assert set(steps.tolist()) == {1.0, -1.0}, "some are mirrored"
    assert torch.equal(crops[:, 0, 1, 0] - crops[:, 0, 0, 0], torch.full((200,), 32.0)), "rows follow each other"
    left = torch.where(steps > 0, crops[:, 0, 0, 0], crops[:, 0, 0, -1]) % 10_000
    assert set((left // 32).tolist()) == set((left % 32).tolist()) == {0.0, 1.0, 2.0, 3.0, 4.0}, "all 25 places occur"


@pytest.mark.parametrize("dtype", [torch.uint8, torch.float32])
def test_colours_have_numpys_eigenvalues_and_eigenvectors_in_one_piece_or_many(monkeypatch, dtype):
    images = photo("coffee").unfold(1, 100, 100)[..., :600].permute(1, 0, 3, 2).contiguous()  # 4 pictures of 100×600
    images = images if dtype == torch.uint8 else to_float(images).to(dtype)
    values, vectors = np.linalg.eigh(np.cov(to_float(images).movedim(1, 0).reshape(3, -1).double().numpy()))
    monkeypatch.setattr("cnnlab.data.krizhevsky.CHUNK", 60_000 + 1)
    colours = ColourPCA.of(images)
    np.testing.assert_allclose(colours.eigenvalues, values[::-1], rtol=1e-5)
    np.testing.assert_allclose(
        (colours.eigenvectors.T.double().numpy() * vectors.T[::-1]).sum(axis=1) ** 2, 1, rtol=1e-5
    )


def test_light_changes_along_an_axis_by_its_share():
    """Paper and pencil: with λ = (4, 0, 0) every shift lies along the first column, (0.6, 0.8, 0)."""
    axes = torch.tensor([[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]])
    shifts = ColourPCA(torch.tensor([4.0, 0.0, 0.0]), axes)(torch.zeros(50, 3, 1, 1), generator=generator())[..., 0, 0]
    torch.testing.assert_close(shifts[:, 0] / 0.6, shifts[:, 1] / 0.8)
    assert shifts[:, 0].abs().min() > 0
    assert not shifts[:, 2].any()


def test_a_picture_is_shifted_as_a_whole_and_by_the_amounts_that_the_paper_prescribes():
    colours = ColourPCA(torch.tensor([3.0, 2.0, 1.0]), torch.eye(3))
    images = torch.rand(20_000, 3, 2, 2)
    shifts = colours(images, generator=generator()) - images
    assert (shifts - shifts[..., :1, :1]).abs().max() < 1e-6, "the same for every pixel"
    np.testing.assert_allclose(shifts[:, :, 0, 0].std(dim=0), [0.3, 0.2, 0.1], rtol=0.05)
    np.testing.assert_allclose(shifts[:, :, 0, 0].mean(dim=0), [0, 0, 0], atol=0.01)


def test_a_single_picture_is_no_batch():
    for cut in (lambda picture: ten_crops(picture, 4), lambda picture: RandomCrop(4)(picture, generator=generator())):
        with pytest.raises(ValueError, match=r"a batch \(N, C, H, W\), got \(3, 8, 8\); .* with picture\[None\]"):
            cut(torch.zeros(3, 8, 8))


def test_colours_of_what_has_none_are_refused():
    with pytest.raises(ValueError, match="hold NaN or infinite values, which have no covariance"):
        ColourPCA.of(torch.full((1, 3, 4, 4), torch.nan))
    with pytest.raises(ValueError, match=r"two pixels or more, got pictures of \(1, 3, 1, 1\)"):
        ColourPCA.of(torch.zeros(1, 3, 1, 1))
    with pytest.raises(ValueError, match=r"colours need pictures of shape \(N, 3, H, W\), got \(2, 1, 4, 4\)"):
        ColourPCA(torch.ones(3), torch.eye(3))(torch.zeros(2, 1, 4, 4), generator=generator())


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="a crop must have between 1 and 28 pixels a side, got 29"):
        RandomCrop(29)(torch.zeros(1, 1, 28, 40), generator=generator())
    with pytest.raises(ValueError, match="a crop must have between 1 and 28 pixels a side, got 0"):
        ten_crops(torch.zeros(1, 1, 28, 40), 0)
    with pytest.raises(ValueError, match=r"colours need pictures of shape \(N, 3, H, W\), got \(1, 1, 28, 28\)"):
        ColourPCA.of(torch.zeros(1, 1, 28, 28))
    with pytest.raises(ValueError, match="colours are shifted in floats from −1 to 1, got torch.uint8; pass to_float"):
        ColourPCA(torch.ones(3), torch.eye(3))(torch.zeros(1, 3, 4, 4, dtype=torch.uint8), generator=generator())
