"""Landmarks of other kinds: arches, bridges, columns, figures, wheels; the front faces negative y."""

import itertools
import math

import numpy as np

from cnnlab.data.landmarks.world._solids import Solids
from cnnlab.data.landmarks.world._style import GLASS, WALLS, Style, add_arch, darker, dome


def gate(solids: Solids, style: Style) -> None:
    """A triumphal arch: one, two or three openings under an attic."""
    openings = (1, 3, 2, 1)[style.count(0, 3)]
    width, height, depth = style.between(0.75, 1.1), style.between(0.6, 0.95), style.between(0.2, 0.4)
    spring = height * style.between(0.42, 0.6)
    edges = np.linspace(-width / 2, width / 2, openings + 1)
    for left, right in itertools.pairwise(edges):
        larger = 1.0 if openings != 3 or left == edges[1] else 0.75
        half = (right - left) * 0.3 * larger
        middle = (left + right) / 2
        add_arch(solids, (left, right), (middle - half, middle + half), spring * larger, height, depth, style.wall)
    attic = style.between(0.1, 0.26)
    solids.box((0, 0), (width * 1.05, depth * 1.1, 0.03), style.trim, bottom=height)
    solids.box((0, 0), (width, depth, attic), style.wall, bottom=height + 0.03)
    solids.windows(style.count(2, 6), 1, style.trim, fill=style.between(0.5, 0.8))
    if style.chance():
        solids.box((0, 0), (width * 0.2, depth * 0.5, 0.14), style.roof, bottom=height + attic + 0.03)


def stone_bridge(solids: Solids, style: Style) -> None:
    """A row of arches with a parapet, and sometimes towers."""
    arches, length = style.count(2, 5), style.between(1.3, 1.7)
    depth, flat = style.between(0.1, 0.2), style.between(0.6, 1.0)
    edges = np.linspace(-length / 2, length / 2, arches + 1)
    radius = (edges[1] - edges[0]) / 2 * style.between(0.72, 0.88)
    spring = style.between(0.04, 0.25)
    height = spring + flat * radius + style.between(0.03, 0.08)
    for left, right in itertools.pairwise(edges):
        middle = (left + right) / 2
        add_arch(
            solids, (left, right), (middle - radius, middle + radius), spring, height, depth, style.wall, flat=flat
        )
    solids.box((0, 0), (length, depth * 1.2, 0.035), style.trim, bottom=height)
    for end in ((), (-1,), (-1, 1))[style.count(0, 2)]:
        place = (end * length * style.between(0.3, 0.47), 0.0)
        solids.box(place, (0.17, depth * 1.3, height + 0.32), style.wall)
        solids.windows(2, 3, GLASS, arched=True, fill=0.4)
        solids.frustum(place, (0.2, depth * 1.5), (0.02, 0.02), height + 0.32, height + 0.52, style.roof)


def suspension_bridge(solids: Solids, style: Style) -> None:
    """Two towers, a deck and the cables between them."""
    length, tall, deck = style.between(1.5, 1.8), style.between(0.55, 0.85), style.between(0.14, 0.24)
    paint = ((176, 62, 44), (120, 150, 160), (96, 110, 96), (200, 196, 186), style.wall)[style.count(0, 4)]
    reach, thick = length * style.between(0.26, 0.34), style.between(0.035, 0.06)
    solids.box((0, 0), (length, 0.14, 0.035), darker(paint, 0.8), bottom=deck)
    for y in (-0.07, 0.07):
        solids.new_part()
        points = [(-length / 2, deck + 0.04), (-reach, tall)]
        points += [
            (x, deck + 0.06 + (tall - deck - 0.06) * (x / reach) ** 2) for x in np.linspace(-reach, reach, 13)[1:]
        ]
        points.append((length / 2, deck + 0.04))
        for (x0, z0), (x1, z1) in itertools.pairwise(points):
            cable = [(x0, y, z0), (x1, y, z1), (x1, y, z1 + 0.018), (x0, y, z0 + 0.018)]
            solids.face(cable, paint, two_sided=True)
            solids.face([(x0, y, deck), (x0 + 0.006, y, deck), (x0 + 0.006, y, z0), (x0, y, z0)], paint, two_sided=True)
    crossbeams = style.count(1, 3)
    for x in (-reach, reach):
        for y in (-0.07, 0.07):
            solids.box((x, y), (thick, 0.035, tall), paint)
        for beam in range(crossbeams):
            height = tall - 0.05 - beam * (tall - deck - 0.1) / max(1, crossbeams)
            solids.box((x, 0), (thick, 0.14, 0.04), paint, bottom=height)


