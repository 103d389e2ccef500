"""Optimised style transfer: what it comes closer to, what it keeps, how it ends, what it refuses."""

from itertools import pairwise

import pytest
import torch
from torch import nn

from cnnlab import data, style
from cnnlab.style import Features, Layers, memory, scales, transfer
from cnnlab.style._descent import Descent
from cnnlab.style.optimised import Step
from cnnlab.style.pictures import luminance, to_float


class Plain(nn.Module):
    """Two convolutions: enough to see that the optimisation works, in milliseconds."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.features = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU())


@pytest.fixture(scope="module")
def features() -> Features:
    return Features(Plain(), layers=Layers(("features.3",), ("features.1", "features.3")))


@pytest.fixture(scope="module")
def photo() -> torch.Tensor:
    return data.photo("coffee", size=(48, 64))


def test_the_offline_network_comes_closer_to_the_style_and_keeps_the_content(photo):
    result = transfer(photo, "mosaic", size=64, steps=25)
    assert result.picture.shape == (3, 48, 64)
    assert result.picture.dtype == torch.uint8
    first, last = result.losses.iloc[0], result.losses.iloc[-1]
    assert last.style < 0.5 * first.style
    assert first.content == pytest.approx(0, abs=1e-9), "it begins at the photograph"
    noise = transfer(photo, "mosaic", size=64, steps=25, style_weight=0, init="noise")
    assert noise.losses.content.iloc[-1] < 0.7 * noise.losses.content.iloc[0]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_the_result_is_the_best_picture(features, photo, optimizer):
    result = transfer(photo, "night", network=features, size=64, steps=20, optimizer=optimizer, tv_weight=0)
    assert result.losses.loss.iloc[-1] < 0.5 * result.losses.loss.iloc[0]
    best = transfer(photo, "night", network=features, size=64, steps=1, init=result.picture, tv_weight=0)
    assert best.losses.loss[0] <= 1.1 * result.losses.loss.min(), "rounded to 8 bits"


def test_the_same_seed_gives_the_same_picture(features, photo):
    first, second, other = (
        transfer(photo, "ink", network=features, size=64, steps=5, init="noise", seed=seed).picture
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, second)
    assert not torch.equal(first, other)


def test_scales_grow_by_the_root_of_two():
    sides = scales(1024)
    assert sides == [128, 181, 256, 362, 512, 724, 1024]
    assert all(large / small == pytest.approx(2**0.5, rel=0.01) for small, large in pairwise(sides))


def test_coarse_pictures_come_first_and_adams_moments_are_carried(features, monkeypatch):
    carried = []
    carry = Descent.carry

    def recorded(self: Descent, before: Descent) -> None:
        carry(self, before)
        carried.append((before.optimizer.state[before.picture], self.optimizer.state[self.picture]))

    monkeypatch.setattr(Descent, "carry", recorded)
    sizes = []
    transfer(
        data.photo("coffee"), "night", network=features, size=181, steps=3, on_step=lambda step: sizes.append(step.size)
    )
    assert sizes == 3 * [(85, 128)] + 3 * [(121, 181)]
    ((before, after),) = carried
    assert after["step"] >= 3
    assert after["exp_avg"].shape == (1, 3, 121, 181)
    assert after["exp_avg_sq"].min() >= 0
    assert after["exp_avg_sq"].mean().item() == pytest.approx(before["exp_avg_sq"].mean().item(), rel=3)


def test_only_the_mask_is_painted(features, photo):
    mask = torch.zeros(48, 64, dtype=torch.bool)
    mask[:, 40:] = True
    picture = transfer(photo, "night", network=features, size=64, steps=10, mask=mask).picture
    assert torch.equal(picture[:, :, :39], photo[:, :, :39])
    assert (picture[:, :, 41:].int() - photo[:, :, 41:].int()).abs().float().mean() > 5


def test_colours_are_kept_and_the_luminance_changes(features, photo):
    picture = transfer(photo, "night", network=features, size=64, steps=10, keep_colours=True).picture
    before, after = to_float(photo), to_float(picture)
    inside = ((after > 0.02) & (after < 0.98)).all(dim=1)  # where no channel was cut
    chroma = (after - luminance(after)) - (before - luminance(before))
    assert chroma.abs().amax(dim=1)[inside].max() < 0.01
    assert (luminance(after) - luminance(before)).abs().mean() > 0.02


def test_a_mixture_lies_between_its_styles(features, photo):
    """With all the weight on one style it is that style; with both, it misses neither by as much as the other does."""
    alone = {name: transfer(photo, name, network=features, size=64, steps=5).picture for name in ("night", "mosaic")}
    weighted = transfer(photo, {"night": 1, "mosaic": 0}, network=features, size=64, steps=5).picture
    assert torch.equal(weighted, alone["night"])
    options = {"network": features, "size": 64, "steps": 25, "content_weight": 0, "tv_weight": 0}
    results = {
        "night": transfer(photo, "night", **options),
        "mosaic": transfer(photo, "mosaic", **options),
        "both": transfer(photo, [("night", 1.0), ("mosaic", 1.0)], **options),
    }
    missed = {
        name: transfer(photo, "night", init=result.picture, **(options | {"steps": 1})).losses.loss[0]
        for name, result in results.items()
    }
    assert missed["night"] < missed["both"] < missed["mosaic"]


def test_a_step_says_where_it_is_and_has_a_picture(features, photo):
    steps: list[Step] = []
    transfer(photo, "wave", network=features, size=64, steps=3, on_step=steps.append)
    assert [(step.number, step.total, step.size) for step in steps] == [(k, 3, (48, 64)) for k in (1, 2, 3)]
    assert steps[0].picture().shape == (3, 48, 64)
    assert steps[0].loss == pytest.approx(steps[0].content + 100 * steps[0].style + 20 * steps[0].tv, rel=1e-4)


@pytest.mark.parametrize("how", ["returned True", "Ctrl-C"])
def test_stopping_keeps_the_best_so_far_at_full_size(features, how):
    def stop(step: Step) -> bool:
        if step.number == 4 and how == "Ctrl-C":
            raise KeyboardInterrupt
        return step.number == 4

    result = transfer(data.photo("coffee"), "night", network=features, size=256, steps=50, on_step=stop)
    assert result.ended == "stopped"
    assert len(result.losses) == 4
    assert result.picture.shape == (3, 171, 256)


class Explosive(Plain):
    """Maps that are not a number from the forward pass ``first`` on: three are for memory and targets, one a step."""

    def __init__(self, first: int, times: int) -> None:
        super().__init__()
        passes = [0]

        def spoil(_layer: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
            passes[0] += 1
            return output * torch.nan if first <= passes[0] < first + times else output

        self.features[3].register_forward_hook(spoil)


def test_a_loss_that_is_not_a_number_restarts_once_and_then_ends_with_the_best(photo):
    layers = Layers(("features.3",), ("features.3",))
    once = transfer(photo, "night", network=Features(Explosive(6, 1), layers=layers), size=64, steps=8)
    assert once.ended == ""
    assert len(once.losses) == 8
    always = transfer(photo, "night", network=Features(Explosive(6, 99), layers=layers), size=64, steps=8)
    assert always.ended == "diverged"
    assert len(always.losses) == 2
    assert "diverged" in repr(always)


def test_a_size_beyond_memory_is_refused_with_the_largest_that_fits(features, photo, monkeypatch):
    monkeypatch.setattr(memory, "_free", lambda device: 40_000_000)
    with pytest.raises(ValueError, match="the largest size that fits is") as error:
        transfer(photo, "night", network=features, size=4000, steps=1)
    largest = int(str(error.value).split()[-1])
    memory.check_memory(features, (round(largest * 0.75), largest))
    with pytest.raises(ValueError, match="are free"):
        memory.check_memory(features, (round(largest * 0.75) + 9, largest + 9))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "sgd"}, "optimizer must be one of adam, lbfgs, got 'sgd'"),
        ({"init": "random"}, "init must be one of content, noise, or a picture"),
        ({"size": 8}, "size must be at least 32 pixels"),
        ({"steps": 0}, "steps at least 1"),
        ({"style_weight": -1.0}, "weights must be 0 or more"),
        ({"tv_weight": float("nan")}, "weights must be 0 or more"),
        ({"mask": torch.zeros(4, 4)}, "the mask is 0 everywhere"),
        ({"mask": torch.full((4, 4), 2.0)}, r"a mask is \(H, W\), bool or from 0 to 1"),
    ],
)
def test_bad_options_are_refused(features, photo, options, message):
    with pytest.raises(ValueError, match=message):
        transfer(photo, "night", network=features, **options)


def test_bad_pictures_and_styles_are_refused(features, photo):
    with pytest.raises(ValueError, match="no style picture is called 'nigt'; there are night, cubist"):
        transfer(photo, "nigt", network=features)
    with pytest.raises(ValueError, match=r"a picture is a uint8 tensor \(3, H, W\), got torch.float32"):
        transfer(photo / 255, "night", network=features)
    with pytest.raises(ValueError, match="the weights of the styles must be 0 or more"):
        transfer(photo, {"night": -1}, network=features)
    with pytest.raises(ValueError, match="shorter side must have at least 32 pixels"):
        style.transfer(photo[:, :4], "night", network=features)
