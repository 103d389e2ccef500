"""Which layers are trained, in which order, and which begin with random weights."""

from collections.abc import Sequence
from typing import NamedTuple

from cnnlab.training.transfer_learning.layers import Layer, Which, below, chosen


class Plan(NamedTuple):
    """The layers that are trained in each stage, and those that start from random weights; the head is among both."""

    stages: list[list[Layer]]
    random: list[Layer]


class Choice(NamedTuple):
    """The options of `transfer` that say which layers are trained."""

    scenario: int | None = None
    freeze: Which | None = None
    last: Which | None = None
    gradual: Sequence[int] | None = None
    copied: int | None = None


def plan(found: Sequence[Layer], head: str, choice: Choice) -> Plan:
    """The plan that ``choice`` describes, for a network of the layers ``found`` with the new ``head``.

    Raises:
        ValueError: for options that exclude one another, a scenario that there is not, a layer that is not there, or
            random weights that would be frozen.
    """
    scenario, freeze, last, gradual, copied = choice
    given = [f"{name}={value!r}" for name, value in choice._asdict().items() if value is not None and name != "copied"]
    if len(given) > 1:
        raise ValueError(f"scenario, freeze, last and gradual exclude one another, got {' and '.join(given)}; give one")
    if scenario not in (None, 1, 2, 3, 4):
        raise ValueError(f"scenario must be 1, 2, 3 or 4, got {scenario!r}; advise(network, data) recommends one")
    if scenario == 3 and copied:
        raise ValueError(f"scenario 3 copies no layer, got copied={copied}; leave one of the two out")
    if scenario in (2, 3, 4):
        freeze = len(found) // 3 if scenario == 2 else 0
    copied = 0 if scenario == 3 else copied
    source = found if copied is None else chosen(found, first=copied)
    random = [layer for layer in found if layer not in source or below(layer.name, head)]
    stages = []
    for count in (1,) if gradual is None else gradual:
        if freeze is not None:
            frozen = chosen(found, first=freeze)
            trained = [layer for layer in found if layer not in frozen]
        else:
            trained = chosen(found, last=count if last is None else last)
        stages.append([layer for layer in found if layer in trained or below(layer.name, head)])
    if not stages:
        raise ValueError("gradual must name a number of layers for each stage, as (1, 5, 20), got none")
    for layer in random:
        if layer not in stages[-1]:
            raise ValueError(
                f"with copied={copied}, {layer.name} starts from random weights, and it would be frozen: train it too, "
                f"for instance with freeze={copied}"
            )
    return Plan(stages, random)
