"""Features that frozen layers compute: once for each picture, kept on the disk, mapped into memory."""

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import torch
from torch import Tensor, nn

from cnnlab.data import Augment, Batches, Images, Pictures, Split, ahead
from cnnlab.files import atomic, cache_folder
from cnnlab.inference import choose
from cnnlab.models import evaluating
from cnnlab.models.inspect.hooks import hooked
from cnnlab.training.transfer_learning.layers import below, run

VERSION = "cnnlab features 1"
BATCH = 32  # pictures that go through the network together


def features(
    model: nn.Module,
    head: str,
    split: Split,
    *,
    augment: Augment | None = None,
    copies: int = 1,
    seed: int = 0,
    folder: Path | None = None,
) -> Split:
    """What the module called ``head`` is given for each picture of ``split``, as the images of another split.

    The features are float32, computed in eval mode, and kept in a file, which is mapped into memory. The file's name is
    a digest of everything that they depend on: the modules and weights that do not lie in ``head``, the pictures' size
    and bytes, ``augment``, ``copies`` and ``seed``. So any change leads to another file, and other heads and later runs
    find this one. It is written under another name first: several processes may share it, and a file that is cut off
    is computed anew.

    With ``augment``, each picture is there ``copies`` times, each time changed in another way. Pictures that cannot be
    decoded are left out and named in a warning.

    ``folder`` is cnnlab's cache (``CNNLAB_CACHE`` sets it) unless given.

    Shape: N pictures (C, H, W) -> (copies · N, D) for a head that is given D features.

    Raises:
        ValueError: for copies without ``augment``, or one whose options its ``repr`` does not tell.
        OSError: if the disk is full or the folder not writable.

    >>> import tempfile
    >>> from cnnlab import data, models
    >>> net, digits = models.build("lenet5"), data.digits().test[:64]
    >>> features(net, "classifier.fc3", digits, folder=Path(tempfile.mkdtemp()))
    Split(64 pictures of 84, 10 classes)
    """
    if copies < 1 or (copies > 1 and augment is None):
        raise ValueError(f"copies must be 1 or more, and more than 1 need an augmentation, got {copies} and {augment}")
    if " at 0x" in repr(augment):
        raise ValueError(
            f"the augmentation {augment!r:.80} does not tell its options, so features of it cannot be kept; make it a "
            "dataclass as cnnlab.data.Augmentation, or train without copies"
        )
    count = copies * len(split)
    path = (folder or cache_folder() / "features") / f"{_digest(model, head, split, augment, copies, seed)}.npy"
    values = _read(path, count)
    if values is None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with atomic(path) as draft, open(draft, "wb") as file:
                _write(file, count, _computed(model, head, split, augment, copies, seed))
        except (
            PermissionError
        ):  # Windows does not replace a file that another process has mapped: it has the same content
            if _read(path, count) is None:
                raise
        values = _read(path, count)
        if values is None:
            raise OSError(f"the features in {path} were removed or damaged while they were read; try again")
    readable = ~values.flatten(1)[:, 0].isnan()  # a picture that cannot be decoded has a row of NaN
    labels = split.labels.repeat(copies)
    if not readable.all():
        values, labels = values[readable], labels[readable]
    return Split(cast(Images, values), labels, split.classes)


def ends_network(model: nn.Module, head: str, picture: Sequence[int]) -> bool:
    """Whether the module called ``head`` turns the features that it is given into the network's logits, by itself."""
    module, given = model.get_submodule(head), []
    with hooked([module], before=lambda _, inputs: given.append(inputs)):
        logits = run(model, picture)
    if len(given) != 1 or len(given[0]) != 1 or not isinstance(given[0][0], Tensor):
        return False
    with evaluating(module), torch.no_grad():
        found: Tensor = module(given[0][0])
    return found.shape == logits.shape and torch.allclose(found, logits)


class _ReachedHead(Exception):  # noqa: N818 - no error: it ends a forward pass where the features are known
    def __init__(self, features: Tensor) -> None:
        self.features = features


def _computed(
    model: nn.Module, head: str, split: Split, augment: Augment | None, copies: int, seed: int
) -> Iterator[Tensor]:
    """Features of all pictures, one batch after the other: (n, ...) float32; NaN of a picture that is left out."""
    runtime = choose(model, tuple(split.images.shape), precision="float32", device=None, training=False)
    model = runtime.placed(model)
    numbered = Split(split.images, torch.arange(len(split)), ("",) * len(split))
    feed = Batches(numbered, BATCH, seed=seed, augment=augment, device=runtime.device)

    def reached(_head: nn.Module, inputs: Any) -> None:
        raise _ReachedHead(inputs[0])

    with evaluating(model), torch.inference_mode(), hooked([model.get_submodule(head)], before=reached):
        for copy in range(copies):
            feed.set_epoch(copy)
            done = 0
            for images, numbers in feed:
                try:
                    model(runtime.arrange(images))
                except _ReachedHead as reached_head:
                    found = reached_head.features.float().cpu()
                last = int(numbers[-1]) + 1
                rows = torch.full((last - done, *found.shape[1:]), torch.nan)
                rows[numbers.cpu() - done] = found
                yield rows
                done = last
            if done < len(split):
                yield torch.full((len(split) - done, *found.shape[1:]), torch.nan)


def _write(file: BinaryIO, count: int, batches: Iterator[Tensor]) -> None:
    """A NumPy file of ``count`` rows; written in order, so that a full disk is an error and not a crash."""
    for rows in batches:
        if not file.tell():
            header = {"descr": "<f4", "fortran_order": False, "shape": (count, *rows.shape[1:])}
            np.lib.format.write_array_header_1_0(file, header)
        file.write(rows.numpy().astype("<f4").tobytes())


def _read(path: Path, count: int) -> Tensor | None:
    """The ``count`` rows of a file, mapped into memory; None if it is not there, or not whole."""
    try:
        values = np.load(path, mmap_mode="c")
    except (OSError, ValueError, EOFError):
        return None
    return torch.from_numpy(values) if values.dtype == np.float32 and len(values) == count else None


def _digest(model: nn.Module, head: str, split: Split, augment: Augment | None, copies: int, seed: int) -> str:
    """SHA-256 of all that the features depend on."""
    sha = hashlib.sha256(f"{VERSION} {head} {tuple(split.images.shape)} {augment!r} {copies} {seed}".encode())
    for name, module in model.named_modules():
        if not below(name, head):
            sha.update(f"{name} {type(module).__qualname__} {module.extra_repr()}\n".encode())
    for name, tensor in model.state_dict().items():
        if not below(name, head):
            sha.update(f"{name} {tuple(tensor.shape)} {tensor.dtype}\n".encode())
            sha.update(_bytes(tensor))
    if isinstance(split.images, Pictures):
        for digest in ahead(_file_digest, split.images.paths, pending=BATCH):
            sha.update(digest)
    else:
        images = cast(Tensor, split.images)
        sha.update(str(images.dtype).encode())
        for batch in images.split(BATCH):
            sha.update(_bytes(batch))
    return sha.hexdigest()


def _bytes(tensor: Tensor) -> Any:
    return tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy()


def _file_digest(path: Path) -> bytes:
    try:
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").digest()
    except OSError:  # it will be left out, with a warning
        return bytes(32)
