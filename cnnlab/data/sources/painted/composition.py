"""A geometric composition: circles, triangles, lines and a chequerboard that float on cream."""

import numpy as np
from PIL import Image

from cnnlab.data.sources.painted._canvas import Canvas, Colour, grid, mixed, noise

BLACK: Colour = (24, 22, 28)
RED: Colour = (206, 48, 40)
BLUE: Colour = (32, 74, 156)
YELLOW: Colour = (244, 196, 48)
TEAL: Colour = (38, 140, 140)
ROSE: Colour = (228, 132, 148)
VIOLET: Colour = (108, 64, 132)
ORANGE: Colour = (236, 122, 40)
COLOURS = (RED, BLUE, YELLOW, TEAL, ROSE, VIOLET, ORANGE)


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(13)
    x, y = grid()
    ground = mixed((248, 236, 206), (230, 214, 182), 0.4 + 0.25 * noise(generator, 5))
    for centre_x, centre_y, radius, colour in (
        (0.25, 0.28, 0.3, (238, 170, 170)),
        (0.75, 0.65, 0.33, (150, 190, 210)),
        (0.72, 0.2, 0.22, (244, 214, 120)),
        (0.2, 0.8, 0.2, (176, 204, 160)),
    ):
        far = np.hypot(x - centre_x, y - centre_y) / radius + 0.12 * noise(generator, 6)
        ground = mixed(ground, colour, 0.75 * np.clip(1.15 - far, 0, 1))
    canvas = Canvas((240, 230, 200))
    canvas.image.paste(Image.fromarray(np.clip(ground, 0, 255).astype(np.uint8)))
    canvas.polygon([(0.04, 0.97), (0.46, 0.06), (0.62, 0.9)], (238, 206, 110), BLACK, 0.005)
    canvas.polygon([(0.46, 0.06), (0.62, 0.9), (0.40, 0.93)], (206, 88, 70), BLACK, 0.004)
    canvas.polygon([(0.55, 0.5), (0.98, 0.36), (0.9, 0.86)], (62, 116, 172), BLACK, 0.004)
    _target(canvas, (0.27, 0.27), 0.175, (BLACK, VIOLET, ROSE, YELLOW, BLUE, RED))
    _target(canvas, (0.76, 0.62), 0.12, (YELLOW, TEAL, (244, 234, 208), ORANGE))
    _target(canvas, (0.68, 0.19), 0.085, (TEAL, YELLOW, RED))
    _chequers(canvas, (0.09, 0.60), (0.045, 0.012), (-0.01, 0.045), 5)
    _chequers(canvas, (0.80, 0.06), (0.032, 0.010), (-0.008, 0.032), 4)
    for _ in range(15):
        centre = generator.uniform(0.05, 0.95, 2)
        _target(
            canvas, (centre[0], centre[1]), generator.uniform(0.012, 0.042), tuple(generator.permutation(COLOURS)[:3])
        )
    for _ in range(9):
        corner, angle, side = (
            generator.uniform(0.06, 0.94, 2),
            generator.uniform(0, 6.28),
            generator.uniform(0.03, 0.075),
        )
        points = [
            tuple(corner + side * np.array([np.cos(angle + turn), np.sin(angle + turn)])) for turn in (0, 2.3, 3.9)
        ]
        canvas.polygon(points, COLOURS[generator.integers(len(COLOURS))], BLACK, 0.003)
    for start, end, width in (
        ((0.02, 0.12), (0.97, 0.78), 0.007),
        ((0.1, 0.95), (0.95, 0.1), 0.010),
        ((0.36, 0.02), (0.86, 0.97), 0.004),
        ((0.02, 0.45), (0.6, 0.38), 0.004),
        ((0.5, 0.98), (0.55, 0.45), 0.006),
    ):
        canvas.line([start, end], BLACK, width)
    for k in range(6):
        canvas.line([(0.60 + 0.022 * k, 0.93), (0.70 + 0.022 * k, 0.80)], COLOURS[k], 0.006)
    turn = np.linspace(0.2, 2.6, 50)
    for k, ink in enumerate((BLACK, RED, BLACK)):
        radius = 0.20 + 0.022 * k
        canvas.line(np.stack([0.34 + radius * np.cos(turn), 0.62 + radius * np.sin(turn)], axis=1), ink, 0.006)
    wave = np.linspace(0, 1, 80)
    for k, ink in enumerate((BLUE, BLACK)):
        canvas.line(np.stack([0.52 + 0.42 * wave, 0.30 + 0.02 * k + 0.022 * np.sin(22 * wave)], axis=1), ink, 0.005)
    return canvas.image


def _target(canvas: Canvas, centre: tuple[float, float], radius: float, colours: tuple[Colour, ...]) -> None:
    """Discs of falling radius on each other."""
    for k, colour in enumerate(colours):
        canvas.disc(centre, radius * (1 - k / len(colours)), tuple(int(value) for value in colour), BLACK, 0.0025)


def _chequers(
    canvas: Canvas, corner: tuple[float, float], right: tuple[float, float], down: tuple[float, float], count: int
) -> None:
    origin, u, v = np.array(corner), np.array(right), np.array(down)
    for i in range(count):
        for j in range(count):
            at = origin + i * u + j * v
            fill = BLACK if (i + j) % 2 else COLOURS[(i * count + j) % 7] if (i + j) % 4 == 0 else (246, 238, 214)
            canvas.polygon([tuple(at), tuple(at + u), tuple(at + u + v), tuple(at + v)], fill, BLACK, 0.002)
