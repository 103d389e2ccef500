"""What the kinds of buildings share: colours, random choices, domes, gables, arches."""

import itertools
import math

import numpy as np

from cnnlab.data.landmarks.world._solids import Colour, Solids

Random = np.random.Generator

WALLS: tuple[Colour, ...] = (
    (226, 216, 196),  # limestone
    (170, 74, 58),  # brick
    (212, 172, 112),  # sandstone
    (150, 152, 158),  # granite
    (240, 236, 230),  # marble
    (196, 122, 96),  # terracotta
    (118, 96, 84),  # basalt
    (222, 190, 190),  # pink granite
    (150, 168, 140),  # green sandstone
    (236, 206, 128),  # ochre plaster
    (120, 146, 176),  # blue plaster
)
ROOFS: tuple[Colour, ...] = (
    (92, 148, 124),  # verdigris
    (150, 62, 44),  # tiles
    (74, 80, 94),  # slate
    (206, 168, 66),  # gold
    (58, 92, 132),  # blue tiles
    (110, 84, 64),  # wood
    (196, 200, 204),  # lead
)
GLASS: Colour = (52, 62, 78)


class Style:
    """The random choices that the kinds share."""

    def __init__(self, random: Random, variant: int) -> None:
        self.random = random
        # Landmarks of one kind are numbered; a step that shares no factor with 11 or 7 gives each its own colours.
        self.wall = WALLS[(variant * 4 + int(random.integers(2))) % len(WALLS)]
        self.trim = WALLS[(variant * 4 + 5 + int(random.integers(3))) % len(WALLS)]
        self.roof = ROOFS[(variant * 3 + int(random.integers(2))) % len(ROOFS)]

    def between(self, low: float, high: float) -> float:
        """A random number."""
        return low + (high - low) * self.random.random()

    def count(self, low: int, high: int) -> int:
        """A random whole number, ``high`` included."""
        return int(self.random.integers(low, high + 1))

    def chance(self, probability: float = 0.5) -> bool:
        """A random yes or no."""
        return bool(self.random.random() < probability)


def darker(colour: Colour, by: float = 0.75) -> Colour:
    """The colour, multiplied."""
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def dome(radius: float, height: float, base: float, *, onion: bool = False) -> list[tuple[float, float]]:
    """The profile of a dome that begins at height ``base``."""
    if onion:
        shape = [(0.8, 0), (1.05, 0.2), (1.0, 0.38), (0.72, 0.58), (0.36, 0.76), (0.1, 0.92), (0.02, 1)]
    else:
        shape = [(math.cos(t), math.sin(t)) for t in (0, 0.3, 0.6, 0.9, 1.2, 1.45)] + [(0.03, 1.02)]
    return [(radius * r, base + height * z) for r, z in shape]


def add_gable(
    solids: Solids,
    centre: tuple[float, float],
    size: tuple[float, float],
    bottom: float,
    height: float,
    wall: Colour,
    roof: Colour,
    *,
    along_x: bool = False,
) -> None:
    """A saddle roof whose gables face front and back, or, with ``along_x``, the sides."""
    (x, y), (w, d) = centre, (size[0] / 2, size[1] / 2)
    solids.new_part()
    if along_x:
        ridge = [(x - w, y, bottom + height), (x + w, y, bottom + height)]
        low = [(x - w, y - d, bottom), (x + w, y - d, bottom), (x + w, y + d, bottom), (x - w, y + d, bottom)]
        solids.face([low[0], low[1], ridge[1], ridge[0]], roof)
        solids.face([low[2], low[3], ridge[0], ridge[1]], roof)
        solids.face([low[1], low[2], ridge[1]], wall)
        solids.face([low[3], low[0], ridge[0]], wall)
    else:
        ridge = [(x, y - d, bottom + height), (x, y + d, bottom + height)]
        low = [(x - w, y - d, bottom), (x + w, y - d, bottom), (x + w, y + d, bottom), (x - w, y + d, bottom)]
        solids.face([low[1], low[2], ridge[1], ridge[0]], roof)
        solids.face([low[3], low[0], ridge[0], ridge[1]], roof)
        solids.face([low[0], low[1], ridge[0]], wall)
        solids.face([low[2], low[3], ridge[1]], wall)


def add_arch(
    solids: Solids,
    span: tuple[float, float],
    opening: tuple[float, float],
    spring: float,
    height: float,
    depth: float,
    colour: Colour,
    *,
    flat: float = 1.0,
) -> None:
    """A wall with an arched opening from the ground up, and the inside of the arch."""
    middle, radius = sum(opening) / 2, (opening[1] - opening[0]) / 2
    curve = [(middle + radius * math.cos(t), spring + flat * radius * math.sin(t)) for t in np.linspace(0, math.pi, 11)]
    outline = [(span[0], 0.0), (opening[0], 0.0), *reversed(curve), (opening[1], 0.0), (span[1], 0.0)]
    outline += [(span[1], height), (span[0], height)]
    solids.new_part()
    inside = [(opening[1], 0.0), *curve, (opening[0], 0.0)]
    for (x0, z0), (x1, z1) in itertools.pairwise(inside):
        front, back = -depth / 2, depth / 2
        solids.face(
            [(x0, front, z0), (x0, back, z0), (x1, back, z1), (x1, front, z1)], darker(colour, 0.6), two_sided=True
        )
    for y in (depth / 2, -depth / 2):
        face = [(x, y, z) for x, z in outline]
        solids.face(face if y < 0 else face[::-1], colour)
    for x, sign in ((span[0], -1), (span[1], 1)):
        side = [(x, -sign * depth / 2, 0.0), (x, sign * depth / 2, 0.0)]
        solids.face([*side, (x, sign * depth / 2, height), (x, -sign * depth / 2, height)], colour)
