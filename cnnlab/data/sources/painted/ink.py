"""Ink on paper: mountains in mist, bamboo in the foreground, a red seal."""

from itertools import pairwise

import numpy as np
from PIL import Image
from scipy import ndimage

from cnnlab.data.sources.painted._canvas import SIDE, Canvas, grid, mixed, noise


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(11)
    x, y = grid()
    paper = np.array((240, 234, 218)) + 3.0 * noise(generator, 40, 4)[..., None]
    ink = np.zeros_like(x)  # how much light the ink takes, 0 to 1
    for base, height, strength, seed_cells in ((0.42, 0.22, 0.30, 3), (0.55, 0.26, 0.45, 3), (0.74, 0.24, 0.68, 4)):
        ridge = base - height * _ridge(generator, seed_cells)
        depth = y - ridge[None, :]
        wash = np.exp(-np.clip(depth, 0, None) / 0.11) * (depth > 0)  # dark at the ridge, mist below
        texture = 0.72 + 0.28 * noise(generator, 18, 5)
        folds = 0.5 + 0.5 * np.sin(2 * np.pi * (14 * x + 9 * depth) + 2.5 * noise(generator, 7))
        layer = strength * np.clip(wash * texture * (0.65 + 0.45 * folds), 0, 1)
        rim = 0.55 * strength * np.exp(-((depth / 0.004) ** 2))
        ink = np.where(depth > -0.004, np.maximum(0.35 * ink * (depth > 0.02), 0) + layer + rim, ink)
    ink = ndimage.gaussian_filter(np.clip(ink, 0, 1), 1.4)
    picture = mixed(paper, (26, 26, 32), ink)
    canvas = Canvas((255, 255, 255))
    _bamboo(canvas, generator)
    strokes = 1 - np.asarray(canvas.image.convert("L"), float) / 255
    dry = np.clip(1.0 + 0.20 * noise(generator, 110, 2), 0, 1)  # the brush runs dry
    strokes = ndimage.gaussian_filter(strokes, 0.9) * dry
    picture = mixed(picture, (16, 16, 20), 0.95 * strokes)
    seal = (x > 0.09) & (x < 0.15) & (y > 0.08) & (y < 0.15)
    carved = (np.abs(((x - 0.09) / 0.06 * 3) % 1 - 0.5) < 0.16) | (np.abs(((y - 0.08) / 0.07 * 4) % 1 - 0.5) < 0.13)
    picture = np.where(
        (seal & ~carved)[..., None], np.array((186, 44, 38)) + 6 * noise(generator, 90, 2)[..., None], picture
    )
    return Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8))


def _ridge(generator: np.random.Generator, cells: int) -> np.ndarray:
    """The height of a chain of mountains above its foot, 0 to 1: (SIDE,)."""
    line = np.zeros(SIDE)
    for octave in range(7):
        count = cells * 2**octave
        line += np.interp(np.linspace(0, count, SIDE), np.arange(count + 1), generator.random(count + 1)) / 1.9**octave
    return (line - line.min()) / np.ptp(line)


def _bamboo(canvas: Canvas, generator: np.random.Generator) -> None:
    for foot, top, lean, width, grey in (
        (0.80, 0.02, -0.05, 0.030, 20),
        (0.91, 0.10, -0.10, 0.022, 60),
        (0.70, 0.30, 0.03, 0.014, 96),
    ):
        joints = np.linspace(1.02, top, 8)
        for lower, upper in pairwise(joints):
            x_low, x_up = (foot + lean * (1 - level) for level in (lower, upper))
            shade = int(grey + generator.integers(0, 24))
            canvas.line([(x_low, lower - 0.008), (x_up, upper + 0.008)], (shade,) * 3, width)
            canvas.line([(x_up - 0.7 * width, upper + 0.002), (x_up + 0.7 * width, upper)], (10,) * 3, 0.005)
            if generator.random() < 0.85:
                _leaves(canvas, x_up, upper, generator, grey)


def _leaves(canvas: Canvas, x: float, y: float, generator: np.random.Generator, grey: int) -> None:
    """A few leaves that hang from a twig: strokes that swell and end in a point."""
    side = generator.choice([-1, 1])
    twig = (x + side * generator.uniform(0.05, 0.12), y - generator.uniform(0.0, 0.05))
    canvas.line([(x, y), twig], (grey,) * 3, 0.004)
    for angle in generator.uniform(0.1, 1.35, 6):
        length, half = generator.uniform(0.07, 0.13), generator.uniform(0.007, 0.012)
        along = np.array([side * np.cos(angle), np.sin(angle)])
        across = np.array([-along[1], along[0]])
        share = np.linspace(0, 1, 12)[:, None]
        swell = half * np.sin(np.pi * share**0.7)
        middle = np.array(twig) + along * length * share + np.array([0, 0.02]) * share**2
        outline = np.concatenate([middle + across * swell, (middle - across * swell)[::-1]])
        canvas.polygon(outline, (int(grey * generator.uniform(0.2, 1.0)),) * 3)
