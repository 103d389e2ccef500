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


def spot(image):
    """(x, y) of the brightness' centre, from the middle of the picture."""
    height, width = image.shape[-2:]
    y, x = torch.meshgrid(torch.arange(height) - (height - 1) / 2, torch.arange(width) - (width - 1) / 2, indexing="ij")
    return [(image * axis).sum().item() / image.sum().item() for axis in (x, y)]


@pytest.mark.parametrize("change", [{"angle": 90.0}, {"angle": 30.0}, {"scale": 2.0}, {"scale": 0.5}, {}])
def test_a_shift_is_that_of_the_turned_and_scaled_picture(change):
    """A spot in the middle stays there when turned or scaled, so that the shift alone moves it: as far as it says."""
    image = torch.zeros(1, 1, 60, 40)
    image[..., 28:32, 18:22] = 1
    assert spot(warped(image, shift=(0.2, -0.1), **change)) == pytest.approx([0.2 * 40, -0.1 * 60], abs=0.05)


@pytest.mark.parametrize(
    ("option", "amount", "changed", "none"),
    [("rotation", 30.0, "angles", 0), ("shift", 0.2, "shifts", 0), ("zoom", 0.3, "scales", 1)],
)
def test_amounts_are_drawn_evenly_between_minus_and_plus_what_is_asked(monkeypatch, option, amount, changed, none):
    drawn = {}
    monkeypatch.setattr("cnnlab.data.augmentation.warp", lambda images, **amounts: drawn.update(amounts) or images)
    data.Augmentation(**{option: amount})(torch.zeros(20_000, 1, 1, 1), generator=generator())
    for column in (drawn.pop(changed) - none).reshape(20_000, -1).T:
        quarters = torch.histc(column, 4, -amount, amount) / 20_000
        assert torch.allclose(quarters, torch.full((4,), 0.25), atol=0.02)
        assert column.abs().max() <= amount * 1.0001
    assert all(torch.equal(other, torch.full_like(other, name == "scales")) for name, other in drawn.items())


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


@pytest.mark.parametrize(
    ("option", "message"),
    [({"shift": -0.1}, "shift must be 0 or more, got -0.1"), ({"zoom": 1}, "zoom must be below 1")],
)
def test_amounts_that_make_no_sense_are_refused(option, message):
    with pytest.raises(ValueError, match=message):
        data.Augmentation(**option)
