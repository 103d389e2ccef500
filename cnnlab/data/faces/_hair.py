"""Hair behind the head and in front of it, and beards."""

import numpy as np

from cnnlab.data.faces._features import CIRCLE
from cnnlab.data.faces._head import Head, Points, curve, darker
from cnnlab.data.faces.identity import Random, mixed

LONG = {"bob": 1.0, "long": 1.75, "fringe": 1.25}  # how far down the hair falls, from the eyes


def behind(head: Head, random: Random) -> None:
    """Long hair, a bun or curls, as far as they are behind the head."""
    person, moment = head.person, head.moment
    cut, out = moment.cut, 1 + person.volume * moment.volume
    colour = darker(person.hair, 0.78)
    if cut in LONG:
        down, wide = LONG[cut] * moment.length, person.cheek * out * 1.1
        right = [(0, -1.12 * out), (0.75 * wide, -1.0 * out), (1.06 * wide, -0.4), (1.12 * wide, 0.3)]
        right += [(wide * (1.16 + 0.1 * person.curl), 0.75 * down), (0.85 * wide, down)]
        shape = curve([*right, *[(-x, y) for x, y in reversed(right[1:])]], closed=True)
        head.shaded(head.at(np.column_stack([shape, np.full(len(shape), -0.35)])), colour, steps=3)
        if person.curl > 0.5:
            _curls(head, shape[(shape[:, 1] > -0.9)][::2], -0.33, colour, random)
    elif cut == "bun":
        ring = CIRCLE * (0.36 * moment.volume, 0.3 * moment.volume) + (0.0, -1.3)
        head.shaded(head.at(np.column_stack([ring, np.full(14, -0.4)])), colour, steps=3)


def front(head: Head, random: Random) -> None:
    """The hair on the head, from the hairline up, and what falls beside the face."""
    person, moment = head.person, head.moment
    if moment.cut == "bald":
        shine = CIRCLE * (0.2, 0.12) + (0.3 * moment.light[0], -0.82)
        head.fill(head.on(shine), mixed(person.skin, (255, 250, 240), 0.25))
        return
    out = 1 + (0.02 if moment.cut == "buzz" else person.volume * moment.volume)
    colour = mixed(person.hair, person.skin, 0.3) if moment.cut == "buzz" else person.hair
    cheek, line = person.cheek, -person.forehead
    side_down = {"buzz": -0.1, "bun": -0.05, "crop": 0.02}.get(moment.cut, 0.1)
    crown = [(-1.02 * cheek, side_down), (-1.04 * cheek * (0.5 + 0.5 * out), -0.4), (-0.9 * cheek * out, -0.82 * out)]
    crown += [(-0.5 * cheek * out, -1.12 * out), (0.0, -1.19 * out)]
    crown += [(-x, y) for x, y in reversed(crown[:-1])]
    if moment.cut == "side":
        lift = 0.2 * person.volume * (1 if moment.parting > 0 else -1)
        crown[3], crown[5] = (crown[3][0], crown[3][1] - lift), (crown[5][0], crown[5][1] + lift)
    if moment.cut == "swept":
        crown[3:6] = [(-0.5 * cheek * out, -1.2 * out), (0.0, -1.28 * out), (0.5 * cheek * out, -1.2 * out)]
    top = curve(crown)
    depth = 0.04 - 0.16 * (-top[:, 1]).clip(0, 1.2)
    inner = curve(_hairline(head, cheek, line, side_down))
    lifted = head.on(inner, 0.05)
    whole = np.concatenate([head.at(np.column_stack([top, depth])), lifted])
    head.shaded(whole, colour, bright=0.02 + 0.12 * moment.contrast, steps=4, inset=0.07)
    if person.curl > 0.5 and moment.cut != "buzz":
        _curls(head, top[2:-2], -0.06, colour, random)
        for place in lifted[4:-4:3]:
            head.spot(place, 0.07 + 0.04 * random.random(), darker(colour, 0.9 + 0.15 * random.random()))
    elif moment.cut != "buzz":
        _strands(head, np.column_stack([top, depth]), inner, random)
    if moment.cut in LONG:
        _locks(head, colour, LONG[moment.cut] * moment.length, out)


def _hairline(head: Head, cheek: float, line: float, side_down: float) -> list[tuple[float, float]]:
    """The lower edge of the hair on the forehead, from the right temple to the left."""
    cut, parting = head.moment.cut, max(-0.8, min(0.8, head.moment.parting))
    right, left = (0.97 * cheek, side_down), (-0.97 * cheek, side_down)
    temples = [(0.9 * cheek, -0.3), (0.76 * cheek, line + 0.1)]
    mirrored = [(-x, y) for x, y in reversed(temples)]
    if cut == "fringe":
        return [
            right,
            (0.88 * cheek, -0.2),
            (0.55 * cheek, -0.31),
            (0, -0.35),
            (-0.55 * cheek, -0.31),
            (-0.88 * cheek, -0.2),
            left,
        ]
    if cut in ("side", "bob"):
        place = 0.6 * parting
        near, far = (0.76 * cheek, line + 0.24), (-0.76 * cheek, line + 0.24)
        return [
            right,
            temples[0],
            near,
            (place + 0.12, line + 0.02),
            (place, line - 0.12),
            (place - 0.12, line + 0.02),
            far,
            mirrored[-1],
            left,
        ]
    if cut == "long":
        return [
            right,
            (0.9 * cheek, -0.25),
            (0.6 * cheek, line + 0.16),
            (0.4 * parting, line - 0.2),
            (-0.6 * cheek, line + 0.16),
            (-0.9 * cheek, -0.25),
            left,
        ]
    return [right, *temples, (0.0, line - 0.02), *mirrored, left]