def television_tower(solids: Solids, style: Style) -> None:
    """A thin shaft with one or two pods."""
    radius, pods = style.between(0.035, 0.06), style.count(1, 2)
    pod = style.between(0.55, 0.72)
    solids.revolve((0, 0), [(radius * 2.4, 0), (radius, 0.3), (radius * 0.7, 1.0)], style.wall, sides=10)
    for number in range(pods):
        at, size = pod + 0.22 * number, style.between(0.09, 0.17) * (1 - 0.4 * number)
        profile = [(radius, at - size * 0.6), (size, at), (size, at + size * 0.45), (size * 0.5, at + size * 0.8)]
        solids.revolve((0, 0), profile, [style.trim, GLASS, style.roof, style.roof], sides=14)
    solids.revolve((0, 0), [(radius * 0.5, 1.0), (0.004, style.between(1.2, 1.45))], (206, 60, 50), sides=5)


def windmill(solids: Solids, style: Style) -> None:
    """A tapered body, a cap, and four sails at an angle of their own."""
    radius, tall = style.between(0.17, 0.26), style.between(0.55, 0.75)
    sides = (8, 12, 6)[style.count(0, 2)]
    profile = [(radius, 0), (radius * 0.85, tall * 0.4), (radius * 0.65, tall)]
    solids.revolve((0, 0), profile, [style.trim, style.wall, style.wall], sides=sides)
    solids.revolve((0, 0), dome(radius * 0.72, radius * style.between(0.6, 1.1), tall), style.roof, sides=sides)
    reach, start, width = style.between(0.42, 0.56), style.between(0, 1.5), style.between(0.09, 0.15)
    sail = ((236, 230, 214), (196, 70, 54), (150, 160, 170), style.trim)[style.count(0, 3)]
    solids.new_part()
    hub, front = tall + 0.03, -radius * 1.05
    for quarter in range(4):
        cos, sin = math.cos(start + quarter * math.pi / 2), math.sin(start + quarter * math.pi / 2)

        def at(along: float, across: float, cos: float = cos, sin: float = sin) -> tuple[float, float, float]:
            return (along * cos - across * sin, front, hub + along * sin + across * cos)

        solids.face([at(0.1, 0), at(reach, 0), at(reach, width), at(0.1, width)], sail, two_sided=True)
        solids.face([at(0, -0.012), at(reach, -0.012), at(reach, 0.012), at(0, 0.012)], (80, 62, 50), two_sided=True)


def pyramid(solids: Solids, style: Style) -> None:
    """Smooth, stepped or of glass."""
    width, height, kind = style.between(1.1, 1.5), style.between(0.6, 0.95), style.count(0, 2)
    if kind == 0:
        solids.frustum((0, 0), (width, width), (0.01, 0.01), 0, height, style.wall)
    elif kind == 1:
        steps = style.count(5, 9)
        for step in range(steps):
            side = width * (1 - step / (steps + 1))
            solids.box((0, 0), (side, side, height / steps), style.wall, bottom=step * height / steps)
        solids.box((0, 0), (width * 0.16, width * 0.16, 0.12), style.trim, bottom=height)
        stairs = [(-0.08, -width / 2 - 0.02, 0), (0.08, -width / 2 - 0.02, 0)]
        top = -width / 2 * 2 / (steps + 1) - 0.02
        solids.new_part()
        solids.face([*stairs, (0.08, top, height), (-0.08, top, height)], style.trim, two_sided=True)
    else:
        solids.frustum((0, 0), (width, width), (0.01, 0.01), 0, height, (120, 160, 180))
        solids.windows(style.count(5, 9), style.count(5, 8), (78, 118, 142), fill=0.8)
    for x in (-1, 1)[: style.count(0, 2)]:
        place, small = (x * width * 0.62, width * 0.2), width * style.between(0.25, 0.4)
        solids.frustum(place, (small, small), (0.01, 0.01), 0, small * 0.65, style.wall)


