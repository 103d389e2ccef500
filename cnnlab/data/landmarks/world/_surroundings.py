"""What is around a landmark: sky, skyline, ground, trees, people, things in the way, rain and snow."""

import numpy as np
from PIL import Image, ImageDraw

from cnnlab.data.landmarks.world._days import Day, lit, mixed, rgb, scaled
from cnnlab.data.landmarks.world._solids import Colour

Random = np.random.Generator

GROUNDS: tuple[tuple[Colour, Colour], ...] = (  # near, far
    ((96, 140, 66), (132, 160, 98)),  # lawn
    ((168, 160, 150), (190, 184, 174)),  # square
    ((84, 118, 142), (132, 160, 178)),  # water
    ((208, 182, 134), (216, 196, 156)),  # sand
    ((92, 92, 96), (140, 140, 142)),  # street
    ((140, 124, 84), (160, 148, 112)),  # dry grass
)


def sky(size: tuple[int, int], horizon: float, day: Day, random: Random) -> Image.Image:
    """The sky with its clouds, over the whole picture."""
    height = size[1]
    down = np.linspace(0, max(1.0, height / max(horizon, 1.0)), height)[:, None].clip(0, 1) ** 0.8
    colours = np.array(day.sky_top) * (1 - down) + np.array(day.sky_bottom) * down
    picture = Image.fromarray(colours.clip(0, 255).astype(np.uint8)[:, None]).resize(size, Image.Resampling.NEAREST)
    if day.cloudy > 0.25:
        coarse = random.random((6, 7)) * np.linspace(1.1, 0.7, 6)[:, None]
        fine = random.random((24, 14))
        amount = np.repeat(np.repeat(coarse, 4, axis=0), 2, axis=1) * 0.75 + fine * 0.35 - (1.02 - 0.5 * day.cloudy)
        mask = Image.fromarray((amount.clip(0, 0.35) / 0.35 * 230).astype(np.uint8))
        mask = mask.resize(size, Image.Resampling.BICUBIC)
        light = 0.35 if day.night else 1.0
        cloud = mixed(mixed((250, 250, 252), day.sky_bottom, 0.3), (120, 124, 132), max(0.0, day.cloudy - 0.6))
        picture.paste(rgb(scaled(cloud, light)), (0, 0, *size), mask)
    return picture


def skyline(
    draw: ImageDraw.ImageDraw, size: tuple[int, int], horizon: float, kind: int, day: Day, random: Random
) -> None:
    """Hills, roofs, or trees at the horizon; what a landmark has behind it stays the same, where it lies does not."""
    width, unit = size[0], size[1]
    air = day.sky_bottom
    if kind == 0:
        return
    if kind == 1:  # hills
        for layer in range(2):
            tall = unit * (0.05 + 0.12 * random.random()) * (1 - 0.4 * layer)
            steps = random.random(7)
            points = [(width * i / 6, horizon - tall * (0.3 + 0.7 * float(steps[i]))) for i in range(7)]
            colour = mixed(lit((84, 108, 88), day), air, 0.6 - 0.3 * layer)
            draw.polygon([(0, horizon + 2), *points, (width, horizon + 2)], fill=rgb(colour))
    elif kind == 2:  # houses
        x = -20.0
        while x < width:
            across, tall = unit * (0.05 + 0.1 * random.random()), unit * (0.03 + 0.13 * random.random())
            grey = 100 + 90 * random.random()
            colour = mixed(lit((grey, grey * 0.94, grey * 0.88), day), air, 0.35)
            draw.rectangle([x, horizon - tall, x + across, horizon + 2], fill=rgb(colour))
            if tall > unit * 0.06:
                pane: Colour = (246, 214, 130) if day.night and random.random() < 0.7 else scaled(colour, 0.75)
                for row in range(1, 4):
                    for column in range(1, 4):
                        at = (x + across * column / 4, horizon - tall * row / 4)
                        draw.rectangle([*at, at[0] + 3, at[1] + 4], fill=rgb(pane))
            x += across * (0.9 + 0.5 * random.random())
    else:  # a wood
        x = -20.0
        while x < width:
            radius = unit * (0.03 + 0.05 * random.random())
            green = mixed(lit((70 + 30 * random.random(), 100, 60), day), air, 0.35)
            draw.ellipse([x - radius, horizon - radius * 1.6, x + radius, horizon + radius], fill=rgb(green))
            x += radius * (0.6 + 0.7 * random.random())


def ground(picture: Image.Image, horizon: float, kind: int, day: Day, random: Random) -> None:
    """The ground, from the horizon down."""
    width, height = picture.size
    top = max(0, round(horizon))
    if top >= height:
        return
    near, far = GROUNDS[kind]
    if day.snow and kind != 2:
        near, far = (226, 230, 236), (234, 236, 240)
    vary = 0.85 + 0.3 * random.random()
    near, far = (
        scaled(lit(near, day), vary),
        mixed(scaled(lit(far, day), vary), day.sky_bottom, 0.2 + day.fog * 0.6),
    )
    down = np.linspace(0, 1, height - top)[:, None] ** 0.6
    colours = np.array(far) * (1 - down) + np.array(near) * down
    grain = random.random((height - top, 12))
    spread = (12 if kind == 2 else 7) * (0.3 + 0.7 * down)
    rows = colours[:, None] + (grain[..., None] - 0.5) * 2 * spread[:, None]
    strip = Image.fromarray(rows.clip(0, 255).astype(np.uint8)).resize((width, height - top), Image.Resampling.BILINEAR)
    picture.paste(strip, (0, top))


