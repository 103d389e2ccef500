"""Cubist planes: a seated figure with a guitar, cut into facets that are each shaded from edge to edge."""

import numpy as np
from PIL import Image, ImageDraw

from cnnlab.data.sources.painted._canvas import SIDE, Canvas, Colour, mixed, noise

LINE: Colour = (26, 20, 24)
PALETTE = np.array(
    [
        (198, 84, 52),
        (226, 158, 66),
        (240, 214, 160),
        (62, 108, 120),
        (28, 56, 84),
        (126, 48, 58),
        (150, 160, 112),
        (214, 128, 120),
        (88, 62, 54),
    ],
    float,
)
SMALLEST = 0.0035  # area of a facet that is not cut again


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(20)
    pixels = np.full((SIDE, SIDE, 3), 200.0)
    facets = _cut(np.array([(0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)]), generator, depth=0)
    grain = noise(generator, 60, 3)
    rows, columns = np.mgrid[0:SIDE, 0:SIDE] / SIDE
    for facet in facets:
        mask = Image.new("1", (SIDE, SIDE))
        ImageDraw.Draw(mask).polygon([(SIDE * x, SIDE * y) for x, y in facet], fill=1)
        inside = np.asarray(mask)
        direction = generator.uniform(0, 2 * np.pi)
        ramp = np.cos(direction) * columns[inside] + np.sin(direction) * rows[inside]
        ramp = (ramp - ramp.min()) / max(np.ptp(ramp), 1e-6)
        base = PALETTE[_colour_at(facet.mean(axis=0), generator)]
        shaded = mixed(0.58 * base, np.minimum(1.18 * base + 14, 255), ramp)
        pixels[inside] = shaded + 7 * grain[inside, None]
    canvas = Canvas(LINE)
    canvas.image.paste(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))
    for facet in facets:
        canvas.polygon(facet, None, LINE, generator.choice([0.003, 0.005, 0.008]))
    _hatching(canvas, facets, generator)
    _figure(canvas)
    return canvas.image


def _cut(polygon: np.ndarray, generator: np.random.Generator, depth: int) -> list[np.ndarray]:
    """Cut a convex polygon by lines through its middle until the parts are small: smaller where the figure is."""
    around = polygon - polygon.mean(axis=0)
    area = 0.5 * abs(np.sum(polygon[:, 0] * np.roll(polygon[:, 1], -1) - np.roll(polygon[:, 0], -1) * polygon[:, 1]))
    outside = np.hypot(*(polygon.mean(axis=0) - (0.5, 0.52)))
    if area < SMALLEST * (1 + 9 * outside) or depth > 12:
        return [polygon]
    # Across the longer axis, more or less, so that facets are not slivers.
    axis = np.linalg.svd(around)[2][0]
    angle = np.arctan2(axis[1], axis[0]) + generator.normal(0, 0.45)
    normal = np.array([np.cos(angle), np.sin(angle)])
    side = around @ normal - generator.normal(0, 0.12) * np.sqrt(area)
    parts: list[list[np.ndarray]] = [[], []]
    for here, there, a, b in zip(polygon, np.roll(polygon, -1, axis=0), side, np.roll(side, -1), strict=True):
        parts[int(a > 0)].append(here)
        if a * b < 0:
            crossing = here + (there - here) * a / (a - b)
            parts[0].append(crossing)
            parts[1].append(crossing)
    if min(map(len, parts)) < 3:
        return [polygon]
    return [facet for part in parts for facet in _cut(np.array(part), generator, depth + 1)]


def _colour_at(point: np.ndarray, generator: np.random.Generator) -> int:
    """The number in the palette: blue around, the head pale, the body red and ochre, the guitar ochre and brown."""
    x, y = point
    if np.hypot((x - 0.5) / 0.15, (y - 0.24) / 0.2) < 1:
        return int(generator.choice([2, 2, 7, 1]))
    if np.hypot((x - 0.52) / 0.3, (y - 0.66) / 0.17) < 1:
        return int(generator.choice([1, 1, 0, 8]))
    if y > 0.4 and abs(x - 0.5) < 0.16 + 0.4 * (y - 0.4):
        return int(generator.choice([0, 5, 7, 2]))
    return int(generator.choice([3, 4, 6, 3, 4, 2]))


def _hatching(canvas: Canvas, facets: list[np.ndarray], generator: np.random.Generator) -> None:
    for facet in facets:
        if generator.random() < 0.16:
            start, end, third = facet[0], facet[1], facet[2]
            for share in np.linspace(0.12, 0.88, 7):
                canvas.line([start + share * (end - start), third + share * (end - third)], LINE, 0.0022)


def _figure(canvas: Canvas) -> None:
    """Lines of a face seen from two sides, and of a guitar."""
    turn = np.linspace(0, 2 * np.pi, 60)
    for centre, width, height in (((0.445, 0.215), 0.042, 0.02), ((0.565, 0.235), 0.03, 0.034)):
        eye = np.stack([centre[0] + width * np.cos(turn), centre[1] + height * np.sin(turn)], axis=1)
        canvas.polygon(eye, (246, 236, 214), LINE, 0.006)
        canvas.disc(centre, 0.013, LINE)
    canvas.line([(0.50, 0.16), (0.475, 0.29), (0.525, 0.305)], LINE, 0.009)
    canvas.polygon([(0.46, 0.355), (0.5, 0.342), (0.555, 0.36), (0.5, 0.378)], (168, 40, 44), LINE, 0.005)
    half = np.linspace(-0.5 * np.pi, 0.9 * np.pi, 40)
    canvas.line(np.stack([0.5 + 0.155 * np.cos(half), 0.25 + 0.2 * np.sin(half)], axis=1), LINE, 0.009)
    for x, y, radius in ((0.40, 0.69, 0.135), (0.62, 0.64, 0.1)):
        arc = np.linspace(0.15 * np.pi, 1.75 * np.pi, 50)
        canvas.line(np.stack([x + radius * np.cos(arc), y + 0.9 * radius * np.sin(arc)], axis=1), LINE, 0.010)
    canvas.disc((0.53, 0.66), 0.045, (58, 38, 36), LINE, 0.006)
    for string in range(4):
        canvas.line([(0.36, 0.715 + 0.012 * string), (0.95, 0.50 + 0.010 * string)], (244, 226, 180), 0.003)
    canvas.polygon([(0.90, 0.49), (0.99, 0.455), (1.0, 0.52), (0.92, 0.56)], (66, 40, 38), LINE, 0.006)
