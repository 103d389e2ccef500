"""Landmarks with walls, windows and roofs; the front faces negative y."""

import math

import numpy as np

from cnnlab.data.landmarks.world._solids import Solids
from cnnlab.data.landmarks.world._style import GLASS, Style, add_gable, darker, dome


def tower(solids: Solids, style: Style) -> None:
    """A bell tower: storeys that shrink, a clock or a belfry, a roof."""
    width, storeys, bottom = style.between(0.2, 0.34), style.count(2, 4), 0.0
    shrink, columns = style.between(0.78, 0.95), style.count(1, 3)
    for storey in range(storeys):
        height = style.between(0.75, 1.05) / storeys
        solids.box((0, 0), (width, width, height), style.wall, bottom=bottom)
        solids.windows(columns, style.count(1, 3), GLASS, arched=style.chance(), fill=style.between(0.3, 0.6))
        bottom += height
        if storey < storeys - 1:
            solids.box((0, 0), (width * 1.12, width * 1.12, 0.03), style.trim, bottom=bottom)
            bottom += 0.03
            width *= shrink
    roof = style.count(0, 2)
    if roof == 0:
        solids.frustum((0, 0), (width * 1.15,) * 2, (0.01, 0.01), bottom, bottom + style.between(0.2, 0.5), style.roof)
    elif roof == 1:
        solids.revolve((0, 0), dome(width * 0.5, style.between(0.12, 0.3), bottom, onion=style.chance()), style.roof)
    else:
        for x in (-1, 0, 1):
            for y in (-1, 1):
                size = (width * 0.22, width * 0.22, 0.07)
                solids.box((x * width * 0.39, y * width * 0.39), size, style.trim, bottom=bottom)


def skyscraper(solids: Solids, style: Style) -> None:
    """Glass and stone with setbacks, and an antenna."""
    width, bottom = style.between(0.24, 0.42), 0.0
    glass = ((86, 128, 168), (70, 110, 106), (128, 112, 92), (148, 158, 172), (58, 64, 84))[style.count(0, 4)]
    turn = style.between(0, 0.7) if style.chance(0.4) else 0.0
    for height in ([style.between(0.9, 1.2)], [0.55, 0.3, 0.2], [0.4, 0.5], [0.25, 0.3, 0.3, 0.25])[style.count(0, 3)]:
        taper = style.between(0.75, 1.0)
        solids.frustum(
            (0, 0), (width, width), (width * taper,) * 2, bottom, bottom + height, darker(style.wall, 0.9), turn=turn
        )
        solids.windows(
            style.count(3, 6), max(3, int(height * style.between(9, 16))), glass, fill=style.between(0.5, 0.9)
        )
        bottom += height
        width *= taper * style.between(0.6, 0.85)
    if style.chance(0.7):
        solids.revolve((0, 0), [(0.02, bottom), (0.004, bottom + style.between(0.15, 0.4))], (190, 190, 195), sides=5)


def basilica(solids: Solids, style: Style) -> None:
    """A large dome on a drum over a wide block, with or without minarets."""
    width, depth, height = style.between(0.8, 1.2), style.between(0.6, 0.9), style.between(0.22, 0.4)
    solids.box((0, 0), (width, depth, height), style.wall)
    solids.windows(style.count(4, 8), style.count(1, 2), GLASS, arched=style.chance(0.7))
    radius, drum = style.between(0.22, 0.34), style.between(0.08, 0.2)
    solids.revolve((0, 0), [(radius, height), (radius, height + drum)], style.trim, sides=14)
    onion = style.chance(0.35)
    profile = dome(radius * 0.98, radius * style.between(0.9, 1.5), height + drum, onion=onion)
    solids.revolve((0, 0), profile, style.roof, sides=14)
    minarets, reach = style.count(0, 2), style.between(0.5, 0.62)
    for x in (-1, 1):
        for y in ((), (-1,), (-1, 1))[minarets]:
            place, thick, tall = (x * width * reach, y * depth * reach), 0.04, height + style.between(0.5, 0.75)
            solids.revolve(place, [(thick, 0), (thick * 0.8, tall)], style.wall, sides=8)
            solids.revolve(place, [(thick * 1.3, tall * 0.7), (thick * 1.3, tall * 0.74)], style.trim, sides=8)
            solids.revolve(place, [(thick, tall), (0.002, tall + 0.12)], style.roof, sides=8)
        if minarets == 0:
            small = dome(radius * 0.42, radius * 0.5, height, onion=onion)
            solids.revolve((x * width * 0.34, -depth * 0.2), small, style.roof, sides=10)


