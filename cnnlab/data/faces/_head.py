"""A head in space: points on the face are turned with it and projected onto the picture."""

import math
from collections.abc import Sequence

import numpy as np
from PIL import ImageDraw

from cnnlab.data.faces._moment import Moment
from cnnlab.data.faces.identity import Colour, Identity, mixed

Points = np.ndarray  # (k, 2) or (k, 3) of the head, (k, 2) of the picture
Shape = Sequence[tuple[float, float]]
STEPS = 4  # of a curve between two of its points
DEEP, TALL = 0.74, 1.45  # of the ellipsoid that the face lies on; it is a little broader than the face


class Head:
    """Where things of a head are in one picture, and what they are drawn with."""

    def __init__(self, person: Identity, moment: Moment, draw: ImageDraw.ImageDraw, side: int) -> None:
        self.person, self.moment, self.draw, self.side = person, moment, draw, side
        self.unit = side * 0.29 * moment.scale
        self.centre = (side * (0.5 + 0.5 * moment.shift[0]), side * (0.52 + 0.5 * moment.shift[1]))
        cy, sy = math.cos(moment.yaw), math.sin(moment.yaw)
        cp, sp = math.cos(moment.pitch), math.sin(moment.pitch)
        cr, sr = math.cos(moment.roll), math.sin(moment.roll)
        turn = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
        nod = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
        tip = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
        self.matrix = (tip @ nod @ turn).T
        self.outline = self._outline()

    def at(self, points: Points | Sequence[tuple[float, float, float]]) -> Points:
        """Points (k, 3) of the head in the picture, (k, 2) in pixels."""
        x, y, z = (np.asarray(points, dtype=np.float64) @ self.matrix).T
        near = self.unit * (1 + 0.1 * z)  # a slight perspective
        return np.stack([self.centre[0] + near * x, self.centre[1] + near * y], axis=1)

    def on(self, points: Points | Shape, lift: float = 0.0) -> Points:
        """Points (k, 2) on the surface of the face, ``lift`` above it, in the picture."""
        flat = np.asarray(points, dtype=np.float64)
        broad = 1.05 * self.person.cheek * (1 - (1 - self.person.jaw) * (flat[:, 1] / 0.6).clip(0, 1))
        rest = 1 - (flat[:, 0] / broad) ** 2 - (flat[:, 1] / TALL) ** 2
        depth = DEEP * np.sqrt(rest.clip(0.02)) + lift
        return self.at(np.column_stack([flat, depth]))

    def fill(self, points: Points, colour: Colour) -> None:
        """A polygon (k, 2) of the picture."""
        self.draw.polygon(points.round(1).ravel().tolist(), fill=rgb(colour))

    def line(self, points: Points, colour: Colour, width: float) -> None:
        """A line of a width in units of the head, with round joints."""
        self.draw.line(
            points.round(1).ravel().tolist(), fill=rgb(colour), width=max(1, round(width * self.unit)), joint="curve"
        )

    def spot(self, place: Points, radius: float, colour: Colour) -> None:
        """A disc at a place (2,) of the picture, with a radius in units of the head."""
        (x, y), r = place.round(1).tolist(), round(radius * self.unit, 1)
        self.draw.ellipse([x - r, y - r, x + r, y + r], fill=rgb(colour))

    def shaded(
        self, points: Points, colour: Colour, *, bright: float = 0.0, steps: int = 6, inset: float = 0.5
    ) -> None:
        """A polygon that is darker on the side away from the lamp; ``bright`` lightens the other side."""
        contrast = self.moment.contrast
        low, high = points.min(axis=0), points.max(axis=0)
        lamp = (low + high) / 2 + np.array(self.moment.light) * (high - low) / 2 * 0.7
        for step in range(steps):
            part = step / (steps - 1)
            tone = mixed(darker(colour, 1 - contrast), mixed(colour, (255, 246, 232), bright), part)
            self.fill(lamp + (points - lamp) * (1 - inset * part), tone)

    def _outline(self) -> Points:
        """The contour of the face without hair, (k, 3), from the crown down the right side and up the left."""
        person = self.person
        cheek, open_by = person.cheek, 0.06 * self.moment.mouth
        right = [
            (0.0, -1.14), (0.5 * cheek, -1.07), (0.86 * cheek, -0.78), (0.99 * cheek, -0.35), (cheek, 0.05),
            (cheek * (0.55 + 0.45 * person.jaw), 0.36), (cheek * person.jaw * 0.9, 0.64 + open_by),
            (cheek * (person.chin * 0.62 + 0.3 * person.jaw), 0.87 + 0.6 * person.chin_length + open_by),
            (cheek * person.chin * 0.55, 0.99 + person.chin_length + open_by),
        ]  # fmt: skip
        bottom = (0.0, 1.02 + person.chin_length + open_by)
        contour = curve([*right, bottom, *[(-x, y) for x, y in reversed(right[1:])]], closed=True)
        y = contour[:, 1]
        depth = 0.08 + 0.3 * y.clip(0, 1) - 0.12 * (-y).clip(0, 1)
        # From the side, the cheek that is turned away is the edge of a body and not of a disc.
        contour[:, 0] *= math.hypot(1.0, 0.8 * math.tan(self.moment.yaw))
        return np.column_stack([contour, depth])


def curve(points: Points | Shape, *, closed: bool = False) -> Points:
    """A smooth curve through points (k, 2) or (k, 3): a Catmull-Rom spline."""
    p = np.asarray(points, dtype=np.float64)
    if closed:
        before, start, end, after = np.roll(p, 1, axis=0), p, np.roll(p, -1, axis=0), np.roll(p, -2, axis=0)
    else:
        padded = np.concatenate([2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]])
        before, start, end, after = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(STEPS) / STEPS)[None, :, None]
    b, s, e, a = (part[:, None, :] for part in (before, start, end, after))
    pieces = s + t * (e - b) / 2 + t**2 * (b - 2.5 * s + 2 * e - a / 2) + t**3 * (1.5 * (s - e) + (a - b) / 2)
    flat = pieces.reshape(-1, p.shape[1])
    return flat if closed else np.concatenate([flat, p[-1:]])


def darker(colour: Colour, by: float) -> Colour:
    """The colour multiplied."""
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def rgb(colour: Colour) -> tuple[int, int, int]:
    """A colour as Pillow takes it."""
    r, g, b = (min(255, max(0, int(channel))) for channel in colour)
    return (r, g, b)
