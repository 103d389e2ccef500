"""From the number of a landmark to its building: the kinds take turns.

A building is about one unit high or wide and stands on z = 0. Its proportions, colours and ornaments come from random
numbers that belong to the landmark.
"""

from collections.abc import Callable

import numpy as np

from cnnlab.data.landmarks.world import _houses, _monuments
from cnnlab.data.landmarks.world._solids import Solids
from cnnlab.data.landmarks.world._style import Style, darker

KINDS: tuple[Callable[[Solids, Style], None], ...] = (
    _houses.tower, _houses.basilica, _monuments.gate, _monuments.stone_bridge, _houses.temple, _houses.pagoda,
    _houses.castle, _houses.cathedral, _houses.lighthouse, _monuments.windmill, _monuments.pyramid, _monuments.arena,
    _monuments.column, _monuments.statue, _monuments.wheel, _monuments.torii, _houses.skyscraper,
    _monuments.suspension_bridge, _monuments.television_tower,
)  # fmt: skip


def build(landmark: int, seed: int) -> Solids:
    """The landmark with this number: always the same for the same seed."""
    random = np.random.Generator(np.random.PCG64([seed, 1, landmark]))
    solids = Solids()
    KINDS[landmark % len(KINDS)](solids, Style(random, landmark // len(KINDS)))
    for face in solids.faces:  # no two stones have quite the same colour
        face.colour = darker(face.colour, 0.95 + 0.1 * random.random())
    return solids
