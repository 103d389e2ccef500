"""Picture files as tensors: any common format and mode, upright; a file that cannot be read is named."""

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

LARGEST = 80_000_000  # pixels: a camera makes 50 million, and Pillow warns of a decompression bomb at 89

Item = TypeVar("Item")
Result = TypeVar("Result")


class UnreadablePictureError(ValueError):
    """A file that is not a picture, or a damaged or too large one; the message has its path and the reason."""


def open_picture(path: str | os.PathLike[str]) -> Image.Image:
    """Open a picture and read its header, not its pixels.

    Raises:
        FileNotFoundError: if there is no such file.
        UnreadablePictureError: if it is empty, not a picture, or has more than 80 million pixels.
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
    except Exception as error:  # Pillow's plugins raise errors of any class for damaged files
        raise UnreadablePictureError(f"{path}: {_reason(error)}") from error
    why = ""
    if picture.format == "EPS":  # Pillow would run it in Ghostscript
        why = "it is PostScript, a program that draws; export it as PNG"
    elif picture.width * picture.height > LARGEST:
        why = f"{picture.width}×{picture.height} pixels; the limit is {LARGEST:,}: make it smaller"
    elif picture.mode == "F" or (picture.mode == "I" and picture.format not in ("PNG", "PPM")):
        why = "its pixels have 32 bits, and it does not say which value is white; save it with 8 or 16 bits"
    if why:
        picture.close()
        raise UnreadablePictureError(f"{path}: {why}")
    return picture


def decode(path: str | os.PathLike[str], *, size: tuple[int, int] | None = None, channels: int = 3) -> Tensor:
    """Decode a picture file, rotated as its EXIF data says; of several frames, the first.

    With ``size`` (height, width), in pixels, it is scaled to cover that size and cropped at the centre, which keeps its
    aspect ratio. Transparent pixels become white. Values of 16 bits are scaled to 8.

    Shape: (channels, H, W) uint8, 0 to 255; ``channels`` is 3 (RGB) or 1 (grey).

    Raises:
        FileNotFoundError, UnreadablePictureError: as `open_picture`, and for truncated or damaged pixels.
        ValueError: for other ``channels``, or a ``size`` that is not two whole numbers of at least 1.
    """
    if channels not in (1, 3):
        raise ValueError(f"channels must be 3 (RGB) or 1 (grey), got {channels!r}")
    if size is not None:
        require_size(size)
    mode = "RGB" if channels == 3 else "L"
    with open_picture(path) as picture:
        try:
            if size:  # JPEG decodes at a fraction; the longer side twice, since EXIF may rotate the picture afterwards
                picture.draft(mode, (max(size), max(size)))
            flat = _flatten(ImageOps.exif_transpose(picture)).convert(mode)
        except Exception as error:
            raise UnreadablePictureError(f"{path}: {_reason(error)}") from error
    if size:
        flat = ImageOps.fit(flat, (size[1], size[0]), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(np.array(flat, dtype=np.uint8))
    return pixels.permute(2, 0, 1).contiguous() if channels == 3 else pixels[None]


def require_size(size: object) -> None:
    """Raise ValueError unless ``size`` is (height, width), whole numbers of pixels."""
    if not (
        isinstance(size, Sequence) and len(size) == 2 and all(isinstance(side, int) and side >= 1 for side in size)
    ):
        raise ValueError(
            f"size must be (height, width), two whole numbers of at least 1, got {size!r}; a square is (64, 64)"
        )


def ahead(work: Callable[[Item], Result], items: Iterable[Item], *, pending: int) -> Generator[Result, None, None]:
    """The results of ``work`` in the order of ``items``, computed by threads at most ``pending`` items ahead.

    Threads suffice because Pillow releases Python's global lock while it decodes. Unlike processes, they start at once
    on every system and need no shared memory.

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
    """The message of Pillow's `OSError`, which is written for users; of any other error its class as well."""
    return str(error) if isinstance(error, OSError) else f"it is damaged ({error!r})"


def _flatten(picture: Image.Image) -> Image.Image:
    """A picture without transparency, with 8 bits a channel."""
    if picture.mode.startswith("I"):  # 16 bits, which Pillow would clip at 255
        return Image.fromarray((np.asarray(picture, dtype=np.float64) / 257).round().astype(np.uint8))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return picture
