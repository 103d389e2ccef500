"""Training a feed-forward network: by the recipe, interrupted or not, and what it refuses."""

import dataclasses
import re

import pytest
import torch
from torch import nn

from cnnlab import data
from cnnlab.style import FastStyle, Features, Layers, Progress, Recipe, photographs, recipe, train
from cnnlab.style.training import crops

TINY = Recipe(steps=6, batch_size=2, crop=48, style_size=64)


@pytest.fixture
def start() -> FastStyle:
    torch.manual_seed(0)
    return FastStyle(widths=(4, 6, 8), blocks=1)


@pytest.fixture
def features() -> Features:
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2), nn.ReLU())
    return Features(nn.Sequential(layers), layers=Layers(("0.3",), ("0.1", "0.3")))


@pytest.mark.parametrize("name", ["cubist", "mosaic", "night", "wave"])
def test_every_recipe_runs_and_the_style_comes_closer(name):
    """Shortened: a few steps on small crops, from the identity, with the network that recipes use."""
    short = dataclasses.replace(recipe(name), steps=6, crop=48, style_size=96, start="", learning_rate=5e-3)
    torch.manual_seed(0)
    told: list[Progress] = []
    train(name, short, start=FastStyle(widths=(8, 8, 8), blocks=1), every=1, on_progress=told.append)
    assert [progress.step for progress in told] == list(range(1, 7))
    assert told[0].content < 1e-3, "it begins as the identity"
    assert told[-1].content > told[0].content
    assert min(progress.style for progress in told[3:]) < told[0].style


def test_a_resumed_run_equals_an_unbroken_one(start, features, tmp_path):
    whole = train("mosaic", TINY, start=start, features=features, on_progress=None)

    def stop(progress: Progress) -> None:
        if progress.step == 4:
            raise KeyboardInterrupt

    options = {"start": start, "features": features, "resume": tmp_path / "run.pt", "every": 2}
    with pytest.raises(KeyboardInterrupt):
        train("mosaic", TINY, on_progress=stop, **options)
    told: list[int] = []
    resumed = train("mosaic", TINY, on_progress=lambda progress: told.append(progress.step), **options)
    assert told == [4, 6], "from the state of step 2 on"
    assert all(torch.equal(tensor, whole.state_dict()[name]) for name, tensor in resumed.state_dict().items())
    assert not torch.equal(whole.decoder[0].conv.weight, start.decoder[0].conv.weight)


def test_minutes_are_told_before_it_starts_and_samples_are_written(start, features, tmp_path, capsys):
    train("mosaic", TINY, start=start, features=features, samples=tmp_path / "samples", every=3)
    first, *others = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"6 steps of \d+\.\d\d s: about 1 min · .*", first)
    assert len(others) == 2
    assert others[-1].startswith("step 6 of 6 · content ")
    assert [path.name for path in sorted((tmp_path / "samples").iterdir())] == ["000003.png", "000006.png"]
    assert data.decode(tmp_path / "samples" / "000006.png").shape == (3, 480, 4 * 240)


def test_another_training_does_not_go_on_from_a_state(start, features, tmp_path):
    options = {"start": start, "features": features, "resume": tmp_path / "run.pt", "on_progress": None}
    train("mosaic", dataclasses.replace(TINY, steps=1), **options)
    with pytest.raises(ValueError, match="belongs to a training with another steps, style"):
        train("cubist", TINY, **options)
    (tmp_path / "run.pt").write_bytes(b"torn")
    with pytest.raises(ValueError, match="is no state of a training"):
        train("mosaic", TINY, **options)


def test_a_loss_that_is_not_a_number_goes_back_once_and_then_says_so(start):
    passes = [0]

    def spoil(_layer: nn.Module, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        passes[0] += 1
        return output * torch.nan if passes[0] in spoilt else output

    layers = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU())
    layers[1].register_forward_hook(spoil)
    features = Features(layers, layers=Layers(("1",), ("1",)))
    # A pass for the style, six to measure three steps, then two a step.
    spoilt: set[int] | range = {12}
    told: list[int] = []
    network = train(
        "mosaic", TINY, start=start, features=features, every=2, on_progress=lambda progress: told.append(progress.step)
    )
    assert told == [2, 4, 6]
    assert all(parameter.isfinite().all() for parameter in network.parameters())
    passes[0], spoilt = 0, range(12, 99)
    with pytest.raises(FloatingPointError, match="the loss is not a number again, in step 3, at half the learning"):
        train("mosaic", TINY, start=start, features=features, every=2, on_progress=None)


def test_crops_depend_on_seed_and_step_alone():
    pictures = photographs()
    assert all(picture.shape[0] == 3 and min(picture.shape[1:]) >= 300 for picture in pictures)
    batch = crops(pictures, TINY, 3)
    assert batch.shape == (2, 3, 48, 48)
    assert 0 <= batch.min() <= batch.max() <= 1
    assert torch.equal(batch, crops(pictures, TINY, 3))
    assert not torch.equal(batch, crops(pictures, TINY, 4))
    assert not torch.equal(batch, crops(pictures, dataclasses.replace(TINY, seed=1), 3))


def test_bad_pictures_are_refused(start, features):
    with pytest.raises(ValueError, match="there is no photograph to learn from"):
        train("mosaic", TINY, photos=[], start=start, features=features)
    with pytest.raises(ValueError, match="of at least 32×32 pixels"):
        train("mosaic", TINY, photos=[torch.zeros(3, 8, 8, dtype=torch.uint8)], start=start, features=features)
    with pytest.raises(ValueError, match="there is no recipe for 'monet'"):
        recipe("monet")
