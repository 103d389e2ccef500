"""Draws faces for another process, which asks for "identity number": JPEG files."""

import io
import sys

from cnnlab.data.faces.drawing import draw_face
from cnnlab.data.painters import answer

QUALITY = 90


def main() -> None:
    """Answer until the input ends."""
    seed = int(sys.argv[1])

    def content_of(words: list[str]) -> bytes:
        file = io.BytesIO()
        draw_face(int(words[0]), int(words[1]), seed=seed).save(file, "JPEG", quality=QUALITY)
        return file.getvalue()

    answer(content_of)


if __name__ == "__main__":
    main()
