"""A downloaded picture: whole or not, and stored under its name only if it is."""

import hashlib
import io
from dataclasses import replace
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from cnnlab.data.landmarks.manifest import Entry, picture_path

LARGEST = 80_000_000  # pixels, as in `cnnlab.data.decode`
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")


class BadPictureError(ValueError):
    """Something that is no whole picture; ``reason`` is what the manifest says."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def measured(content: bytes) -> tuple[int, int]:
    """Width and height of a picture that decodes to its end.

    Raises:
        BadPictureError: with the reason "corrupt", "truncated" or "size".
    """
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
            width, height = picture.size
            if width * height > LARGEST:
                raise BadPictureError("size")
            picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))  # all of the file, an eighth of the pixels
            picture.load()
    except BadPictureError:
        raise
    except Image.DecompressionBombError:
        raise BadPictureError("size") from None
    except UnidentifiedImageError:
        raise BadPictureError("corrupt") from None
    except Exception as error:  # Pillow's plugins raise errors of any class for damaged files
        raise BadPictureError("truncated" if "truncated" in str(error) else "corrupt") from error
    return width, height


def store(content: bytes, pictures: Path, entry: Entry) -> Entry:
    """Write a picture to its place, whole or not at all, and return its finished entry.

    A killed process leaves no half file; a power cut may, and the next call sees that by its length.

    Raises:
        BadPictureError: if it is no whole picture.
        OSError: if it cannot be written.
    """
    width, height = measured(content)
    path = picture_path(pictures, entry)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.part")
    draft.write_bytes(content)
    draft.replace(path)
    digest = hashlib.sha256(content).hexdigest()
    return replace(entry, status="ok", reason="", sha256=digest, bytes=len(content), width=width, height=height)
