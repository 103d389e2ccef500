import pytest
import torch
import torchvision.transforms.functional as TF

from cnnlab import data

PICTURES = torch.rand(6, 3, 20, 32, generator=torch.Generator().manual_seed(0))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def warped(images, *, angle=0.0, shift=(0.0, 0.0), scale=1.0):
    count = len(images)
    return data.warp(
        images,
        angles=torch.full((count,), angle),
        shifts=torch.tensor([shift]).repeat(count, 1),
        scales=torch.full((count,), scale),
    )


def test_a_quarter_turn_is_rot90():
    square = PICTURES[..., :20]
    assert torch.allclose(warped(square, angle=90.0), torch.rot90(square, 1, (2, 3)), atol=1e-4)


@pytest.mark.parametrize("angle", [-30.0, 17.0])
def test_rotation_is_torchvisions_away_from_the_edge(angle):
    smooth = TF.gaussian_blur(PICTURES, 5)
    theirs = TF.rotate(smooth, angle, interpolation=TF.InterpolationMode.BILINEAR)
    middle = (..., slice(7, 13), slice(10, 22))
    assert torch.allclose(warped(smooth, angle=angle)[middle], theirs[middle], atol=1e-3)


def test_a_shift_moves_whole_pixels_to_the_right_and_down_and_repeats_the_edge():
    moved = warped(PICTURES, shift=(4 / 32, 5 / 20))
    assert torch.allclose(moved[..., 5:, 4:], PICTURES[..., :-5, :-4], atol=1e-4)
    assert torch.allclose(moved[..., 5:, 0], PICTURES[..., :-5, 0], atol=1e-4)


def test_a_zoom_above_one_enlarges():
    square = torch.zeros(1, 1, 41, 41)
    square[..., 15:26, 15:26] = 1
    assert warped(square, scale=2.0).sum().item() == pytest.approx(4 * 11 * 11, rel=0.1)


def test_every_picture_has_its_own_chance_and_the_generator_decides():
    same = PICTURES[:1].repeat(64, 1, 1, 1)
    change = data.Augmentation(rotation=20, shift=0.2, zoom=0.2, flip=True)
    first, again, other = (change(same, generator=generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    assert len({picture.sum().item() for picture in first}) == 64


def test_half_of_the_pictures_are_mirrored():
    many = PICTURES[:1].repeat(1000, 1, 1, 1)
    flipped = (data.Augmentation(flip=True)(many, generator=generator()) == many.flip(-1)).all(dim=(1, 2, 3))
    assert 0.45 < flipped.float().mean() < 0.55


def test_nothing_asked_is_nothing_done():
    assert data.Augmentation()(PICTURES, generator=generator()) is PICTURES


@pytest.mark.parametrize(
    ("option", "message"),
    [({"shift": -0.1}, "shift must be 0 or more, got -0.1"), ({"zoom": 1}, "zoom must be below 1")],
)
def test_amounts_that_make_no_sense_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        data.Augmentation(**option)