def _locks(head: Head, colour: tuple[float, float, float], down: float, out: float) -> None:
    """Long hair in front of the ears and the shoulders."""
    cheek = head.person.cheek
    for side in (-1, 1):
        outer = [
            (0.95 * cheek, -0.65),
            (1.06 * cheek * out, -0.2),
            (1.16 * cheek * out, 0.4),
            (1.12 * cheek * out, 0.8 * down),
        ]
        inner = [(0.86 * cheek * out, down), (0.94 * cheek, 0.6 * down), (0.93 * cheek, 0.2), (0.84 * cheek, -0.3)]
        shape = curve([(side * x, y) for x, y in (*outer, *inner)], closed=True)
        head.shaded(
            head.at(np.column_stack([shape, np.full(len(shape), 0.1)])), darker(colour, 0.95), bright=0.03, inset=0.2
        )


def _strands(head: Head, top: Points, inner: Points, random: Random) -> None:
    """Some lines from the crown to the hairline, lighter and darker than the hair."""
    colour = head.person.hair
    start = head.at([(0.5 * head.moment.parting * head.person.cheek, -1.12, -0.05)])[0]
    ends = head.on(inner, 0.06)[3:-3:2]
    for end in ends:
        tone = darker(colour, 0.82) if random.random() < 0.5 else mixed(colour, (255, 240, 220), 0.08)
        middle = (start + end) / 2 + (0, -0.12 * head.unit)
        head.line(curve([start + 0.2 * (end - start), middle, end]), tone, 0.016)
    rim = head.at(top * (0.93, 0.93, 1.0))
    head.line(rim[6:-6], mixed(colour, (255, 240, 220), 0.07), 0.03)


def _curls(head: Head, places: Points, depth: float, colour: tuple[float, float, float], random: Random) -> None:
    """Curls along a contour."""
    flat = head.at(np.column_stack([places, np.full(len(places), depth)]))
    sizes, tones = 0.09 + 0.06 * random.random(len(flat)), 0.84 + 0.28 * random.random(len(flat))
    for place, size, tone in zip(flat, sizes.tolist(), tones.tolist(), strict=True):
        head.spot(place, size * (0.7 + 0.6 * head.person.curl), darker(colour, tone))


def beard(head: Head) -> None:
    """Beard and moustache; a stubble lets the skin through."""
    person = head.person
    if person.beard == "none" or head.moment.shaved:
        return
    hair = darker(person.hair, 0.88)
    stubble = person.beard == "stubble"
    colour = mixed(person.skin, hair, 0.38) if stubble else hair
    half, level = person.mouth_width, person.mouth_height
    if person.beard in ("full", "stubble"):
        outline = head.outline[(head.outline[:, 1] > 0.12)]
        count = len(outline)
        drop = 1.0 if stubble else 1.05
        shape = head.at(outline * (1.0, drop, 1.0))
        x = np.linspace(-1, 1, 13)
        edge = np.stack([x * person.cheek * 0.95, 0.12 + 0.72 * (1 - x**2) ** 0.8 * (level - 0.12) / 0.6], axis=1)
        edge[3:10, 1] = level - 0.13  # above the mouth, below the nose
        head.shaded(np.concatenate([shape[:count], head.on(edge, 0.03)]), colour, steps=4, inset=0.12)
        if not stubble:
            bare = CIRCLE * (0.9 * half, 0.12) + (0, level + 0.01)
            head.fill(head.on(bare, 0.04), mixed(person.skin, hair, 0.3))
    if person.beard == "goatee":
        bottom = 1.02 + person.chin_length
        ring = CIRCLE * (half * 0.85, (bottom - level) * 0.72) + (0, level + 0.42 * (bottom - level) + 0.04)
        head.fill(head.on(ring, 0.05), colour)
        head.fill(head.on(CIRCLE * (half * 0.8, 0.11) + (0, level + 0.01), 0.06), person.skin)
    if person.beard in ("moustache", "goatee", "full"):
        x = np.linspace(-1, 1, 9)
        thick = (0.1 if person.beard == "moustache" else 0.07) * (1 - 0.75 * x**2)
        above = level - 0.1 - 0.02 * head.moment.smile + 0.07 * x**2
        points = np.concatenate(
            [
                np.stack([x * half * 1.05, above - thick / 2], axis=1),
                np.stack([x * half * 1.05, above + thick / 2], axis=1)[::-1],
            ]
        )
        head.fill(head.on(points, 0.12), colour)
