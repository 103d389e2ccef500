"""What a person wears, and what is behind: clothes, glasses, a hat, the background."""

import numpy as np
from PIL import Image

from cnnlab.data.faces._features import CIRCLE
from cnnlab.data.faces._head import Head, curve, darker
from cnnlab.data.faces.identity import Colour, Random, mixed

WALLS: tuple[Colour, ...] = (
    (222, 216, 206), (126, 152, 176), (84, 104, 96), (180, 164, 140), (58, 62, 74),
    (204, 190, 196), (150, 176, 150), (214, 206, 166), (110, 90, 84), (186, 204, 214),
)  # fmt: skip


def background(side: int, random: Random) -> Image.Image:
    """A wall, a room or a garden, out of focus."""
    base = np.array(WALLS[int(10 * random.random())])
    other = np.array(WALLS[int(10 * random.random())])
    kind = random.random()
    if kind < 0.35:  # a gradient
        down = np.linspace(0, 1, 8)[:, None, None]
        coarse = base * (1 - 0.35 * down) + np.zeros((8, 8, 1))
    elif kind < 0.7:  # what is far away
        part = random.random((6, 6, 1))
        coarse = base * (1 - 0.8 * part) + other * 0.8 * part
    else:  # stripes: shelves, curtains, windows
        part = np.repeat(random.random((1, 9, 1)) < 0.45, 9, axis=0)
        coarse = np.where(part, base, 0.5 * base + 0.5 * other)
        coarse = coarse.transpose(1, 0, 2) if random.random() < 0.4 else coarse
    coarse = coarse * (0.75 + 0.4 * random.random())
    small = Image.fromarray(np.ascontiguousarray(coarse.clip(0, 255)).astype(np.uint8))
    return small.resize((side // 4, side // 4), Image.Resampling.BICUBIC).resize((side, side), Image.Resampling.NEAREST)


def clothes(head: Head) -> None:
    """Neck, shoulders and the neckline."""
    person, moment = head.person, head.moment
    bottom, turn = head.side * 1.15, 0.4 * head.unit * moment.yaw
    x, y = head.at([(0.0, 0.75 + person.chin_length, -0.2)])[0].tolist()
    unit, neck, base = head.unit, person.neck * head.unit, y + 0.62 * head.unit
    throat = np.array([(x - neck, y - 0.2 * unit), (x + neck, y - 0.2 * unit), (x + 1.12 * neck, base + 0.2 * unit)])
    throat = np.append(throat, [(x - 1.12 * neck, base + 0.2 * unit)], axis=0)
    head.shaded(throat, darker(person.skin, 0.86), steps=4)
    under = head.at(head.outline * (0.86, 1.0, 1.0) + (0, 0.14, -0.1))
    head.fill(under[under[:, 1] > y - 0.3 * unit], darker(person.skin, 0.7))
    broad = (1.5 + 0.5 * person.neck) * unit
    rise = 0.12 * unit
    right = [
        (1.15 * neck, base - rise),
        (0.6 * broad, base + 0.12 * unit),
        (broad, base + 0.4 * unit),
        (1.12 * broad, bottom),
    ]
    middle = x - turn * 0.3
    drop = (0.1, 0.3, 0.62)[moment.neckline] * unit
    collar = curve([(middle - 1.15 * neck, base - rise), (middle, base + drop), (middle + 1.15 * neck, base - rise)])
    if moment.neckline == 1:
        collar = collar[[0, 4, 8]]
    shape = np.array([*[(middle + a, b) for a, b in right], *[(middle - a, b) for a, b in reversed(right)]])
    body = np.concatenate([curve(shape[:4]), curve(shape[4:]), collar])
    head.shaded(body, moment.clothes, steps=4, inset=0.08)
    head.line(collar, darker(moment.clothes, 0.7), 0.05)


def glasses(head: Head) -> None:
    """Glasses in the person's frame."""
    person, moment = head.person, head.moment
    if not moment.glasses:
        return
    colour, thick = person.frame_colour, 0.045
    wide = {"round": 0.25, "square": 0.26, "wide": 0.3}[person.frame]
    tall = {"round": 0.23, "square": 0.2, "wide": 0.16}[person.frame]
    for side in (-1, 1):
        if person.frame == "round":
            ring = CIRCLE
        else:
            ring = np.array(
                [(-1, -0.8), (-0.8, -1), (0.8, -1), (1, -0.75), (0.85, 0.75), (0.6, 1), (-0.6, 1), (-0.88, 0.7)]
            )
            ring = ring * (side, 1)
        lens = head.on(ring * (wide, tall) + (side * person.eye_distance * 1.05, 0.02), 0.12)
        head.line(np.concatenate([lens, lens[:2]]), colour, thick)
        middle = side * person.eye_distance
        shine = head.on([(middle - 0.1, -0.1), (middle + 0.03, -0.13)], 0.12)
        head.line(shine, mixed(person.skin, (255, 255, 255), 0.6), 0.02)
        hinge = head.on([(side * (person.eye_distance * 1.05 + wide), -0.03)], 0.12)
        temple = head.at([(side * person.cheek, -0.03, -0.05)])
        head.line(np.concatenate([hinge, temple]), colour, thick)
    inner = person.eye_distance * 1.05 - wide
    head.line(head.on(curve([(-inner, -0.02), (0, -0.07), (inner, -0.02)]), 0.14), colour, thick)


def hat(head: Head) -> None:
    """A cap or a woollen hat over the hair."""
    person, moment = head.person, head.moment
    if not moment.hat:
        return
    wide, line = person.cheek * (1.06 + 0.6 * person.volume), -0.5
    top = curve(
        [
            (-wide, line),
            (-0.94 * wide, -0.95),
            (-0.5 * wide, -1.32),
            (0, -1.4),
            (0.5 * wide, -1.32),
            (0.94 * wide, -0.95),
            (wide, line),
        ]
    )
    brim = np.array([(wide * t, line + 0.1 * (1 - t**2)) for t in (1, 0.6, 0, -0.6, -1)])
    edge = head.on(brim * (0.98, 1), 0.12)
    head.shaded(np.concatenate([head.at(np.column_stack([top, np.full(len(top), -0.05)])), edge]), moment.hat_colour)
    band = head.on((brim - (0, 0.16)) * (0.98, 1), 0.12)
    head.fill(np.concatenate([edge, band[::-1]]), darker(moment.hat_colour, 0.75))