def arena(solids: Solids, style: Style) -> None:
    """A round wall with tiers of arches, whole or partly fallen."""
    radius, tiers, sides = style.between(0.6, 0.75), style.count(2, 4), 18
    tier, ruined = style.between(0.13, 0.18), style.chance()
    broken = style.count(0, sides - 1)
    around = [
        (radius * math.cos(2 * math.pi * i / sides), radius * math.sin(2 * math.pi * i / sides))
        for i in range(sides + 1)
    ]
    for side, ((x0, y0), (x1, y1)) in enumerate(itertools.pairwise(around)):
        fallen = min((side - broken) % sides, (broken - side) % sides) < 5
        height = tier * (tiers - 1 if ruined and fallen else tiers)
        solids.new_part()
        wall = [(x0, y0, 0), (x1, y1, 0), (x1, y1, height), (x0, y0, height)]
        solids.face(wall, style.wall)
        solids.grid(solids.faces[-1], 2, round(height / tier), darker(style.wall, 0.35), arched=True, fill=0.6)
        solids.face(wall[::-1], darker(style.wall, 0.7))
    solids.box((0, 0), (radius * 0.9, radius * 0.9, 0.03), style.trim)


def column(solids: Solids, style: Style) -> None:
    """A memorial column or an obelisk with a figure or a ball on top."""
    steps = style.count(2, 4)
    for step in range(steps):
        side = style.between(0.3, 0.4) * (1 - step * 0.2)
        solids.box((0, 0), (side, side, 0.09), style.trim, bottom=step * 0.09)
    bottom, top, thick = steps * 0.09, style.between(0.85, 1.05), style.between(0.05, 0.085)
    if style.chance():
        solids.frustum((0, 0), (thick * 2,) * 2, (thick * 1.3,) * 2, bottom, top, style.wall)
        solids.windows(1, style.count(3, 8), darker(style.wall, 0.7), fill=0.4)
        solids.frustum((0, 0), (thick * 1.3,) * 2, (0.005, 0.005), top, top + thick * 1.6, style.roof)
        return
    levels = np.linspace(bottom, top, style.count(3, 9))
    rings = [style.wall if ring % 2 else darker(style.wall, 0.85) for ring in range(len(levels))]
    solids.revolve(
        (0, 0), [(thick * (1 - 0.2 * i / len(levels)), float(z)) for i, z in enumerate(levels)], rings, sides=10
    )
    solids.box((0, 0), (thick * 2.6, thick * 2.6, 0.035), style.trim, bottom=top)
    figure = [
        (0.05, top + 0.035),
        (0.035, top + 0.15),
        (0.045, top + 0.2),
        (0.012, top + 0.22),
        (0.03, top + 0.26),
        (0.004, top + 0.29),
    ]
    solids.revolve((0, 0), figure, style.roof, sides=8)


def statue(solids: Solids, style: Style) -> None:
    """A figure on a pedestal, with an arm raised or two spread."""
    metal = ((92, 148, 124), (206, 168, 66), (110, 92, 76), (230, 228, 222), (150, 152, 158))[style.count(0, 4)]
    base, side = style.between(0.25, 0.5), style.between(0.26, 0.4)
    solids.frustum((0, 0), (side * 1.2, side * 1.2), (side, side), 0, base, style.wall)
    solids.windows(style.count(1, 3), style.count(1, 2), darker(style.trim, 0.8), fill=0.5)
    wide = style.between(0.1, 0.15)
    body = [
        (wide, base),
        (wide * 0.75, base + 0.2),
        (wide * 0.55, base + 0.34),
        (wide * 0.8, base + 0.46),
        (wide * 0.3, base + 0.52),
    ]
    solids.revolve((0, 0), body, metal, sides=10)
    head = base + 0.52
    solids.revolve(
        (0, 0), [(0.02, head), (0.045, head + 0.05), (0.03, head + 0.1), (0.005, head + 0.12)], metal, sides=8
    )
    arms, raised, shoulder = style.count(0, 2), style.between(0.2, 0.34), base + 0.44
    for sign in ((1,), (-1,), (-1, 1))[arms]:
        solids.new_part()
        rise = raised if arms < 2 else style.between(-0.05, 0.12)
        out = 0.1 if arms < 2 else 0.3
        near, far = (sign * wide * 0.7, shoulder), (sign * (wide * 0.7 + out), shoulder + rise)
        arm = [
            (near[0], -0.02, near[1] - 0.03),
            (far[0], -0.02, far[1] - 0.015),
            (far[0], -0.02, far[1] + 0.02),
            (near[0], -0.02, near[1] + 0.03),
        ]
        solids.face(arm, metal, two_sided=True)
        if arms < 2:
            solids.revolve(
                (far[0], -0.02), [(0.012, far[1]), (0.04, far[1] + 0.05), (0.005, far[1] + 0.13)], style.roof, sides=6
            )


