"""The augmentation demo: the pictures are what training gets, and every control changes them."""

import numpy as np
import pytest
import torch

from cnnlab import data, demos
from cnnlab.demos import _augmentation as augmentation
from cnnlab.demos._augmentation import Settings
from tests.demos.reading import alt, picture


@pytest.fixture
def gradient():
    return torch.arange(256).clamp(0, 255).to(torch.uint8).reshape(1, 1, 256).expand(1, 192, 256)


def shown(figure):
    """The pictures (H, W) of the grid's first channel."""
    return [np.asarray(image.get_array())[..., 0] for image in figure.axes[0].images]


def test_the_first_picture_is_the_original_and_without_ranges_so_are_all(gradient):
    pictures = shown(augmentation.figure(Settings(rotation=0, shift=0, zoom=0), gradient))
    assert len(pictures) == 12
    for image in pictures:
        np.testing.assert_allclose(image, gradient[0] / 255, atol=1e-5)


def test_the_pictures_are_those_of_a_batch_in_training(gradient):
    split = data.Split(gradient.expand(11, 1, 192, 256), torch.zeros(11, dtype=torch.int64), ("a",))
    changes = data.Augmentation(rotation=45, shift=0.3, zoom=0.2, flip=True)
    images, _ = next(iter(data.Batches(split, 11, augment=changes)))  # the first pass has the generator's seed 0
    pictures = shown(augmentation.figure(Settings("", 45, 0.3, 0.2, True, 0), gradient))
    np.testing.assert_allclose(np.stack(pictures[1:]), images[:, 0] / 2 + 0.5, atol=1e-5)


def test_every_control_changes_picture_and_alternative_text_and_chance_the_picture():
    demo = demos.augmentation()
    seen = [picture(demo)]
    changes = {"rotation": 90, "shift": 0.0, "zoom": 0.0, "flip": True}
    for control, value in changes.items():
        getattr(demo, control).value = value
        seen.append(picture(demo))
    assert len({text for _, text in seen}) == 5
    assert alt(demo).startswith("±90°, shift ±0 %, zoom 100 to 100 %, mirrored at random: 12 pictures")
    for change in (demo.again.click, lambda: setattr(demo.choice, "value", "coffee")):
        change()
        seen.append(picture(demo))
    assert len({image for image, _ in seen}) == 7
    demo.close()


def test_ones_own_picture_is_shown_first(gradient):
    demo = demos.augmentation(gradient)
    assert demo.choice.value == "your own"
    own = picture(demo)
    demo.choice.value = "china"
    assert picture(demo) != own
    demo.close()
    with pytest.raises(ValueError, match=r"picture must be .*, got \(1, 1, 192, 256\); split.images\[0\] is one"):
        demos.augmentation(gradient[None])
    with pytest.raises(TypeError, match="picture must be a tensor .*, got str"):
        demos.augmentation("china.jpg")
    with pytest.raises(ValueError, match="zoom must be below 1"):
        augmentation.figure(Settings(zoom=1.5), gradient)
