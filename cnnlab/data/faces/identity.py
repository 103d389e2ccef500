"""What stays the same in all pictures of a person: the shape of the head, colours, hair, glasses, beard.

Lengths are in units of the distance between the eyes' height and the chin. x points to the right of the picture, y
down, z towards the viewer.
"""

from dataclasses import dataclass

import numpy as np

Colour = tuple[float, float, float]  # from 0 to 255
Random = np.random.Generator

SKINS: tuple[Colour, ...] = (
    (250, 220, 198), (243, 204, 178), (234, 190, 158), (222, 172, 136), (206, 152, 114),
    (188, 132, 96), (166, 114, 82), (142, 96, 70), (118, 80, 60), (98, 68, 54),
)  # fmt: skip
HAIRS: tuple[Colour, ...] = (
    (26, 22, 22), (44, 32, 28), (72, 48, 34), (104, 70, 44), (146, 104, 62),
    (206, 168, 104), (232, 206, 150), (150, 62, 30), (188, 92, 44), (150, 148, 148), (216, 214, 210),
)  # fmt: skip
IRISES: tuple[Colour, ...] = ((58, 38, 26), (88, 58, 34), (118, 84, 44), (92, 112, 62), (86, 132, 164), (120, 136, 144))
SHORT, LONG = ("buzz", "crop", "side", "swept"), ("bob", "long", "bun", "fringe")
BEARDS = ("none", "stubble", "moustache", "goatee", "full")
FRAMES = ("round", "square", "wide")


@dataclass(frozen=True)
class Identity:
    """The person. ``cuts`` are the haircuts that the person wears; fractions are chances that a picture shows it."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    cheek: float  # half the width of the head
    jaw: float  # as a fraction of ``cheek``
    chin: float  # half the width of the chin, as a fraction of ``cheek``
    chin_length: float
    forehead: float  # height of the hairline above the eyes
    eye_distance: float  # of an eye from the middle
    eye_size: float
    eye_tilt: float
    eye_height: float  # of the opening, as a fraction of its width
    brow_height: float
    brow_thickness: float
    brow_arch: float
    brow_tilt: float
    nose_length: float
    nose_width: float
    nose_bridge: float
    mouth_width: float
    mouth_height: float
    lip: float  # thickness
    ear: float
    neck: float
    cuts: tuple[str, ...]
    curl: float  # 0 is straight, 1 is curly
    volume: float
    parting: float  # from −1 to 1
    beard: str
    shaved: float
    frame: str
    frame_colour: Colour
    glasses: float
    freckles: bool
    mole: tuple[float, float] | None
    wrinkles: float
    earrings: bool


def new_identity(number: int, seed: int = 0) -> Identity:
    """The person with a number: the same for the same two numbers.

    >>> new_identity(3).cuts == new_identity(3).cuts, new_identity(3) == new_identity(4)
    (True, False)
    """
    random = np.random.Generator(np.random.PCG64([seed, 11, number]))

    def between(low: float, high: float) -> float:
        return low + (high - low) * random.random()

    depth = len(SKINS) * random.random()
    skin = varied(blended(SKINS, depth), 8, random)
    age = random.random()
    dark = depth > 4.5  # dark skin goes with dark hair and dark eyes as a rule
    shade = 9 + int(2 * random.random()) if age > 0.85 else int((3 if dark else 9) * random.random())
    iris = IRISES[int((2.5 if dark else 6) * random.random())]
    long_haired = random.random() < 0.5
    bald = not long_haired and random.random() < 0.16
    group = list(LONG if long_haired else SHORT)
    first = int(len(group) * random.random())
    second = (first + 1 + int((len(group) - 1) * random.random())) % len(group)
    curl = between(0.55, 1) if random.random() < (0.75 if dark else 0.25) else between(0, 0.35)
    bearded = not long_haired and random.random() < 0.55
    wears = random.random()
    frame = FRAMES[int(3 * random.random())]
    frame_colour = ((34, 32, 36), (96, 60, 34), (150, 34, 40), (40, 62, 110), (176, 150, 90))[int(5 * random.random())]
    return Identity(
        skin=skin,
        hair=varied(HAIRS[shade], 8, random),
        iris=varied(iris, 6, random),
        lips=mixed(skin, (176, 52, 62), between(0.3, 0.62) if long_haired else between(0.16, 0.3)),
        cheek=between(0.66, 0.84),
        jaw=between(0.74, 0.96),
        chin=between(0.28, 0.56),
        chin_length=between(-0.08, 0.16),
        forehead=between(0.5, 0.74),
        eye_distance=between(0.27, 0.37),
        eye_size=between(0.125, 0.185),
        eye_tilt=between(-0.16, 0.24),
        eye_height=between(0.42, 0.78),
        brow_height=between(0.16, 0.28),
        brow_thickness=between(0.03, 0.1) * (0.75 if long_haired else 1),
        brow_arch=between(0.0, 0.11),
        brow_tilt=between(-0.12, 0.05),
        nose_length=between(0.34, 0.54),
        nose_width=between(0.11, 0.24),
        nose_bridge=between(0.16, 0.42),
        mouth_width=between(0.2, 0.35),
        mouth_height=between(0.64, 0.74),
        lip=between(0.045, 0.13),
        ear=between(0.13, 0.24),
        neck=between(0.36, 0.5) if long_haired else between(0.44, 0.62),
        cuts=("bald",) if bald else (group[first], group[second]),
        curl=curl,
        volume=between(0.05, 0.22) + 0.14 * curl,
        parting=between(-0.8, 0.8),
        beard=BEARDS[1 + int(4 * random.random())] if bearded else "none",
        shaved=between(0, 0.25),
        frame=frame,
        frame_colour=frame_colour,
        glasses=0.0 if wears < 0.6 else 0.92 if wears < 0.85 else 0.4,
        freckles=depth < 3 and random.random() < 0.3,
        mole=(between(-0.4, 0.4), between(0.3, 0.62)) if random.random() < 0.18 else None,
        wrinkles=max(0.0, 2 * age - 1),
        earrings=long_haired and random.random() < 0.5,
    )  # fmt: skip


def blended(colours: tuple[Colour, ...], place: float) -> Colour:
    """The colour at a place from 0 to the number of ``colours``, between two of them."""
    place = place * (len(colours) - 1) / len(colours)
    return mixed(colours[int(place)], colours[int(place) + 1], place - int(place))


def mixed(a: Colour, b: Colour, part: float) -> Colour:
    """From ``a`` with part 0 to ``b`` with part 1."""
    return (a[0] + (b[0] - a[0]) * part, a[1] + (b[1] - a[1]) * part, a[2] + (b[2] - a[2]) * part)


def varied(colour: Colour, by: float, random: Random) -> Colour:
    """The colour with a random difference in brightness and in each channel."""
    r, g, b = (by * (2 * random.random(3) - 1)).tolist()
    all_channels = 2 * by * (2 * random.random() - 1)
    return (colour[0] + r + all_channels, colour[1] + g + all_channels, colour[2] + b + all_channels)
