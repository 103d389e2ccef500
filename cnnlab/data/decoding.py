"""From a picture file to a tensor: any common format, any mode, right way up; what is no picture is named."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

LARGEST = 80_000_000  # pixels: more is a mistake or an attack, Pillow begins to warn at 89; a camera makes 50

Item = TypeVar("Item")
Result = TypeVar("Result")


class UnreadablePictureError(ValueError):
    """A file that is no picture, or a broken or far too large one; the message names it and says why."""


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """Open a picture and read its header, not its pixels.

    Raises:
        FileNotFoundError: if there is no such file.
        UnreadablePictureError: if it is empty, no picture, or has more than 80 million pixels.
    """
    try:
        picture = Image.open(path)
    except FileNotFoundError:
        raise FileNotFoundError(f"there is no picture {path}; relative paths begin at {Path.cwd()}") from None
    except UnidentifiedImageError:
        why = "the file is empty" if Path(path).stat().st_size == 0 else "it is no picture that Pillow can read"
        raise UnreadablePictureError(f"{path}: {why}") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadablePictureError(f"{path}: far more pixels than the limit, {LARGEST:,}: make it smaller") from error
    except Exception as error:  # Pillow's plugins raise anything on damaged files
        raise UnreadablePictureError(f"{path}: {_reason(error)}") from error
    if picture.format == "EPS":  # Pillow would run it in Ghostscript
        picture.close()
        raise UnreadablePictureError(f"{path}: it is PostScript, a program that draws; export it as PNG")
    if picture.width * picture.height > LARGEST:
        picture.close()
        raise UnreadablePictureError(
            f"{path}: {picture.width}×{picture.height} pixels; the limit is {LARGEST:,}: make it smaller"
        )
    return picture


def decode(path: str | os.PathLike[str], *, size: tuple[int, int] | None = None, channels: int = 3) -> Tensor:
    """Decode a picture file, turned as its EXIF data says, the first frame if it has several.

    With ``size`` (height, width), in pixels, it is scaled to cover that size and cropped at the centre, so that
    proportions stay. Transparent parts become white. Greys of more than eight bits are scaled to eight; where the
    file does not say which value is white, it is the least of 1 (floats only), 255 and 65,535 that the picture keeps
    to, else the picture's maximum.

    Shape: (channels, H, W) uint8, 0 to 255; ``channels`` is 3 (RGB) or 1 (grey).

    Raises:
        FileNotFoundError, UnreadablePictureError: as `open_picture`, and for truncated or broken pixels.
        ValueError: for other ``channels``, or a ``size`` that is not two whole numbers of at least 1.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels must be 3 (RGB) or 1 (grey), got {channels!r}")
    if size is not None:
        check_size(size)
    with open_picture(path) as picture:
        try:
            if size:  # JPEG decodes at a fraction; the longer side twice, since EXIF may turn the picture afterwards
                picture.draft("RGB" if channels == 3 else "L", (max(size), max(size)))
            upright = ImageOps.exif_transpose(picture)
            flat = _flatten(upright).convert("RGB" if channels == 3 else "L")
        except Exception as error:
            raise UnreadablePictureError(f"{path}: {_reason(error)}") from error
    if size:
        flat = ImageOps.fit(flat, (size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(flat, dtype=np.uint8))
    return pixels.permute(2, 0, 1).contiguous() if channels == 3 else pixels[None]


def check_size(size: object) -> None:
    """Raise ValueError unless ``size`` is (height, width), whole numbers of pixels."""
    if not (
        isinstance(size, Sequence) and len(size) == 2 and all(isinstance(side, int) and side >= 1 for side in size)
    ):
        raise ValueError(
            f"size must be (height, width), two whole numbers of at least 1, got {size!r}; a square is (64, 64)"
        )


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, pending: int) -> Generator[Result, None, None]:
    """The results of ``work`` in the order of ``items``, computed by threads at most ``pending`` items ahead.

    Pillow lets go of Python's lock while it decodes, so that the network works meanwhile. Threads and not processes:
    they start at once on every system, and need no shared memory.

    >>> list(ahead(abs, [-3, 2, -1], pending=2))
    [3, 2, 1]
    """
    todo = iter(items)
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as threads:
        waiting: deque[Future[Result]] = deque(threads.submit(work, item) for item in islice(todo, pending))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(threads.submit(work, item) for item in islice(todo, 1))
                yield result
        finally:
            threads.shutdown(cancel_futures=True)


def _reason(error: Exception) -> str:
    """What a reader can make of an error: those that are meant for readers are ours, and Pillow's `OSError`."""
    return str(error) if isinstance(error, OSError | UnreadablePictureError) else f"it is damaged ({error!r})"


def _flatten(picture: Image.Image) -> Image.Image:
    """Bring a picture to a mode whose conversion to RGB or grey loses nothing but depth."""
    if picture.mode.startswith("I") or picture.mode == "F":  # Pillow would clip sixteen bits at 255
        values = np.asarray(picture, dtype=np.float64)
        if not np.isfinite(values).all():
            raise UnreadablePictureError("its pixels are not all finite (NaN or infinite); replace them and save again")
        shares = values / _white(picture.mode, values.max())
        return Image.fromarray((shares * 255).clip(0, 255).round().astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        return Image.alpha_composite(paper, picture)
    return picture


def _white(mode: str, highest: float) -> float:
    """The value of white in a picture of sixteen bits or more, in which ``highest`` occurs."""
    if mode.startswith("I;16"):
        return 65535.0
    common = (255.0, 65535.0) if mode == "I" else (1.0, 255.0, 65535.0)
    return next((white for white in common if highest <= 1.1 * white), highest)  # resampled floats overshoot a little