def tree(draw: ImageDraw.ImageDraw, at: tuple[float, float], tall: float, day: Day, random: Random) -> None:
    """A tree or a bush whose foot is at ``at``."""
    x, y = at
    trunk, dark = lit((92, 70, 50), day), 0.6 + 0.5 * random.random()
    draw.rectangle([x - tall * 0.03, y - tall * 0.45, x + tall * 0.03, y], fill=rgb(trunk))
    leaves: Colour = (226, 228, 232) if day.snow and random.random() < 0.7 else (84 + 40 * random.random(), 116, 58)
    colour = scaled(lit(leaves, day), dark)
    if random.random() < 0.3:  # a conifer
        draw.polygon(
            [(x - tall * 0.2, y - tall * 0.12), (x, y - tall), (x + tall * 0.2, y - tall * 0.12)], fill=rgb(colour)
        )
        return
    for _ in range(5):
        cx, cy = x + tall * (random.random() - 0.5) * 0.4, y - tall * (0.5 + 0.4 * random.random())
        r = tall * (0.14 + 0.1 * random.random())
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=rgb(scaled(colour, 0.85 + 0.3 * random.random())))


def person(draw: ImageDraw.ImageDraw, at: tuple[float, float], tall: float, day: Day, random: Random) -> None:
    """A person whose feet are at ``at``."""
    x, y = at
    coat, legs = 40 + 190 * random.random(3), 30 + 80 * random.random(3)
    skin: Colour = ((236, 196, 168), (198, 150, 112), (120, 82, 60), (90, 60, 44))[int(random.integers(4))]
    wide = tall * 0.13
    draw.rectangle(
        [x - wide * 0.7, y - tall * 0.48, x + wide * 0.7, y], fill=rgb(lit((legs[0], legs[1], legs[2]), day))
    )
    draw.rectangle(
        [x - wide, y - tall * 0.84, x + wide, y - tall * 0.42], fill=rgb(lit((coat[0], coat[1], coat[2]), day))
    )
    draw.ellipse([x - tall * 0.075, y - tall, x + tall * 0.075, y - tall * 0.83], fill=rgb(lit(skin, day)))


def crowd(draw: ImageDraw.ImageDraw, size: tuple[int, int], horizon: float, day: Day, random: Random) -> None:
    """Nobody, a few people or many; the nearer, the larger."""
    chance = random.random()
    count = 0 if chance < 0.35 else int(2 + 6 * random.random()) if chance < 0.8 else int(10 + 25 * random.random())
    lowest = size[1] * 1.05
    depths = np.sort(random.random(count))
    for depth in depths:
        y = horizon + (lowest - horizon) * (0.08 + 0.92 * float(depth) ** 2)
        tall = 6 + (y - horizon) * (0.35 + 0.15 * random.random())
        person(draw, (size[0] * random.random(), y), tall, day, random)


def in_the_way(draw: ImageDraw.ImageDraw, size: tuple[int, int], day: Day, random: Random) -> None:
    """In every fourth picture something near hides a part: a branch, a lamp post, a bus, a fence, a back."""
    chance, (width, height) = random.random(), size
    side = width * (random.random() if random.random() < 0.5 else round(random.random()))
    if chance < 0.07:
        colour = rgb(scaled(lit((70, 104, 50), day), 0.7))
        for _ in range(24):
            x, y, r = (
                side + width * 0.3 * (random.random() - 0.5),
                height * 0.35 * random.random(),
                10 + 22 * random.random(),
            )
            draw.ellipse([x - r, y - r * 0.6, x + r, y + r * 0.6], fill=colour)
    elif chance < 0.13:
        draw.rectangle([side - 4, height * 0.1, side + 4, height], fill=rgb(lit((50, 52, 56), day)))
        draw.ellipse(
            [side - 14, height * 0.05, side + 14, height * 0.13], fill=(250, 236, 190) if day.night else (220, 220, 216)
        )
    elif chance < 0.18:
        top, paint = height * (0.72 + 0.1 * random.random()), 40 + 190 * random.random(3)
        body = lit((paint[0], paint[1], paint[2]), day)
        draw.rectangle([side - width * 0.22, top, side + width * 0.22, height], fill=rgb(body))
        for pane in range(5):
            x = side - width * 0.2 + width * 0.08 * pane
            draw.rectangle([x, top + 12, x + width * 0.06, top + height * 0.09], fill=rgb(lit((60, 76, 92), day)))
    elif chance < 0.22:
        colour = rgb(lit((60, 60, 62), day))
        for bar in range(0, width, 18):
            draw.rectangle([bar, height * 0.84, bar + 4, height], fill=colour)
        draw.rectangle([0, height * 0.86, width, height * 0.875], fill=colour)
    elif chance < 0.28:
        person(draw, (side, height * 1.25), height * (0.55 + 0.25 * random.random()), day, random)


def weather(picture: Image.Image, day: Day, random: Random) -> None:
    """Rain or snow in front of everything."""
    if not (day.rain or day.snow):
        return
    draw, (width, height) = ImageDraw.Draw(picture), picture.size
    xs, ys, sizes = random.random((3, 260))
    for x, y, size in zip(xs * width, ys * height, sizes, strict=True):
        if day.rain:
            draw.line([x, y, x + 3, y + 10 + 14 * size], fill=(178, 184, 194), width=1)
        else:
            r = 1 + 2.2 * size
            draw.ellipse([x - r, y - r, x + r, y + r], fill=(242, 244, 248))