def temple(solids: Solids, style: Style) -> None:
    """Columns under a pediment, on steps."""
    width, depth, tall = style.between(0.8, 1.2), style.between(0.5, 0.9), style.between(0.34, 0.56)
    for step in range(3):
        size = (width * (1.12 - 0.04 * step), depth * (1.12 - 0.04 * step), 0.035)
        solids.box((0, 0), size, darker(style.wall, 0.92), bottom=0.035 * step)
    solids.box((0, depth * 0.05), (width * 0.72, depth * 0.7, tall), darker(style.trim, 0.85), bottom=0.1)
    columns, thick = style.count(4, 9), style.between(0.016, 0.034)
    for x in np.linspace(-width / 2 + thick, width / 2 - thick, columns):
        for y in (-depth / 2 + thick, depth / 2 - thick):
            solids.revolve((float(x), y), [(thick, 0.1), (thick * 0.85, 0.1 + tall)], style.wall, sides=7)
    for y in np.linspace(-depth / 2 + thick, depth / 2 - thick, 4)[1:-1]:
        for x in (-width / 2 + thick, width / 2 - thick):
            solids.revolve((x, float(y)), [(thick, 0.1), (thick * 0.85, 0.1 + tall)], style.wall, sides=7)
    top = 0.1 + tall
    solids.box((0, 0), (width, depth, 0.07), style.trim if style.chance() else style.wall, bottom=top)
    add_gable(
        solids, (0, 0), (width * 1.03, depth * 1.03), top + 0.07, style.between(0.12, 0.26), style.wall, style.roof
    )


def pagoda(solids: Solids, style: Style) -> None:
    """Storeys with wide roofs that curve upwards."""
    storeys, width, bottom = style.count(3, 7), style.between(0.34, 0.5), 0.0
    shrink, reach = style.between(0.82, 0.92), style.between(1.35, 1.8)
    body = style.wall if style.chance() else ((168, 44, 36), (96, 60, 44), (208, 190, 160))[style.count(0, 2)]
    for _ in range(storeys):
        height = style.between(0.8, 1.0) / storeys
        solids.box((0, 0), (width, width, height * 0.6), body, bottom=bottom)
        solids.windows(style.count(2, 4), 1, GLASS, fill=0.5)
        bottom += height * 0.6
        solids.frustum((0, 0), (width * reach,) * 2, (width * 0.9,) * 2, bottom, bottom + height * 0.4, style.roof)
        solids.box((0, 0), (width * reach * 1.02, width * reach * 1.02, 0.015), style.trim, bottom=bottom - 0.01)
        bottom += height * 0.4
        width *= shrink
    solids.revolve((0, 0), [(0.02, bottom), (0.004, bottom + style.between(0.1, 0.3))], (206, 168, 66), sides=6)


def castle(solids: Solids, style: Style) -> None:
    """Round or square towers, a wall with battlements, a keep."""
    width, depth, wall = style.between(0.9, 1.2), style.between(0.5, 0.8), style.between(0.2, 0.36)
    solids.box((0, 0), (width, depth, wall), style.wall)
    solids.windows(style.count(3, 6), 1, GLASS, fill=0.22)
    teeth = style.count(7, 11)
    for x in np.linspace(-width / 2, width / 2, teeth):
        solids.box((float(x), -depth / 2), (width / teeth * 0.5, 0.04, 0.045), style.wall, bottom=wall)
    round_towers, tall = style.chance(0.6), style.between(0.4, 0.75)
    for number, (x, y) in enumerate([(-0.5, 0.5), (0.5, 0.5), (-0.5, -0.5), (0.5, -0.5)]):
        place, height = (x * width, y * depth), tall * (1 + 0.25 * ((number * 7) % 3 - 1) * style.random.random())
        radius = style.between(0.09, 0.14)
        if round_towers:
            solids.revolve(place, [(radius, 0), (radius, height)], style.wall)
            solids.revolve(place, [(radius * 1.25, height), (0.005, height + style.between(0.15, 0.4))], style.roof)
        else:
            solids.box(place, (radius * 2, radius * 2, height), style.wall)
            solids.windows(1, 3, GLASS, arched=True, fill=0.3)
            solids.box(place, (radius * 2.3, radius * 2.3, 0.05), style.trim, bottom=height)
    keep = style.between(0.25, 0.4)
    solids.box((0, depth * 0.1), (keep, keep * 0.8, wall + 0.3), style.trim)
    solids.windows(3, 3, GLASS, arched=style.chance(), fill=0.4)
    add_gable(
        solids, (0, depth * 0.1), (keep * 1.1, keep * 0.9), wall + 0.3, style.between(0.1, 0.3), style.wall, style.roof
    )


