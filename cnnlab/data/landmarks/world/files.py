"""Picture files of the drawn world: JPEG, with the defects and edits that their rows ask for."""

import io
import signal
import sys

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from cnnlab.data.landmarks.world.drawing import draw_landmark
from cnnlab.data.landmarks.world.rows import Row, World

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
    """Draw for another process: read lines, an id or "landmark number", and answer with the length and the file.

    A program of its own, because drawing holds Python's global lock, and one that ends when its input does, so that
    a process that is killed leaves nothing behind.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to all processes of a terminal; the other one decides
    world = World(seed=int(sys.argv[1]))
    for line in sys.stdin:
        content, words = b"", line.split()
        if len(words) == 2:
            content = jpeg(draw_landmark(int(words[0]), int(words[1]), seed=world.seed))
        elif row := world.row(words[0]):
            content = picture_file(row, seed=world.seed)
        sys.stdout.buffer.write(b"%08d" % len(content) + content)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
