"""Solids made of flat faces: what buildings are put together from.

Lengths are in units of about a building's size; x points right, y away from the viewer of the front, z up.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

Colour = tuple[float, float, float]  # from 0 to 255
Point = tuple[float, float, float]


@dataclass
class Face:
    """A flat polygon, convex or not. A decal (a window, a stripe) lies on the face before it."""

    corners: np.ndarray  # (k, 3)
    normal: np.ndarray  # (3,), outwards
    colour: Colour
    part: int  # the solid it belongs to: solids are drawn from the farthest to the nearest
    decal: bool = False
    glows: bool = False  # lit from inside at night
    two_sided: bool = False


@dataclass
class Solids:
    """Faces, added solid by solid."""

    faces: list[Face] = field(default_factory=list)
    parts: int = 0

    def new_part(self) -> None:
        """Begin another solid."""
        self.parts += 1

    def face(
        self,
        corners: Sequence[Point],
        colour: Colour,
        *,
        decal: bool = False,
        glows: bool = False,
        two_sided: bool = False,
    ) -> None:
        """Add a polygon whose corners run counter-clockwise as seen from outside."""
        points = np.array(corners, dtype=np.float64)
        following = np.roll(points, -1, axis=0)
        normal = np.cross(points, following).sum(axis=0)  # Newell's method: right for polygons that are not convex, too
        length = math.sqrt(float(normal @ normal))
        if length > 1e-12:
            self.faces.append(Face(points, normal / length, colour, self.parts, decal, glows, two_sided))

    def box(
        self, centre: tuple[float, float], size: Point, colour: Colour, *, bottom: float = 0.0, turn: float = 0.0
    ) -> None:
        """A box of ``size`` (width, depth, height) that stands at height ``bottom``, turned about the vertical."""
        self.frustum(centre, size[:2], size[:2], bottom, bottom + size[2], colour, turn=turn)

    def frustum(
        self,
        centre: tuple[float, float],
        lower: tuple[float, float],
        upper: tuple[float, float],
        bottom: float,
        top: float,
        colour: Colour,
        *,
        turn: float = 0.0,
    ) -> None:
        """A box whose upper side has another size than its lower one: a pyramid, a roof, an obelisk."""
        self.new_part()
        cos, sin = math.cos(turn), math.sin(turn)

        def ring(size: tuple[float, float], height: float) -> list[Point]:
            corners = [(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)]
            flat = [(x * size[0], y * size[1]) for x, y in corners]
            return [(centre[0] + cos * x - sin * y, centre[1] + sin * x + cos * y, height) for x, y in flat]

        low, high = ring(lower, bottom), ring(upper, top)
        for i in range(4):
            j = (i + 1) % 4
            self.face([low[i], low[j], high[j], high[i]], colour)
        self.face(high, colour)

    def revolve(
        self,
        centre: tuple[float, float],
        profile: Sequence[tuple[float, float]],
        colour: Colour | Sequence[Colour],
        *,
        sides: int = 12,
    ) -> None:
        """A solid of revolution: ``profile`` is (radius, height) from the bottom up; a colour, or one for each ring."""
        self.new_part()
        colours = [colour] * len(profile) if isinstance(colour[0], (int, float)) else list(colour)
        angles = [2 * math.pi * (i + 0.5) / sides for i in range(sides + 1)]
        around = [(math.cos(angle), math.sin(angle)) for angle in angles]
        for ring, ((r0, z0), (r1, z1)) in enumerate(itertools.pairwise(profile)):
            for (c0, s0), (c1, s1) in itertools.pairwise(around):
                corners = [
                    (centre[0] + r0 * c0, centre[1] + r0 * s0, z0),
                    (centre[0] + r0 * c1, centre[1] + r0 * s1, z0),
                    (centre[0] + r1 * c1, centre[1] + r1 * s1, z1),
                    (centre[0] + r1 * c0, centre[1] + r1 * s0, z1),
                ]
                self.face(corners, colours[ring])  # type: ignore[arg-type]

    def windows(self, columns: int, rows: int, colour: Colour, *, arched: bool = False, fill: float = 0.5) -> None:
        """Put a grid of windows on the four sides of the box or frustum that was added last."""
        walls = [face for face in self.faces[-5:] if abs(face.normal[2]) < 0.7 and not face.decal]
        kept = self.faces[-5:]
        del self.faces[-5:]
        for face in kept:
            self.faces.append(face)
            if any(face is wall for wall in walls):
                self.grid(face, columns, rows, colour, arched=arched, fill=fill)

    def grid(
        self, wall: Face, columns: int, rows: int, colour: Colour, *, arched: bool = False, fill: float = 0.5
    ) -> None:
        """Put a grid of windows on a wall with four corners, of which the first two are below."""
        a, b, c, d = wall.corners
        for row in range(rows):
            v0, v1 = (row + 0.5 - 0.36) / rows, (row + 0.5 + 0.36) / rows
            for column in range(columns):
                u0, u1 = (column + 0.5 - fill / 2) / columns, (column + 0.5 + fill / 2) / columns
                outline = [(u0, v0), (u1, v0), (u1, v1), (u0, v1)]
                if arched:
                    shoulder, middle = v0 + 0.65 * (v1 - v0), (u0 + u1) / 2
                    outline = [
                        (u0, v0), (u1, v0), (u1, shoulder), (0.3 * middle + 0.7 * u1, v1 - 0.1 * (v1 - v0)),
                        (middle, v1), (0.3 * middle + 0.7 * u0, v1 - 0.1 * (v1 - v0)), (u0, shoulder),
                    ]  # fmt: skip
                points = [(a * (1 - u) + b * u) * (1 - v) + (d * (1 - u) + c * u) * v for u, v in outline]
                self.faces.append(
                    Face(np.array(points), wall.normal, colour, wall.part, decal=True, glows=(row * 7 + column) % 3 > 0)
                )

    def stripe(self, wall: Face, low: float, high: float, colour: Colour) -> None:
        """A band across a wall with four corners, between two fractions of its height."""
        a, b, c, d = wall.corners
        points = [a + (d - a) * low, b + (c - b) * low, b + (c - b) * high, a + (d - a) * high]
        self.faces.append(Face(np.array(points), wall.normal, colour, wall.part, decal=True))
