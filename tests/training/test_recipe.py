"""The recipe against hand arithmetic, and against PyTorch where it has the same thing."""

from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import cnnlab
from cnnlab import data, models
from cnnlab.data import batches
from cnnlab.training.recipe import DecoupledSGD, Lookahead, Mirrored, Recipe, Shifts


def network() -> nn.Sequential:
    """A convolution, a batch normalisation, and logits."""
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(2, 3))


def test_learning_rate_rises_to_its_peak_and_falls_in_straight_lines() -> None:
    recipe = Recipe(epochs=1, learning_rate=1.0, start=0.2, peak=0.25, end=0.0)
    optimizer = recipe.optimizer(net := network(), net.named_parameters())
    schedule = recipe.schedule(optimizer, 101)
    rates = []
    for _ in range(101):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    top = 0.25 * 101 - 1
    assert rates[0] == pytest.approx(0.2)
    assert rates[12] == pytest.approx(0.2 + 0.8 * 12 / top)
    assert rates[60] == pytest.approx((100 - 60) / (100 - top))
    assert rates[100] == pytest.approx(0.0, abs=1e-6)


def test_groups_decay_weights_alone_and_speed_up_biases_of_norms_alone() -> None:
    net = network()
    recipe = Recipe(epochs=1, learning_rate=0.5, weight_decay=0.01, bias_scale=64.0)
    weights, norms, others = recipe.optimizer(net, net.named_parameters()).param_groups
    assert [tuple(p.shape) for p in weights["params"]] == [(2, 1, 3, 3), (3, 2)]
    assert norms["params"] == [net[1].bias]
    assert [id(p) for p in others["params"]] == [id(net[0].bias), id(net[1].weight), id(net[3].bias)]
    assert [(group["lr"], group["decay"]) for group in (weights, norms, others)] == [(0.5, 0.01), (32, 0), (0.5, 0)]


def test_decay_is_decoupled_from_momentum() -> None:
    weight = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    optimizer = DecoupledSGD([{"params": [weight], "lr": 0.1, "decay": 0.5}], momentum=0.9)
    weight.grad = torch.ones_like(weight)
    optimizer.step()  # 2 · 0.95 − 0.1 · (1 + 0.9)
    assert weight.item() == pytest.approx(1.71)
    optimizer.step()  # 1.71 · 0.95 − 0.1 · (1 + 0.9 · 1.9)
    assert weight.item() == pytest.approx(1.3535)


def test_without_decay_steps_equal_those_of_torch() -> None:
    ours, theirs = (nn.Parameter(torch.linspace(-1, 1, 5)) for _ in range(2))
    optimizers = (
        DecoupledSGD([{"params": [ours], "lr": 0.1, "decay": 0.0}], momentum=0.9),
        torch.optim.SGD([theirs], lr=0.1, momentum=0.9, nesterov=True),
    )
    for _ in range(3):
        ours.grad, theirs.grad = ours.detach() ** 2, theirs.detach() ** 2
        for optimizer in optimizers:
            optimizer.step()
    assert torch.equal(ours, theirs)


def test_every_picture_is_mirrored_in_every_second_epoch() -> None:
    pixels = torch.randint(256, (64, 3, 8, 8), dtype=torch.uint8)
    split = data.Split(pixels, torch.arange(64) % 2, ("a", "b"))
    feed = batches(split, 10, shuffle=False, seed=3, augment=Shifts())
    seen = []
    for epoch in (1, 2, 3):
        feed.set_epoch(epoch)
        seen.append(torch.cat([images for images, _ in feed]))
    upright = data.to_float(pixels)
    mirrored = torch.stack([(images != upright).flatten(1).any(dim=1) for images in seen])
    assert torch.equal(mirrored[0], ~mirrored[1])
    assert torch.equal(mirrored[0], mirrored[2])
    assert 15 < mirrored[0].sum() < 49  # about half of 64
    assert torch.equal(seen[0][mirrored[0]], upright[mirrored[0]].flip(-1))


