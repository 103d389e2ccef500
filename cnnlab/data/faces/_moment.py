"""What is different in every picture of a person: pose, light, expression, haircut, clothes, what is behind."""

import math
from dataclasses import dataclass

from cnnlab.data.faces.identity import LONG, SHORT, Colour, Identity, Random

CLOTHES: tuple[Colour, ...] = (
    (40, 44, 54), (226, 226, 222), (120, 34, 44), (38, 70, 112), (66, 104, 74),
    (206, 170, 88), (150, 150, 156), (196, 120, 128), (86, 64, 112), (64, 132, 140),
)  # fmt: skip


@dataclass(frozen=True)
class Moment:
    """One picture's own. Angles in radians; ``light`` points to the lamp, in the picture's plane."""

    yaw: float
    pitch: float
    roll: float
    scale: float
    shift: tuple[float, float]
    light: tuple[float, float]
    contrast: float  # of light and shadow on the face
    smile: float  # from −0.2 to 1
    mouth: float  # how far it is open, from 0 to 1
    eyes: float  # how far they are open
    gaze: tuple[float, float]
    brows: float  # how far they are raised
    cut: str
    volume: float
    length: float
    parting: float
    shaved: bool
    glasses: bool
    hat: bool
    clothes: Colour
    hat_colour: Colour
    neckline: int


def new_moment(person: Identity, random: Random) -> Moment:
    """The next moment of a person, by chance."""

    def around(spread: float) -> float:  # the sum of two uniform numbers: small values are frequent
        return spread * (random.random() + random.random() - 1)

    cut = person.cuts[int(len(person.cuts) * random.random() ** 1.6)]
    if person.cuts != ("bald",) and random.random() < 0.1:
        cut = (*SHORT, *LONG)[int(8 * random.random())]
    smile = 1.2 * random.random() - 0.2
    angle = 2 * math.pi * random.random()
    yaw = around(0.55)
    return Moment(
        yaw=yaw,
        pitch=around(0.26),
        roll=around(0.28),
        scale=0.88 + 0.3 * random.random(),
        shift=(around(0.22), around(0.16)),
        light=(math.cos(angle), -0.8 * abs(math.sin(angle))),
        contrast=0.08 + 0.3 * random.random() ** 1.5,
        smile=smile,
        mouth=max(0.0, 1.4 * random.random() - 0.7) if random.random() < 0.7 else 0.0,
        eyes=0.06 if random.random() < 0.03 else 0.75 + 0.35 * random.random() - 0.15 * max(0.0, smile),
        gaze=(around(0.5) - 0.3 * yaw, around(0.25)),
        brows=around(0.09),
        cut=cut,
        volume=0.7 + 0.6 * random.random(),
        length=0.85 + 0.4 * random.random(),
        parting=person.parting + around(0.3),
        shaved=random.random() < person.shaved,
        glasses=random.random() < person.glasses,
        hat=random.random() < 0.05,
        clothes=CLOTHES[int(10 * random.random())],
        hat_colour=CLOTHES[int(10 * random.random())],
        neckline=int(3 * random.random()),
    )