def wheel(solids: Solids, style: Style) -> None:
    """A wheel of gondolas on two legs."""
    radius, cabins = style.between(0.42, 0.52), style.count(8, 16)
    paint = ((230, 230, 232), (200, 60, 60), (70, 110, 170), (226, 180, 70), (110, 160, 120))[style.count(0, 4)]
    hub, rim = radius + 0.16, style.between(0.02, 0.04)
    cabin = WALLS[style.count(0, len(WALLS) - 1)]
    foot = style.between(0.25, 0.4)
    for sign in (-1, 1):
        solids.new_part()
        leg = [(sign * foot, 0.08, 0), (sign * foot + 0.05, 0.08, 0), (0.02, 0.08, hub), (-0.02, 0.08, hub)]
        solids.face(leg, darker(paint, 0.8), two_sided=True)
    solids.new_part()
    angles = np.linspace(0, 2 * math.pi, cabins + 1)
    for a, b in itertools.pairwise(angles):
        ends = [
            (r * math.cos(t), 0, hub + r * math.sin(t))
            for t, r in ((a, radius), (b, radius), (b, radius - rim), (a, radius - rim))
        ]
        solids.face(ends, paint, two_sided=True)
        cos, sin = math.cos(a), math.sin(a)
        spoke = [(0.006 * sin, 0, hub - 0.006 * cos), (radius * cos + 0.006 * sin, 0, hub + radius * sin - 0.006 * cos)]
        spoke += [
            (radius * cos - 0.006 * sin, 0, hub + radius * sin + 0.006 * cos),
            (-0.006 * sin, 0, hub + 0.006 * cos),
        ]
        solids.face(spoke, paint, two_sided=True)
    size = style.between(0.05, 0.085)
    for a in angles[:-1]:
        place = (radius * math.cos(a), -0.03)
        solids.box(place, (size, size, size * 1.1), cabin, bottom=hub + radius * math.sin(a) - size)
    solids.box((0, 0.05), (foot * 2.6, 0.4, 0.08), style.wall)


def torii(solids: Solids, style: Style) -> None:
    """A gate of posts and beams."""
    width, tall = style.between(0.7, 1.0), style.between(0.7, 0.95)
    paint = ((200, 66, 40), (128, 120, 112), (90, 66, 52), (206, 168, 66), (52, 70, 110), style.wall)[style.count(0, 5)]
    thick, posts = style.between(0.04, 0.075), style.count(2, 4)
    for x in np.linspace(-width / 2, width / 2, posts):
        solids.revolve((float(x), 0), [(thick * 1.3, 0), (thick * 1.3, 0.06), (thick, 0.06), (thick, tall)],
                       [GLASS, GLASS, paint, paint], sides=9)  # fmt: skip
    solids.box((0, 0), (width * 1.12, thick * 1.4, 0.06), paint, bottom=tall * style.between(0.72, 0.82))
    solids.frustum((0, 0), (width * 1.3, thick * 2), (width * 1.45, thick * 3), tall, tall + 0.09, style.roof)
    if style.chance():
        solids.frustum((0, 0), (width * 1.5, 0.3), (width * 1.2, 0.02), tall + 0.09, tall + 0.26, style.roof)
    for x in (-1, 1)[: style.count(0, 2)]:
        solids.box((x * width * 0.75, -0.1), (0.12, 0.12, 0.2), style.trim)
        solids.frustum((x * width * 0.75, -0.1), (0.17, 0.17), (0.02, 0.02), 0.2, 0.3, style.roof)