def test_a_shift_moves_whole_pixels_and_reflects_the_edge() -> None:
    images = torch.arange(36.0).reshape(1, 1, 6, 6).repeat(200, 1, 1, 1)
    shifted = Shifts(flip=False, shift=2)(images, generator=torch.Generator().manual_seed(0))
    padded = F.pad(images[:1], (2,) * 4, mode="reflect")[0, 0]
    crops = {tuple(padded[y : y + 6, x : x + 6].flatten().tolist()) for y in range(5) for x in range(5)}
    assert {tuple(picture.flatten().tolist()) for picture in shifted} == crops


def test_a_cutout_is_a_square_of_grey() -> None:
    cut = Shifts(flip=False, cutout=4)(torch.ones(500, 3, 12, 12), generator=torch.Generator().manual_seed(0))
    hidden = cut == 0
    assert torch.equal(hidden[:, 0], hidden[:, 2])
    heights, widths = hidden[:, 0].any(dim=2).sum(dim=1), hidden[:, 0].any(dim=1).sum(dim=1)
    assert torch.equal(hidden[:, 0].sum(dim=(1, 2)), heights * widths)
    assert heights.min() >= 1
    assert heights.max() == 4
    assert hidden[:, 0].float().mean(dim=0).min() > 0  # every pixel is hidden in some picture


def test_lookahead_pulls_the_weights_to_their_average() -> None:
    net = nn.Linear(1, 1, bias=False)
    lookahead = Lookahead(every=2, decay=0.5)

    def after(step: int, weight: float) -> float:
        nn.init.constant_(net.weight, weight)
        told: Any = SimpleNamespace(epoch=1, epochs=1, step=step, steps=5, model=net)
        lookahead(told)
        return net.weight.item()

    assert after(1, 1.0) == 1.0  # the average begins here
    decay = 0.5 * (2 / 5) ** 3
    second = decay * 1.0 + (1 - decay) * 3.0
    assert after(2, 3.0) == pytest.approx(second)
    assert after(3, 7.0) == 7.0  # no step to average at
    decay = 0.5 * (4 / 5) ** 3
    fourth = decay * second + (1 - decay) * 4.0
    assert after(4, 4.0) == pytest.approx(fourth)
    assert after(5, 9.0) == pytest.approx(fourth)  # the last step takes the average


def test_mirrored_is_the_mean_over_picture_and_mirror_image() -> None:
    net, pictures = nn.Sequential(nn.Flatten(), nn.Linear(64, 3)), torch.randn(5, 1, 8, 8)
    mean = (net(pictures) + net(pictures.flip(-1))) / 2
    assert torch.allclose(Mirrored(net)(pictures), mean)


def test_a_resumed_run_equals_an_unbroken_one(tmp_path: Any) -> None:
    train = data.digits().train[:120]
    recipe = Recipe(
        epochs=3,
        batch_size=20,
        learning_rate=0.05,
        shift=2,
        cutout=4,
        averaging=True,
        bias_scale=4,
        label_smoothing=0.1,
    )

    def run(*, stop_after: int | None, resume: Any) -> nn.Module:
        torch.manual_seed(0)
        net = models.small("resnet20", num_classes=10, in_channels=1, widths=(4, 4, 4))
        arguments = recipe.arguments(net)

        def stop(step: Any) -> None:
            if step.epoch == stop_after and step.step == 4:
                raise KeyboardInterrupt

        arguments["callbacks"] = [*arguments["callbacks"], stop]
        cnnlab.fit(net, train, **arguments, resume=resume, progress=False, precision="float32")
        return net

    whole = run(stop_after=None, resume=None)
    with pytest.raises(KeyboardInterrupt):
        run(stop_after=2, resume=tmp_path / "run.pt")
    resumed = run(stop_after=None, resume=tmp_path / "run.pt")
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
