"""Pictures of drawn faces: one person, at another moment in every picture."""

from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

from cnnlab.data.faces import _features as features
from cnnlab.data.faces import _hair as hair
from cnnlab.data.faces import _worn as worn
from cnnlab.data.faces._head import Head
from cnnlab.data.faces._moment import new_moment
from cnnlab.data.faces.identity import Random, new_identity

SIDE = 224  # pixels: the face report's
FINER = 2  # the face is drawn this many times larger and scaled down, which smooths the edges

_identity = lru_cache(maxsize=256)(new_identity)


def draw_face(identity: int, number: int, *, seed: int = 0) -> Image.Image:
    """Draw picture ``number`` of an identity: the same picture for the same three numbers, on every platform.

    The shape of the face, skin, eyes, brows, nose, mouth, hair, glasses and beard are the identity's. Pose, light,
    expression, haircut (mostly one of the identity's two), clothes, background and noise are the picture's. About 8 ms
    on one core.

    Returns: an RGB picture, 224 pixels wide and high.

    >>> draw_face(3, 0).size
    (224, 224)
    """
    person = _identity(identity, seed)
    random = np.random.Generator(np.random.PCG64([seed, 12, identity, number]))
    moment = new_moment(person, random)
    picture = worn.background(SIDE * FINER, random)
    head = Head(person, moment, ImageDraw.Draw(picture), SIDE * FINER)
    hair.behind(head, random)
    worn.clothes(head)
    features.ears(head)
    features.face(head)
    features.eyes(head)
    features.nose(head)
    hair.beard(head)
    features.mouth(head)
    hair.front(head, random)
    worn.glasses(head)
    worn.hat(head)
    return _photographed(picture, moment.light, random)


def _photographed(picture: Image.Image, light: tuple[float, float], random: Random) -> Image.Image:
    """The face as a camera gives it: scaled down, lit from a side, exposed, a little unsharp, with noise."""
    small = picture.reduce(FINER)
    if random.random() < 0.3:
        small = small.filter(ImageFilter.BoxBlur(0.3 + 1.2 * random.random()))
    if random.random() < 0.05:  # black and white
        small = ImageOps.grayscale(small).convert("RGB")
    exposure, contrast = 0.72 + 0.5 * random.random(), 0.8 + 0.35 * random.random()
    warmth = 0.1 * (2 * random.random() - 1)
    balance = exposure * np.array([1 + warmth, 1.0, 1 - warmth])
    levels = np.arange(256)
    tables = [((levels - 118) * contrast * gain + 118 * gain).clip(0, 255).astype(np.uint8) for gain in balance]
    small = small.point(np.concatenate(tables).tolist())
    across = np.linspace(-1, 1, SIDE)
    side = 0.3 * random.random()
    lamp = (128 * (1 + side * (light[0] * across[None, :] + light[1] * across[:, None]) / 2)).astype(np.uint16)
    grain = round(30 + 70 * random.random() ** 2)
    noise = (random.integers(0, 256, (SIDE, SIDE), dtype=np.uint8).astype(np.int16) - 128) * np.int16(grain) >> 10
    pixels = (np.asarray(small) * lamp[..., None] >> 7).astype(np.int16)
    pixels += noise[..., None]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))
