"""What the pictures are painted with: a canvas in units of its side, noise, and brush strokes along a flow."""

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

SIDE = 1024  # pixels that a picture is painted with, before it is reduced: this smooths all edges

Colour = tuple[int, ...]  # red, green and blue from 0 to 255
Point = tuple[float, float]  # x to the right and y down, from 0 to 1


class Canvas:
    """A square picture of one colour to paint on, with coordinates from 0 to 1."""

    def __init__(self, colour: Colour) -> None:
        self.image = Image.new("RGB", (SIDE, SIDE), colour)
        self._draw = ImageDraw.Draw(self.image)

    def polygon(
        self, points: np.ndarray | list[Point], fill: Colour | None, outline: Colour | None = None, width: float = 0.0
    ) -> None:
        """A polygon, with a line around it ``width`` wide."""
        scaled = _pixels(points)
        if fill is not None:
            self._draw.polygon(scaled, fill=fill)
        if outline is not None:
            self.line([*points, points[0], points[1]], outline, width)

    def line(self, points: np.ndarray | list[Point], colour: Colour, width: float) -> None:
        """A line through the points, with round joints and ends."""
        scaled, thick = _pixels(points), max(1, round(width * SIDE))
        self._draw.line(scaled, fill=colour, width=thick, joint="curve")
        if thick > 2:
            for x, y in (scaled[0], scaled[-1]):
                radius = thick / 2 - 0.5
                self._draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)

    def disc(
        self, centre: Point, radius: float, fill: Colour | None, outline: Colour | None = None, width: float = 0.0
    ) -> None:
        """A circle, filled or not."""
        (x, y), r = (SIDE * centre[0], SIDE * centre[1]), SIDE * radius
        self._draw.ellipse((x - r, y - r, x + r, y + r), fill, outline, max(1, round(width * SIDE)))

    def pixels(self) -> np.ndarray:
        """A copy of the picture, (SIDE, SIDE, 3) from 0 to 1."""
        return np.asarray(self.image, np.float64) / 255


def _pixels(points: np.ndarray | list[Point]) -> list[Point]:
    return [(SIDE * float(x), SIDE * float(y)) for x, y in points]


def grid() -> tuple[np.ndarray, np.ndarray]:
    """x and y of every pixel, each (SIDE, SIDE)."""
    axis = (np.arange(SIDE) + 0.5) / SIDE
    return axis[None, :].repeat(SIDE, 0), axis[:, None].repeat(SIDE, 1)


def noise(generator: np.random.Generator, cells: float, octaves: int = 4) -> np.ndarray:
    """Smooth noise with mean 0 and standard deviation 1: (SIDE, SIDE); the coarsest bumps are 1/``cells`` wide."""
    total = np.zeros((SIDE, SIDE))
    for octave in range(octaves):
        count = max(2, round(cells * 2**octave))
        coarse = generator.standard_normal((count + 3, count + 3))
        total += ndimage.zoom(coarse, SIDE / count, order=3)[:SIDE, :SIDE] / 2**octave
    return (total - total.mean()) / total.std()


def mixed(low: Colour | np.ndarray, high: Colour | np.ndarray, share: np.ndarray) -> np.ndarray:
    """Colours between two, by ``share`` from 0 to 1: (…, 3)."""
    amount = np.clip(share, 0, 1)[..., None]
    return np.asarray(low, float) * (1 - amount) + np.asarray(high, float) * amount


def strokes(
    canvas: Canvas,
    colours: np.ndarray,
    angles: np.ndarray,
    generator: np.random.Generator,
    *,
    count: int,
    length: float,
    width: float,
    variation: float = 18.0,
) -> None:
    """Brush strokes of a painting: each follows the flow ``angles`` and has the colour of ``colours`` where it starts.

    Shape: ``colours`` (SIDE, SIDE, 3) from 0 to 255, ``angles`` (SIDE, SIDE) in radians.
    """
    pieces = 7
    starts = generator.random((count, 2))
    shades = generator.normal(0, variation, (count, 1)) + generator.normal(0, variation / 3, (count, 3))
    widths = width * generator.uniform(0.6, 1.3, count)
    for (x, y), shade, thick in zip(starts, shades, widths, strict=True):
        column, row = int(x * SIDE), int(y * SIDE)
        colour = tuple(int(value) for value in np.clip(colours[row, column] + shade, 0, 255))
        path = [(x, y)]
        for _ in range(pieces):
            angle = angles[min(max(int(y * SIDE), 0), SIDE - 1), min(max(int(x * SIDE), 0), SIDE - 1)]
            x, y = x + np.cos(angle) * length / pieces, y + np.sin(angle) * length / pieces
            path.append((x, y))
        canvas.line(path, colour, thick)
