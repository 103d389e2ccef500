"""The accuracy of guessing, by a formula and by simulation."""

from typing import NamedTuple

import torch
from torch import Tensor


class Simulated(NamedTuple):
    """A mean over runs, its standard error (standard deviation of the runs / √runs), and the runs' accuracies."""

    mean: float
    error: float
    accuracies: Tensor


def chance_level(labels: Tensor) -> float:
    """Expected accuracy of guesses drawn with the frequencies of the classes: Σ p².

    A picture is of class c with probability p(c), and the guess is c with the same probability, independently. Classes
    that do not occur add nothing. Kim 2018 (landmark report), section II, *Benchmark*, estimates the same number by
    simulation, see `simulate_chance`.

    Shape: ``labels`` (N,) whole numbers.

    Raises:
        ValueError: without a label.

    >>> chance_level(torch.tensor([0, 0, 0, 1]))  # (3/4)² + (1/4)²
    0.625
    """
    counts = _labels(labels).unique(return_counts=True)[1].double()
    return float((counts / counts.sum()).square().sum())


def simulate_chance(labels: Tensor, *, pictures: int = 20, runs: int = 10, seed: int = 0) -> Simulated:
    """The same by Monte Carlo: in each run, the accuracy of random guesses for ``pictures`` that are drawn at random.

    The defaults are the landmark report's: ten runs of 20 pictures, with the mean 3.96 %. The standard error of that
    mean is about √(s (1 − s) / 200), where s is the chance level; more pictures or runs make it smaller.

    Raises:
        ValueError: without a label, for fewer than one picture, or fewer than two runs, which have no spread.

    >>> labels = torch.tensor([0, 0, 0, 1])
    >>> simulated = simulate_chance(labels, pictures=1000, runs=100)
    >>> abs(simulated.mean - 0.625) < 4 * simulated.error < 0.01
    True
    """
    labels = _labels(labels)
    if pictures < 1 or runs < 2:
        raise ValueError(f"a simulation needs a picture and two runs at least, got pictures={pictures}, runs={runs}")
    generator = torch.Generator().manual_seed(seed)
    shown, guessed = labels[torch.randint(len(labels), (2, runs, pictures), generator=generator)]
    accuracies = (shown == guessed).double().mean(dim=1)
    return Simulated(float(accuracies.mean()), float(accuracies.std() / runs**0.5), accuracies)


def _labels(labels: Tensor) -> Tensor:
    if labels.ndim != 1 or not len(labels) or labels.is_floating_point():
        raise ValueError(
            f"the chance level needs labels (N,), whole numbers, with N > 0, got {labels.dtype} {tuple(labels.shape)}"
        )
    return labels