def cathedral(solids: Solids, style: Style) -> None:
    """A front with a rose window and a gable between two towers or under one."""
    towers, width, nave = style.count(1, 2), style.between(0.34, 0.46), style.between(0.42, 0.62)
    depth = style.between(0.9, 1.3)
    solids.box((0, depth / 2), (width, depth, nave), style.wall)
    solids.windows(style.count(5, 8), 1, GLASS, arched=True, fill=0.4)
    gable = style.between(0.15, 0.3)
    add_gable(solids, (0, depth / 2), (width * 1.06, depth), nave, gable, style.wall, style.roof)
    thick, tall = style.between(0.17, 0.24), style.between(0.7, 1.0)
    spire, onion = style.between(0.2, 0.5), style.chance(0.3)
    for x in ((0.0,), (-1.0, 1.0))[towers - 1]:
        place = (x * (width / 2 + thick * 0.4), -thick * 0.3)
        solids.box(place, (thick, thick, tall), style.wall)
        solids.windows(style.count(1, 2), style.count(3, 5), GLASS, arched=True, fill=0.45)
        if onion:
            solids.revolve(place, dome(thick * 0.48, spire * 0.8, tall, onion=True), style.roof, sides=10)
        else:
            solids.frustum(place, (thick * 1.05,) * 2, (0.01, 0.01), tall, tall + spire, style.roof)
    solids.new_part()
    radius, rose = width * style.between(0.18, 0.3), nave * 0.68
    circle = [(radius * math.cos(t), -0.005, rose + radius * math.sin(t)) for t in np.linspace(0, 2 * math.pi, 15)[:-1]]
    if towers == 2:
        solids.face(circle, ((70, 84, 140), (150, 60, 70), (60, 110, 110))[style.count(0, 2)], glows=True)
        door = width * 0.15
        outline = [(-door, 0.0), (door, 0.0), (door, 0.18), (0.0, 0.27), (-door, 0.18)]
        solids.face([(x, -0.005, z) for x, z in outline], darker(GLASS, 0.7))


def lighthouse(solids: Solids, style: Style) -> None:
    """A tapered tower with bands, a gallery, a lantern, and a keeper's house."""
    radius, bands = style.between(0.11, 0.16), style.count(1, 6)
    paint = ((196, 50, 44), (40, 70, 120), (40, 40, 44), (226, 150, 50), (60, 120, 90))[style.count(0, 4)]
    levels = np.linspace(0, 0.85, bands + 1)
    profile = [(radius * (1 - 0.4 * level), float(level)) for level in levels]
    white = (236, 232, 224)
    solids.revolve((0, 0), profile, [paint if band % 2 else white for band in range(bands + 1)], sides=14)
    solids.revolve((0, 0), [(radius * 0.95, 0.85), (radius * 0.95, 0.88)], paint, sides=14)
    solids.revolve((0, 0), [(radius * 0.45, 0.88), (radius * 0.45, 0.98)], (236, 214, 130), sides=8)
    solids.revolve((0, 0), [(radius * 0.6, 0.98), (0.01, 1.0 + style.between(0.05, 0.12))], paint, sides=10)
    side = 1 if style.chance() else -1
    size = (style.between(0.3, 0.5), style.between(0.22, 0.32), style.between(0.12, 0.2))
    place = (side * (radius + size[0] * 0.55), style.between(-0.1, 0.1))
    solids.box(place, size, style.wall)
    solids.windows(style.count(2, 4), 1, GLASS, fill=0.35)
    add_gable(solids, place, (size[0] * 1.08, size[1] * 1.15), size[2], 0.13, style.wall, style.roof, along_x=True)
