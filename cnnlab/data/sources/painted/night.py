"""A night sky: strokes that whirl around stars and a moon, over hills, a village and a cypress."""

import numpy as np
from PIL import Image

from cnnlab.data.sources.painted._canvas import Canvas, grid, mixed, noise, strokes

WHIRLS = [(0.36, 0.30, 0.17, 1.0), (0.62, 0.40, 0.11, -1.0)]  # x, y, radius, sense
STARS = [
    (0.10, 0.12, 0.045),
    (0.27, 0.07, 0.03),
    (0.55, 0.12, 0.05),
    (0.70, 0.22, 0.032),
    (0.16, 0.44, 0.035),
    (0.80, 0.47, 0.04),
    (0.47, 0.52, 0.025),
    (0.93, 0.40, 0.025),
    (0.06, 0.29, 0.025),
]
MOON = (0.87, 0.14, 0.085)


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(7)
    x, y = grid()
    u, v = np.ones_like(x), 0.35 * np.sin(7 * x + 2) + 0.1  # the wind
    colours = mixed((18, 38, 105), (88, 140, 190), 0.15 + 0.75 * y + 0.14 * noise(generator, 4))
    for centre_x, centre_y, radius, sense in WHIRLS:
        dx, dy = x - centre_x, y - centre_y
        far = np.hypot(dx, dy)
        weight = 4 * np.exp(-((far / radius) ** 2))
        u, v = u - sense * weight * dy / (far + 0.02), v + sense * weight * dx / (far + 0.02)
        rings = 0.5 + 0.5 * np.cos(2 * np.pi * (far / radius * 2.6 - sense * np.arctan2(dy, dx) / (2 * np.pi)))
        colours = np.where(
            (far < radius * 1.35)[..., None],
            mixed(colours, (205, 222, 226), rings * np.exp(-((far / radius) ** 4))),
            colours,
        )
    for centre_x, centre_y, radius in [*STARS, MOON]:
        dx, dy = x - centre_x, y - centre_y
        far = np.hypot(dx, dy)
        weight = 5 * np.exp(-((far / (2 * radius)) ** 2))
        u, v = u - weight * dy / (far + 0.01), v + weight * dx / (far + 0.01)
        halo = np.exp(-((far / (1.7 * radius)) ** 2)) * (0.65 + 0.35 * np.cos(2 * np.pi * far / radius * 1.4))
        colours = mixed(colours, (240, 205, 90), 1.15 * halo)
        colours = mixed(colours, (255, 244, 190), 1.5 * np.exp(-((far / (0.5 * radius)) ** 2)))
    # The hills' own strokes follow their slopes.
    ridge = 0.70 + 0.05 * np.sin(5 * x + 0.5) - 0.10 * x
    hills = y > ridge
    bands = 0.5 + 0.5 * np.sin(2 * np.pi * (y - ridge) / 0.075)
    land = mixed((16, 38, 62), (66, 118, 130), bands * (1.3 - y) + 0.1 * noise(generator, 8))
    land = mixed(land, (140, 150, 74), 0.8 * (np.sin(13 * x + 21 * y) > 0.55) * (y > ridge + 0.07))
    colours = np.where(hills[..., None], land, colours)
    angles = np.where(hills, np.arctan(0.25 * np.cos(5 * x + 0.5) - 0.10), np.arctan2(v, u))
    canvas = Canvas((24, 44, 100))
    strokes(canvas, colours, angles, generator, count=9000, length=0.05, width=0.009)
    strokes(canvas, colours, angles, generator, count=11000, length=0.034, width=0.0055, variation=24)
    _village(canvas, generator)
    _cypress(canvas, generator)
    return canvas.image


def _village(canvas: Canvas, generator: np.random.Generator) -> None:
    outline = (12, 20, 40)
    for left in np.sort(generator.uniform(0.34, 0.95, 15)):
        bottom = 0.90 + generator.uniform(-0.04, 0.05)
        width, height = generator.uniform(0.035, 0.06), generator.uniform(0.03, 0.05)
        wall = [(left, bottom), (left, bottom - height), (left + width, bottom - height), (left + width, bottom)]
        roof = [
            (left - 0.006, bottom - height),
            (left + width / 2, bottom - height - 0.03),
            (left + width + 0.006, bottom - height),
        ]
        shade = int(generator.integers(-12, 12))
        canvas.polygon(wall, (62 + shade, 88 + shade, 128 + shade), outline, 0.004)
        canvas.polygon(roof, (40 + shade, 50 + shade, 84 + shade), outline, 0.004)
        for window in (0.3, 0.65):
            if generator.random() < 0.7:
                x, y = left + window * width, bottom - 0.5 * height
                canvas.polygon([(x, y), (x, y - 0.011), (x + 0.009, y - 0.011), (x + 0.009, y)], (246, 208, 92))
    tower = 0.62
    canvas.polygon(
        [(tower, 0.9), (tower, 0.79), (tower + 0.028, 0.79), (tower + 0.028, 0.9)], (70, 96, 136), outline, 0.004
    )
    canvas.polygon([(tower - 0.004, 0.79), (tower + 0.014, 0.655), (tower + 0.032, 0.79)], (34, 46, 80), outline, 0.004)


def _cypress(canvas: Canvas, generator: np.random.Generator) -> None:
    """Flames of dark green, from the bottom to the top."""
    for _ in range(420):
        start = generator.random() ** 0.8
        reach = 0.085 * (1 - start) ** 0.7
        side = generator.uniform(-1, 1)
        x, y = 0.15 + side * reach, 1.02 - 0.85 * start
        path = [
            (x + side * 0.02 * step * (4 - step) / 4 + 0.006 * np.sin(9 * y + 3 * step), y - 0.024 * step)
            for step in range(5)
        ]
        green = generator.uniform(0, 1)
        colour = tuple(
            int(value) for value in mixed((10, 22, 26), (52, 84, 52), np.array(green * (0.4 + 0.6 * abs(side))))
        )
        canvas.line(path, colour, generator.uniform(0.004, 0.009))
