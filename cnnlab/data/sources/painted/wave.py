"""A woodcut: a breaking wave with claws of foam, before a far mountain, printed in a few blues on cream."""

import numpy as np
from PIL import Image

from cnnlab.data.sources.painted._canvas import Canvas, Colour, grid, mixed, noise

INDIGO: Colour = (22, 40, 84)
BLUE: Colour = (44, 84, 138)
PALE: Colour = (140, 176, 196)
FOAM: Colour = (246, 240, 224)


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(5)
    _, y = grid()
    paper = mixed((232, 214, 176), (196, 186, 164), 1 - 1.7 * y + 0.05 * noise(generator, 5))
    canvas = Canvas((232, 214, 176))
    canvas.image.paste(Image.fromarray(np.clip(paper, 0, 255).astype(np.uint8)))
    canvas.polygon([(0.52, 0.70), (0.66, 0.55), (0.69, 0.535), (0.72, 0.55), (0.90, 0.70)], BLUE, INDIGO, 0.005)
    canvas.polygon(
        [
            (0.64, 0.572),
            (0.66, 0.55),
            (0.69, 0.535),
            (0.72, 0.55),
            (0.738, 0.566),
            (0.715, 0.58),
            (0.70, 0.565),
            (0.682, 0.588),
            (0.668, 0.568),
        ],
        FOAM,
        INDIGO,
        0.003,
    )
    _swell(canvas, generator, base=0.70, height=0.09, period=0.8, phase=0.62)
    _breaker(canvas, generator)
    _swell(canvas, generator, base=0.84, height=0.12, period=0.75, phase=0.30)
    _swell(canvas, generator, base=0.95, height=0.07, period=0.5, phase=0.75)
    grain = np.asarray(canvas.image, float) + 5 * noise(generator, 90, 2)[..., None]
    grain *= 1 - 0.06 * (np.sin(2 * np.pi * (y * 70 + 0.6 * noise(generator, 3))) > 0.75)[..., None]  # the wood's grain
    return Image.fromarray(np.clip(grain, 0, 255).astype(np.uint8))


def _swell(
    canvas: Canvas, generator: np.random.Generator, *, base: float, height: float, period: float, phase: float
) -> None:
    """A wave across the picture: a peaked crest, stripes that follow it, a seam of foam."""
    x = np.linspace(-0.02, 1.02, 160)
    crest = base - height * np.abs(np.sin(np.pi * (x - phase) / period)) ** 1.6
    canvas.polygon([*zip(x, crest, strict=True), (1.02, 1.1), (-0.02, 1.1)], BLUE, INDIGO, 0.006)
    for k in range(1, 9):
        lower = crest + 0.022 * k + 0.35 * (base - crest) * k / 8
        canvas.line(list(zip(x, lower, strict=True)), (PALE, INDIGO)[k % 2], 0.009 if k % 2 else 0.006)
    _scallops(canvas, np.stack([x, crest + 0.004], axis=1)[::3], generator, 0.011)


def _breaker(canvas: Canvas, generator: np.random.Generator) -> None:
    """The great wave: its back rises from the left, its crest curls over to the right."""
    back = _curve([(-0.05, 0.62), (0.02, 0.40), (0.12, 0.20), (0.27, 0.09), (0.42, 0.11), (0.52, 0.21), (0.545, 0.33)])
    face = _curve(
        [
            (0.545, 0.33),
            (0.47, 0.27),
            (0.40, 0.29),
            (0.345, 0.38),
            (0.335, 0.52),
            (0.38, 0.66),
            (0.50, 0.80),
            (0.62, 0.90),
        ]
    )
    canvas.polygon([*back, *face, (0.62, 1.1), (-0.05, 1.1)], BLUE, INDIGO, 0.008)
    # Stripes run between the back and the face, from the crest down to the trough.
    low = _curve([(-0.05, 0.95), (0.02, 0.72), (0.09, 0.48), (0.19, 0.31), (0.30, 0.23), (0.42, 0.22), (0.545, 0.33)])
    for k, share in enumerate(np.linspace(0.08, 0.92, 11)):
        stripe = (1 - share) * face[::-1][: len(low)] + share * low
        canvas.line(stripe[6:-4], (INDIGO, PALE, FOAM, PALE)[k % 4], 0.012 if k % 2 == 0 else 0.008)
    _scallops(canvas, back[8:], generator, 0.024)
    edge = face[:30]
    _scallops(canvas, edge, generator, 0.020)
    for x, y in edge[2:26:2]:
        _claw(canvas, x, y, generator)
    for _ in range(150):
        spread = generator.normal(0, 1, 2)
        canvas.disc(
            (0.53 + 0.09 * spread[0], 0.37 + 0.11 * abs(spread[1]) - 0.1), generator.uniform(0.002, 0.006), FOAM
        )


def _claw(canvas: Canvas, x: float, y: float, generator: np.random.Generator) -> None:
    """Fingers of foam that hook down from the crest."""
    for _ in range(3):
        angle, reach = generator.uniform(0.15, 1.5), generator.uniform(0.035, 0.07)
        turn = np.linspace(0, 1, 9)
        bent = angle + 1.3 * turn
        path = np.stack([x + np.cumsum(np.cos(bent)) * reach / 9, y + np.cumsum(np.sin(bent)) * reach / 9], axis=1)
        canvas.line(path, INDIGO, 0.013)
        canvas.line(path, FOAM, 0.008)
        canvas.disc((path[-1, 0], path[-1, 1]), 0.007, FOAM, INDIGO, 0.003)


def _scallops(canvas: Canvas, along: np.ndarray, generator: np.random.Generator, size: float) -> None:
    """A seam of foam: discs with an outline, larger and smaller, two rows of them."""
    for shift in (0.9, 0.0):
        for x, y in along:
            radius = size * generator.uniform(0.6, 1.1)
            canvas.disc((x + generator.normal(0, 0.2 * size), y + shift * size), radius, FOAM, INDIGO, 0.004)


def _curve(points: list[tuple[float, float]]) -> np.ndarray:
    """A smooth curve through the points: (73, 2)."""
    from scipy.interpolate import CubicSpline

    given = np.array(points)
    length = np.r_[0, np.cumsum(np.hypot(*np.diff(given, axis=0).T))]
    return CubicSpline(length, given)(np.linspace(0, length[-1], 73))
