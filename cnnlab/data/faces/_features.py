"""Eyes, brows, nose, mouth, ears, and the marks of a skin."""

import numpy as np

from cnnlab.data.faces._head import Head, curve, darker
from cnnlab.data.faces.identity import mixed

AROUND = np.linspace(0, 2 * np.pi, 15)[:-1]
CIRCLE = np.stack([np.cos(AROUND), np.sin(AROUND)], axis=1).round(9)
ALONG = np.linspace(-1, 1, 9)


def ears(head: Head) -> None:
    """Both ears, behind the face."""
    person = head.person
    for side in (-1, 1):
        size = person.ear
        ring = CIRCLE * (0.62 * size, 1.15 * size)
        place = np.column_stack(
            [side * (person.cheek + 0.3 * size) + ring[:, 0], 0.12 + ring[:, 1], np.full(14, -0.08)]
        )
        head.shaded(head.at(place), darker(person.skin, 0.95), steps=3)
        inner = place.copy()
        inner[:, :2] = (place[:, :2] - place[:, :2].mean(axis=0)) * 0.5 + place[:, :2].mean(axis=0)
        head.fill(head.at(inner), darker(person.skin, 0.78))
        if person.earrings:
            lobe = head.at([(side * (person.cheek + 0.2 * size), 0.16 + 1.3 * size, -0.05)])[0]
            head.spot(lobe, 0.045, (226, 196, 110))


def face(head: Head) -> None:
    """The skin of the face, with cheeks and marks."""
    person = head.person
    head.shaded(head.at(head.outline), person.skin, bright=0.5 * head.moment.contrast, inset=0.36)
    blush = mixed(person.skin, (206, 84, 76), 0.13)
    for side in (-1, 1):
        if side * head.moment.yaw > 0.25:  # turned away
            continue
        for size, part in ((1.0, 0.5), (0.66, 1.0)):
            ring = CIRCLE * (0.17 * size, 0.12 * size) + (side * 0.58 * person.cheek, 0.38 - 0.04 * head.moment.smile)
            head.fill(head.on(ring), mixed(person.skin, blush, part))
    if person.freckles:
        places = [(-0.4, 0.26), (-0.3, 0.34), (-0.22, 0.27), (0.22, 0.28), (0.31, 0.35), (0.4, 0.25), (0.3, 0.22)]
        for place in head.on([*places, (-0.31, 0.2), (0.04, 0.3), (-0.12, 0.33), (0.13, 0.36)], 0.02):
            head.spot(place, 0.017, mixed(person.skin, (140, 74, 40), 0.55))
    if person.mole:
        head.spot(head.on([person.mole])[0], 0.03, mixed(person.skin, (40, 20, 16), 0.75))
    if person.wrinkles > 0.1:
        tone = darker(person.skin, 1 - 0.14 * person.wrinkles)
        for height in (-0.44, -0.53):
            head.line(head.on(curve([(-0.3, height), (0.0, height - 0.03), (0.3, height)])), tone, 0.018)


def eyes(head: Head) -> None:
    """Both eyes: the lids, what is white, the iris and the pupil."""
    person, moment = head.person, head.moment
    wide = person.eye_size
    lid = darker(mixed(person.skin, (60, 30, 30), 0.35), 0.8)
    for side in (-1, 1):
        middle = np.array([side * person.eye_distance, 0.0])
        slope = -person.eye_tilt * side

        def placed(
            across: np.ndarray, down: np.ndarray, middle: np.ndarray = middle, slope: float = slope
        ) -> np.ndarray:
            return np.stack([middle[0] + across * wide, middle[1] + down + slope * across * wide], axis=1)

        bow = 1 - ALONG**2
        top = -person.eye_height * wide * moment.eyes * bow**0.7
        bottom = 0.55 * person.eye_height * wide * min(moment.eyes, 1.0) * bow
        socket = placed(np.append(ALONG * 1.35, ALONG[::-1] * 1.35), np.append(-0.11 - 0.05 * bow, (0.06 + 0.06 * bow)))
        head.fill(head.on(socket), mixed(person.skin, darker(person.skin, 0.72), 0.32))
        if moment.eyes > 0.3:
            head.fill(head.on(placed(np.append(ALONG, ALONG[::-1]), np.append(top, bottom[::-1]))), (240, 236, 230))
            radius = 0.56 * (0.5 + 0.5 * person.eye_height)
            ring = CIRCLE * radius
            for size, colour in ((1.0, darker(person.iris, 0.75)), (0.82, person.iris), (0.42, (16, 12, 12))):
                across = (ring[:, 0] * size + 0.5 * moment.gaze[0]).clip(-1, 1)
                down = (ring[:, 1] * size + 0.5 * moment.gaze[1]) * wide
                limits = np.interp(across, ALONG, top), np.interp(across, ALONG, bottom)
                head.fill(head.on(placed(across, down.clip(*limits)), 0.01), colour)
            glint = placed(np.array([0.5 * moment.gaze[0] + 0.16 * moment.light[0]]), np.array([-0.16 * wide]))
            head.spot(head.on(glint)[0], 0.13 * wide, (250, 250, 250))
            head.line(head.on(placed(ALONG * 1.08, bottom)), mixed(person.skin, lid, 0.4), 0.012)
        thick = 0.04 if person.earrings else 0.03
        head.line(head.on(placed(ALONG * 1.08, top), 0.01), lid, thick)
        head.line(head.on(placed(ALONG, top - 0.06)), darker(person.skin, 0.8), 0.014)
        if person.wrinkles > 0.3:
            head.line(head.on(placed(ALONG * 0.9, bottom + 0.08)), darker(person.skin, 0.84), 0.014)
        _brow(head, side)


