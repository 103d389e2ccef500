"""The light and the weather of a picture."""

import math
from dataclasses import dataclass

import numpy as np

from cnnlab.data.landmarks.world._solids import Colour

Random = np.random.Generator


@dataclass
class Day:
    """The light and the weather of one picture. Colours of light are factors, those of the sky values to 255."""

    sky_top: Colour
    sky_bottom: Colour
    ambient: Colour
    sun: Colour
    sun_direction: np.ndarray  # (3,), towards the sun
    night: bool
    cloudy: float  # part of the sky
    fog: float  # part of a building's colour that the air takes
    rain: bool
    snow: bool


SKIES: tuple[tuple[float, Colour, Colour, Colour, Colour], ...] = (
    # elevation of the sun, sky above, sky at the horizon, ambient light, sunlight
    (0.9, (64, 124, 204), (176, 208, 236), (0.42, 0.46, 0.54), (0.68, 0.66, 0.60)),  # noon
    (0.6, (96, 152, 214), (206, 222, 232), (0.44, 0.46, 0.50), (0.66, 0.62, 0.54)),  # afternoon
    (0.2, (92, 110, 168), (246, 186, 122), (0.36, 0.36, 0.44), (0.86, 0.58, 0.34)),  # sunset
    (0.25, (140, 168, 206), (242, 214, 204), (0.44, 0.42, 0.46), (0.66, 0.54, 0.44)),  # morning
    (0.5, (150, 158, 168), (204, 208, 212), (0.68, 0.70, 0.72), (0.14, 0.14, 0.14)),  # overcast
    (0.3, (26, 34, 70), (110, 84, 110), (0.30, 0.30, 0.42), (0.12, 0.10, 0.12)),  # dusk
    (0.5, (8, 12, 28), (34, 34, 56), (0.20, 0.20, 0.30), (0.06, 0.06, 0.08)),  # night
)
CHANCES = np.cumsum([0.22, 0.22, 0.13, 0.13, 0.16, 0.07, 0.07])


def new_day(random: Random) -> Day:
    """A time of day and weather, by chance."""
    kind = int(np.searchsorted(CHANCES, random.random(), side="right"))
    elevation, top, bottom, ambient, sun = SKIES[min(kind, len(SKIES) - 1)]
    around, night = 2 * math.pi * random.random(), kind >= 5
    weather = random.random()
    rain, snow, mist = weather < 0.07, 0.07 <= weather < 0.13, 0.13 <= weather < 0.22
    fog = 0.3 + 0.3 * random.random() if mist else 0.04 + 0.12 * random.random()
    tint = 0.9 + 0.2 * random.random(3)
    if rain or snow or mist:
        top, bottom = mixed(top, (158, 164, 172), 0.65), mixed(bottom, (196, 200, 204), 0.65)
        if night:
            top, bottom = mixed(top, (10, 12, 20), 0.7), mixed(bottom, (30, 32, 44), 0.7)
        sun = mixed(sun, (0.1, 0.1, 0.1), 0.7)
        ambient = mixed(ambient, (0.3, 0.3, 0.34) if night else (0.62, 0.63, 0.66), 0.6)
    flat = math.cos(elevation)
    direction = np.array([flat * math.cos(around), flat * math.sin(around), math.sin(elevation)])
    return Day(
        tinted(top, tint), tinted(bottom, tint), tinted(ambient, tint), tinted(sun, tint),
        direction, night, random.random() if not night else 0.3 * random.random(), fog, rain, snow,
    )  # fmt: skip


def lit(colour: Colour, day: Day) -> Colour:
    """The colour of something level in this light."""
    up = max(0.0, float(day.sun_direction[2]))
    r, g, b = (c * (a + s * up) for c, a, s in zip(colour, day.ambient, day.sun, strict=True))
    return (r, g, b)


def mixed(a: Colour, b: Colour, part: float) -> Colour:
    """From ``a`` with part 0 to ``b`` with part 1."""
    return (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part)


def scaled(colour: Colour, by: float) -> Colour:
    """The colour, multiplied."""
    return (colour[0] * by, colour[1] * by, colour[2] * by)


def tinted(colour: Colour, tint: np.ndarray) -> Colour:
    """The colour, each channel multiplied by its own factor."""
    return (colour[0] * float(tint[0]), colour[1] * float(tint[1]), colour[2] * float(tint[2]))


def rgb(colour: Colour) -> tuple[int, int, int]:
    """A colour as Pillow takes it."""
    r, g, b = (min(255, max(0, int(c))) for c in colour)
    return (r, g, b)
