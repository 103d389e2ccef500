"""Pictures of drawn landmarks: one building, from another place and on another day in every picture."""

import math
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from cnnlab.data.landmarks.world import _surroundings as around
from cnnlab.data.landmarks.world._buildings import build
from cnnlab.data.landmarks.world._days import Day, new_day
from cnnlab.data.landmarks.world._solids import Solids

SIZE = (192, 256)  # height and width in pixels: the landmark report's
FINER = 2  # the scene is drawn this many times larger and scaled down, which smooths the edges


class Model:
    """A building's faces as arrays, and the place where it stands."""

    def __init__(self, solids: Solids, random: np.random.Generator) -> None:
        faces = solids.faces
        self.corners = np.concatenate([face.corners for face in faces])
        self.starts = np.cumsum([0, *(len(face.corners) for face in faces)])
        self.normals = np.array([face.normal for face in faces])
        self.colours = np.array([face.colour for face in faces])
        self.centres = np.array([face.corners.mean(axis=0) for face in faces])
        self.two_sided = np.array([face.two_sided for face in faces])
        self.glows = np.array([face.glows for face in faces])
        owners: list[int] = []
        for number, face in enumerate(faces):
            owners.append(owners[-1] if face.decal else number)
        self.owners = np.array(owners)
        parts = np.array([face.part for face in faces])
        solid_faces = ~np.array([face.decal for face in faces])
        middles = {part: self.centres[(parts == part) & solid_faces].mean(axis=0) for part in np.unique(parts)}
        self.part_centres = np.array([middles[part] for part in parts])
        low, high = self.corners.min(axis=0), self.corners.max(axis=0)
        self.middle, self.height = (low + high) / 2, float(high[2])
        self.breadth = float(max(high[0] - low[0], high[1] - low[1]))
        self.ground, self.skyline = int(random.integers(len(around.GROUNDS))), int(random.integers(4))
        self.trees = int(random.integers(4))
        self.floodlight = 0.75 + 0.25 * random.random(3)


@lru_cache(maxsize=256)
def _model(landmark: int, seed: int) -> Model:
    return Model(build(landmark, seed), np.random.Generator(np.random.PCG64([seed, 2, landmark])))


def draw_landmark(landmark: int, number: int, *, seed: int = 0) -> Image.Image:
    """Draw picture ``number`` of a landmark: the same picture for the same three numbers, on every platform.

    The building is the landmark's; viewpoint, distance, time of day, weather, people and what stands in the way are the
    picture's. About 5 ms on one core.

    Returns: an RGB picture, 256 pixels wide and 192 high.

    >>> draw_landmark(3, 0).size
    (256, 192)
    """
    model = _model(landmark, seed)
    random = np.random.Generator(np.random.PCG64([seed, 3, landmark, number]))
    day = new_day(random)
    width, height = SIZE[1] * FINER, SIZE[0] * FINER
    camera = _Camera(model, (width, height), random)

    picture = around.sky((width, height), camera.horizon, day, random)
    draw = ImageDraw.Draw(picture)
    around.skyline(draw, (width, height), camera.horizon, model.skyline, day, random)
    around.ground(picture, camera.horizon, model.ground, day, random)
    foot = camera.foot(model)
    for _ in range(model.trees):
        beside = foot[0] + width * (random.random() - 0.5) * 1.1
        around.tree(
            draw, (beside, foot[1] - 4 * random.random()), camera.unit * (0.15 + 0.25 * random.random()), day, random
        )
    _building(draw, model, camera, day)
    if model.trees and random.random() < 0.5:
        beside = foot[0] + width * (0.2 + 0.3 * random.random()) * (1 if random.random() < 0.5 else -1)
        around.tree(draw, (beside, foot[1] + 0.06 * height), camera.unit * (0.2 + 0.2 * random.random()), day, random)
    around.crowd(draw, (width, height), min(max(camera.horizon, foot[1] - 0.02 * height), height * 0.95), day, random)
    around.in_the_way(draw, (width, height), day, random)
    around.weather(picture, day, random)
    return _photographed(picture, random)