def _brow(head: Head, side: int) -> None:
    person = head.person
    across = np.linspace(-1.25, 1.3, 8)  # from the nose outwards
    height = person.brow_height + head.moment.brows + person.brow_arch * (1 - 0.45 * (across - 0.3) ** 2)
    height = height + person.brow_tilt * across * 0.5
    thick = person.brow_thickness * np.linspace(1.0, 0.45, 8)
    x = side * (person.eye_distance + across * person.eye_size)
    upper, lower = np.stack([x, -height - thick / 2], axis=1), np.stack([x, -height + thick / 2], axis=1)
    colour = mixed(darker(person.hair, 0.75), person.skin, 0.15)
    head.fill(head.on(np.concatenate([upper, lower[::-1]]), 0.05), colour)


def nose(head: Head) -> None:
    """The nose: a lit and a shaded side, the tip and the nostrils."""
    person = head.person
    long, wide, bridge = person.nose_length, person.nose_width, 0.4 * person.nose_bridge
    root, tip = (0.0, -0.06), (0.0, long - 0.03)
    lamp = head.moment.light[0]
    for side in (-1, 1):
        lit = side * lamp > 0
        tone = (
            mixed(person.skin, (255, 244, 230), 0.1) if lit else darker(person.skin, 0.93 - 0.4 * head.moment.contrast)
        )
        flank = [(side * (0.05 + 0.1 * bridge), -0.02), (side * (0.06 + 0.5 * bridge * wide), 0.5 * long)]
        flat = [root, *flank, (side * wide, long), (side * 0.5 * wide, long + 0.06), (0.0, long + 0.07), tip]
        lifts = np.array([0.08, 0.02, 0.05, 0.04, 0.1, 0.16, 0.26])
        head.fill(head.at(_raised(flat, lifts)), tone)
    ring = CIRCLE * (0.55 * wide, 0.45 * wide) + (0, long - 0.02)
    head.fill(head.at(_raised(ring, np.full(14, 0.22))), mixed(person.skin, (220, 110, 90), 0.08))
    under = [(-wide, long), (-0.6 * wide, long + 0.07), (0, long + 0.09), (0.6 * wide, long + 0.07), (wide, long)]
    head.line(head.at(_raised(curve(under), np.full(17, 0.1))), darker(person.skin, 0.72), 0.02)
    for side in (-1, 1):
        ring = CIRCLE * (0.25 * wide, 0.14 * wide) + (side * 0.45 * wide, long + 0.045)
        head.fill(head.at(_raised(ring, np.full(14, 0.14))), darker(mixed(person.skin, (90, 30, 30), 0.3), 0.5))


def mouth(head: Head) -> None:
    """The mouth: two lips, and the teeth where it is open."""
    person, moment = head.person, head.moment
    half = person.mouth_width * (1 + 0.22 * max(0.0, moment.smile) - 0.12 * moment.mouth)
    level, up = person.mouth_height, 0.11 * moment.smile
    bow = 1 - ALONG**2
    line = level - up * ALONG**2 + 0.2 * up
    gap = 0.14 * moment.mouth * bow
    x = ALONG * half
    dip = 0.25 * person.lip * np.array([0, 0, 0.2, 0.6, -0.3, 0.6, 0.2, 0, 0])
    upper = np.stack([x, line - person.lip * 0.75 * bow**0.7 - dip - 0.3 * gap], axis=1)
    upper_edge, lower_edge = np.stack([x, line - 0.3 * gap], axis=1), np.stack([x, line + 0.7 * gap], axis=1)
    lower = np.stack([x, line + 0.7 * gap + person.lip * bow**0.8], axis=1)
    if moment.mouth > 0.05:
        head.fill(head.on(np.concatenate([upper_edge, lower_edge[::-1]]), 0.08), (78, 26, 30))
        teeth = np.stack([x * 0.86, line - 0.3 * gap + np.minimum(0.6 * gap, 0.07)], axis=1)
        head.fill(head.on(np.concatenate([upper_edge * (0.86, 1), teeth[::-1]]), 0.08), (238, 234, 224))
    head.fill(head.on(np.concatenate([upper, upper_edge[::-1]]), 0.08), darker(person.lips, 0.9))
    head.fill(head.on(np.concatenate([lower_edge, lower[::-1]]), 0.08), person.lips)
    head.line(head.on(upper_edge, 0.08), darker(person.lips, 0.55), 0.018)
    shadow = np.stack([x[2:-2] * 0.8, (lower[2:-2, 1] + 0.05)], axis=1)
    head.line(head.on(shadow, 0.06), darker(person.skin, 0.86), 0.022)
    folds = 0.5 * max(0.0, moment.smile) + 0.8 * person.wrinkles
    if folds > 0.2:
        tone = darker(person.skin, 1 - 0.16 * min(1.0, folds))
        for side in (-1, 1):
            fold = [(side * (person.nose_width + 0.05), person.nose_length), (side * (half + 0.09), level - 0.08)]
            head.line(head.on(curve([*fold, (side * (half + 0.1), level + 0.06)]), 0.02), tone, 0.02)


def _raised(flat: object, lifts: np.ndarray) -> np.ndarray:
    """Points (k, 2) at ``lifts`` above the middle of the face, (k, 3)."""
    points = np.asarray(flat, dtype=np.float64)
    return np.column_stack([points, 0.74 + lifts])
