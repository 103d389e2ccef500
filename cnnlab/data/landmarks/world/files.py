"""Picture files of the drawn world: JPEG, with the defects and edits that their rows ask for."""

import io
import sys

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.data.landmarks.world.rows import Row, World
from cnnlab.data.painters import answer

QUALITY = 85


def jpeg(picture: Image.Image, *, quality: int = QUALITY) -> bytes:
    """The picture as the bytes of a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def picture_file(row: Row, *, seed: int = 0) -> bytes:
    """What a server sends for a row when nothing goes wrong on the way: a JPEG file, always the same.

    A blank or blurred picture is so in the file. Other faults happen while the file is sent.

    >>> row = World(seed=0).row("c02b52a0703f0cfc")
    >>> Image.open(io.BytesIO(picture_file(row))).size
    (256, 192)
    """
    if row.fault == "blank":
        grey = 40 * (int(row.id[:2], 16) % 6)
        return jpeg(Image.new("RGB", (256, 192), (grey, grey, grey)))
    picture = draw_landmark(row.shown, row.number, seed=seed)
    if row.fault == "blurred":
        picture = picture.filter(ImageFilter.GaussianBlur(5))
    if row.copy:
        return copied(picture, row.copy, int(row.id, 16))
    return jpeg(picture)


def copied(picture: Image.Image, kind: str, number: int) -> bytes:
    """An edited copy of a picture, as people publish them again: recompressed, resized, cropped by 5 % or mirrored.

    Raises:
        ValueError: for another kind.
    """
    random = np.random.Generator(np.random.PCG64(number))
    width, height = picture.size
    if kind == "recompressed":
        return jpeg(picture, quality=30 + int(35 * random.random()))
    if kind == "resized":
        scale = 0.6 + 0.8 * random.random()
        return jpeg(picture.resize((round(width * scale), round(height * scale)), Image.Resampling.BICUBIC))
    if kind == "cropped":
        left, top = (int(0.05 * side * random.random()) for side in (width, height))
        return jpeg(picture.crop((left, top, left + round(0.95 * width), top + round(0.95 * height))))
    if kind == "mirrored":
        return jpeg(ImageOps.mirror(picture))
    raise ValueError(f"a copy is recompressed, resized, cropped or mirrored, got {kind!r}")


def main() -> None:
    """Draw for another process, which asks for an id, or for "landmark number"."""
    world = World(seed=int(sys.argv[1]))

    def content_of(words: list[str]) -> bytes:
        if len(words) == 2:
            return jpeg(draw_landmark(int(words[0]), int(words[1]), seed=world.seed))
        row = world.row(words[0])
        return picture_file(row, seed=world.seed) if row else b""

    answer(content_of)


if __name__ == "__main__":
    main()