class _Camera:
    """Where the picture is taken from: a place, a direction, a focal length and a little roll."""

    def __init__(self, model: Model, size: tuple[int, int], random: np.random.Generator) -> None:
        azimuth = math.radians(70) * (2 * random.random() - 1)
        if random.random() < 0.08:
            azimuth += math.pi  # from behind
        extent = max(model.height, model.breadth)
        distance = extent * (1.5 + 2.5 * random.random())
        above = 0.03 + 0.1 * random.random() if random.random() < 0.7 else 0.2 + 0.5 * random.random()
        self.position = model.middle * (1, 1, 0) + np.array(
            [distance * math.sin(azimuth), -distance * math.cos(azimuth), above * model.height]
        )
        # The camera stays level, so that walls are vertical; the picture is shifted instead, as an architect's camera.
        cos, sin = math.cos(azimuth), math.sin(azimuth)
        self.axes = np.array([[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]])  # right, forward, up
        width, height = size
        across, forward, up = self._seen(model.corners)
        u, v = across / forward, -up / forward
        spans = (float(u.max() - u.min()) / width, float(v.max() - v.min()) / height)
        self.focal = (0.5 + 0.5 * random.random()) / max(spans)
        roll = math.radians(4) * (2 * random.random() - 1) if random.random() < 0.4 else 0.0
        self.roll = (math.cos(roll), math.sin(roll))
        self.size = size
        self.shift = (0.0, 0.0)
        x, y = self.project(model.corners)
        rest = (width - float(x.max() - x.min()), height - float(y.max() - y.min()))
        wanted = (rest[0] * (0.1 + 0.8 * random.random()), rest[1] * (0.25 + 0.6 * random.random()))
        self.shift = (wanted[0] - float(x.min()), wanted[1] - float(y.min()))
        self.horizon = self.shift[1] + height / 2
        self.unit = float(y.max() - y.min())

    def _seen(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        across, forward, up = self.axes @ (points - self.position).T
        return across, np.maximum(forward, 1e-3), up

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Points (k, 3) to pixels: x (k,) and y (k,)."""
        across, forward, up = self._seen(points)
        u, v = self.focal * across / forward, -self.focal * up / forward
        cos, sin = self.roll
        width, height = self.size
        return cos * u - sin * v + width / 2 + self.shift[0], sin * u + cos * v + height / 2 + self.shift[1]

    def foot(self, model: Model) -> tuple[float, float]:
        """Where the middle of the building meets the ground."""
        x, y = self.project((model.middle * (1, 1, 0))[None])
        return float(x[0]), float(y[0])


def _building(draw: ImageDraw.ImageDraw, model: Model, camera: _Camera, day: Day) -> None:
    """Draw the faces that are seen, from the farthest to the nearest."""
    x, y = camera.project(model.corners)
    towards = camera.position - model.centres
    facing = np.einsum("ij,ij->i", towards, model.normals)
    flip = model.two_sided & (facing < 0)
    normals = np.where(flip[:, None], -model.normals, model.normals)
    seen = (facing > 0) | model.two_sided
    lit = np.maximum(0.0, normals @ day.sun_direction)[:, None]
    light = np.array(day.ambient) * (0.85 + 0.15 * normals[:, 2:]) + np.array(day.sun) * lit
    colours = model.colours * light
    if day.night:
        low = 1 - 0.5 * model.centres[:, 2:] / max(model.height, 1e-6)
        colours += model.colours * model.floodlight * (0.42 * low * (np.abs(normals[:, 2:]) < 0.8))
        colours[model.glows] = (250, 214, 136)
    if day.snow:
        colours[normals[:, 2] > 0.35] = (
            np.array([232, 236, 242]) * (light.mean(axis=1).clip(0.3, 1)[normals[:, 2] > 0.35, None])
        )
    colours += (np.array(day.sky_bottom) - colours) * day.fog
    values = colours.clip(0, 255).astype(int)
    part_depth = ((model.part_centres - camera.position) ** 2).sum(axis=1)
    face_depth = ((model.centres - camera.position) ** 2).sum(axis=1)[model.owners]
    order = np.lexsort((np.arange(len(facing)), -face_depth, -part_depth))
    points = np.stack([x, y], axis=1).round(1).reshape(-1).tolist()
    starts, fills = (2 * model.starts).tolist(), values.tolist()
    for face in order[seen[order]].tolist():
        draw.polygon(points[starts[face] : starts[face + 1]], fill=tuple(fills[face]))


def _photographed(picture: Image.Image, random: np.random.Generator) -> Image.Image:
    """The scene as a camera gives it: scaled down, exposed, a little unsharp, with noise."""
    small = picture.reduce(FINER)
    if random.random() < 0.25:
        small = small.filter(ImageFilter.BoxBlur(0.3 + 0.5 * random.random()))
    exposure, contrast = 0.8 + 0.4 * random.random(), 0.85 + 0.3 * random.random()
    balance = exposure * (0.95 + 0.1 * random.random(3))
    levels = np.arange(256)
    tables = [((levels - 118) * contrast * gain + 118 * gain).clip(0, 255).astype(np.uint8) for gain in balance]
    small = small.point(np.concatenate(tables).tolist())
    grain = 2 + 6 * random.random() ** 2
    noise = (random.integers(0, 256, (SIZE[0], SIZE[1]), dtype=np.uint8).astype(np.int16) - 128) * grain / 74
    pixels = np.asarray(small).astype(np.int16) + noise.astype(np.int16)[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
