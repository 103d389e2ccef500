"""A mosaic: a fish between waves under the sun, of tesserae that differ in colour, with grout between them."""

import numpy as np
from PIL import Image
from scipy.spatial import cKDTree

from cnnlab.data.sources.painted._canvas import SIDE, grid, mixed

COUNT = 2300  # tesserae
GROUT = 0.0011  # half of the width of the gap between two, in sides


def paint() -> Image.Image:
    """The picture."""
    generator = np.random.default_rng(3)
    centres = _relaxed(generator.random((COUNT, 2)))
    colours = _design(centres)
    colours = colours + generator.normal(0, 13, (COUNT, 1)) + generator.normal(0, 7, (COUNT, 3))
    x, y = grid()
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    distances, nearest = cKDTree(centres).query(pixels, k=2)
    margin = (distances[:, 1] - distances[:, 0]).reshape(SIDE, SIDE)
    owner = nearest[:, 0].reshape(SIDE, SIDE)
    # Each stone is lit from the upper left and worn at its edges.
    offset = (pixels - centres[nearest[:, 0]]).reshape(SIDE, SIDE, 2)
    light = 1.04 - 6 * offset.sum(axis=2)
    stones = colours[owner] * light[..., None]
    grout = mixed((54, 46, 42), (92, 80, 70), y)
    edge = (margin - 2 * GROUT) / 0.003
    return Image.fromarray(np.clip(mixed(grout, stones, edge), 0, 255).astype(np.uint8))


def _relaxed(centres: np.ndarray) -> np.ndarray:
    """Points that keep their distance: each moves to the middle of its cell a few times (Lloyd's algorithm)."""
    axis = (np.arange(320) + 0.5) / 320
    samples = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    for _ in range(9):
        _, owner = cKDTree(centres).query(samples)
        count = np.bincount(owner, minlength=len(centres))
        sums = np.stack([np.bincount(owner, samples[:, k], len(centres)) for k in (0, 1)], axis=1)
        centres = np.where(count[:, None] > 0, sums / np.maximum(count, 1)[:, None], centres)
    return centres


def _design(points: np.ndarray) -> np.ndarray:
    """The colour of the picture at each of the points: (N, 3)."""
    x, y = points[:, 0], points[:, 1]
    level = 0.56 + 0.03 * np.sin(11 * x)
    sea_band = np.floor((y - level) / 0.055 + 0.6 * np.sin(9 * x)).astype(int) % 4
    sea = np.array([(24, 84, 120), (44, 132, 150), (16, 56, 98), (120, 186, 178)], float)[sea_band]
    far = np.hypot(x - 0.72, y - 0.24)
    angle = np.arctan2(y - 0.24, x - 0.72)
    ray = np.sin(14 * angle) > 0
    sky = np.where(((far < 0.34) & ray)[:, None], (238, 192, 104), (232, 216, 180))
    sky = np.where((far > 0.34)[:, None] & ((np.floor(far / 0.05) % 2) == 0)[:, None], (196, 208, 196), sky)
    sky = np.where((far < 0.15)[:, None], (226, 122, 44), sky)
    sky = np.where((far < 0.10)[:, None], (248, 198, 62), sky)
    colours = np.where((y > level)[:, None], sea, sky)
    # The fish: an ellipse with bands, a tail, an eye.
    fx, fy = x - 0.44, y - 0.66
    fx, fy = 0.97 * fx - 0.22 * fy, 0.22 * fx + 0.97 * fy
    body = (fx / 0.27) ** 2 + (fy / 0.125) ** 2
    bands = np.array([(206, 62, 44), (236, 146, 52), (250, 222, 150)], float)[
        np.floor((fx + 1) / 0.052).astype(int) % 3
    ]
    tail = (fx > 0.22) & (fx < 0.40) & (np.abs(fy) < 0.75 * (fx - 0.20))
    fin = (np.abs(fx + 0.02) < 0.13) & (fy < -0.08) & (fy > -0.19 + 0.6 * np.abs(fx + 0.02))
    colours = np.where((tail | fin)[:, None], (170, 34, 46), colours)
    colours = np.where((body < 1)[:, None], bands, colours)
    colours = np.where((np.hypot(fx + 0.19, fy + 0.02) < 0.035)[:, None], (250, 246, 232), colours)
    return np.where((np.hypot(fx + 0.195, fy + 0.02) < 0.016)[:, None], (20, 18, 24), colours)
