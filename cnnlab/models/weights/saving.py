"""Trained networks on the disk: safetensors with metadata in JSON; reading a file runs no code from it."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from cnnlab.files import atomic
from cnnlab.models.building import build
from cnnlab.models.weights.pretrained import Preprocess, Pretrained

KEY = "cnnlab"  # of the metadata in the header of the safetensors file
LARGEST = 1_000_000  # characters of metadata: more is not metadata of ours
LARGEST_SIDE = 16_384  # pixels that a picture may be scaled to


def save(
    path: str | os.PathLike[str],
    model: nn.Module,
    *,
    classes: tuple[str, ...] = (),
    preprocess: Preprocess | None = None,
    notes: str = "",
) -> None:
    """Write a network's weights and its metadata. The file is complete or, after an error, unchanged.

    The metadata are the network's name, options and classes, how photographs are prepared for it (``preprocess``), and
    your ``notes``. They are inside the safetensors file, so that ``load`` needs no other, and in a ``.json`` file
    beside it for people to read. With classes and ``preprocess``, `load_pretrained` reads a network that classifies
    photographs.

    Raises:
        ValueError: if the network was not made by `cnnlab.models.build`, so that its options are unknown, or if
            ``classes`` does not have one name for each output.
        FileExistsError: if the ``.json`` file exists and is not metadata of cnnlab.
        OSError: if the disk is full or the folder not writable; an older file is unchanged.

    >>> import tempfile
    >>> from cnnlab import models
    >>> path = Path(tempfile.mkdtemp()) / "lenet.safetensors"
    >>> save(path, models.build("lenet5", num_classes=3), classes=("a", "b", "c"))
    >>> load(path).card["options"]
    {'num_classes': 3}
    """
    recipe = getattr(model, "recipe", None)
    if recipe is None:
        raise ValueError(
            f"{type(model).__name__} was not made by cnnlab.models.build, so a file could not say how to rebuild it; "
            "build it by name, or use safetensors.torch.save_model"
        )
    path = Path(path)
    if path.suffix == ".json":
        raise ValueError(f"{path}: .json is for the metadata; name the file of weights, as in {path.stem}.safetensors")
    with torch.device("meta"):
        differing = _differing(_shapes(build(recipe["name"], **recipe["options"])), _shapes(model))
    if differing:
        raise ValueError(
            f"{recipe['name']} was changed after it was built ({differing}), so a file could not say how to rebuild "
            "it; build it with the options that give the new layers"
        )
    _check_classes(model, classes)
    beside = path.with_name(path.name.removesuffix(".safetensors") + ".json")
    if beside.exists() and not _is_metadata(beside):
        raise FileExistsError(
            f"{beside} is not metadata of cnnlab, and that of {path.name} would replace it; save under another name"
        )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    metadata = {**recipe, "parameters": parameters, "classes": list(classes), "notes": notes}
    if preprocess is not None:
        metadata["preprocess"] = asdict(preprocess)
    text = json.dumps(metadata, indent=2, ensure_ascii=False)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    try:
        with atomic(path) as draft:
            save_file(tensors, draft, metadata={KEY: text})
        with atomic(beside) as draft:
            draft.write_text(text + "\n", encoding="utf-8")
    except SafetensorError as error:  # raised for a full disk or a missing folder
        raise OSError(f"{path} could not be written: {error}") from error


def load(path: str | os.PathLike[str]) -> nn.Module:
    """Read what `save` wrote: the network in eval mode, with the metadata in its attribute ``card``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is not a safetensors file, has no metadata of cnnlab, or they do not fit the weights.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = _metadata(path, (file.metadata() or {}).get(KEY))
            # Built on the meta device and compared by shape first: a hostile file must not make us allocate memory.
            with torch.device("meta"):
                model = _rebuild(path, metadata)
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            if differing := _differing(_shapes(model), found):
                raise ValueError(f"{path}: the weights are not those of {metadata['name']}; {differing}")
            _check_classes(model, metadata.get("classes") or (), f"{path}: ")
            model.load_state_dict({name: file.get_tensor(name).clone() for name in found}, assign=True)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}); copy it again") from error
    model.card = metadata  # type: ignore[assignment]
    return model.eval()


def load_pretrained(path: str | os.PathLike[str]) -> Pretrained:
    """Read a network that was saved with its classes and its preprocessing, all three together.

    Raises:
        FileNotFoundError, ValueError: as `load`, and ValueError for a file that holds no classes or no preprocessing.

    >>> import tempfile
    >>> from cnnlab import models
    >>> path, grey = Path(tempfile.mkdtemp()) / "net.safetensors", Preprocess(28, 28, (0.5,), (0.5,), "bilinear")
    >>> save(path, models.build("lenet5", num_classes=2), classes=("cat", "dog"), preprocess=grey)
    >>> network = load_pretrained(path)
    >>> network.classes, network.preprocess == grey
    (('cat', 'dog'), True)
    """
    model = load(path)
    card: Any = model.card
    if "preprocess" not in card or not card.get("classes"):
        raise ValueError(
            f"{path} does not say how photographs are prepared for its network, or what its classes are called; save "
            "it with cnnlab.save(path, model, classes=…, preprocess=…), or read the network alone with cnnlab.load"
        )
    return Pretrained(model, _preprocess(path, card["preprocess"]), tuple(card["classes"]), str(path))


def _preprocess(path: str | os.PathLike[str], values: Any) -> Preprocess:
    """The preprocessing that the metadata describe; a hostile file must not make us allocate memory."""
    match values:
        case {
            "resize": int() | [int(), int()] as resize,
            "crop": int() | [int(), int()] as crop,
            "mean": [float(), *_] as mean,
            "std": [float(), *_] as std,
            "interpolation": "bilinear" | "bicubic" | "nearest" as interpolation,
        }:
            sides = [side for size in (resize, crop) for side in (size if isinstance(size, list) else [size])]
            numbers = [*mean, *std]
            if (
                all(1 <= side <= LARGEST_SIDE for side in sides)
                and len(mean) == len(std) in (1, 3)
                and all(isinstance(number, float) and abs(number) <= 1 for number in numbers)
                and min(std) > 0
            ):
                resize, crop = (tuple(size) if isinstance(size, list) else size for size in (resize, crop))
                return Preprocess(resize, crop, tuple(mean), tuple(std), interpolation)
    raise ValueError(f"{path}: its metadata does not describe a preprocessing, got {values!r:.200}; save it again")


def _metadata(path: Path, text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LARGEST:
        raise ValueError(f"{path} has no metadata of cnnlab: it was not written by cnnlab.save")
    try:
        metadata = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: its metadata is not JSON ({error})") from error
    match metadata:
        case {"name": str(), "options": dict()}:
            return metadata
    raise ValueError(f"{path}: its metadata does not name a network and its options")


def _is_metadata(path: Path) -> bool:
    try:
        metadata = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(metadata, dict) and {"name", "options", "parameters", "classes"} <= set(metadata)


def _check_classes(model: nn.Module, classes: Sequence[str], where: str = "") -> None:
    outputs = len(list(model.parameters())[-1])  # every network of the zoo ends with the biases of its outputs
    if classes and len(classes) != outputs:
        raise ValueError(
            f"{where}this network has {outputs} outputs, and classes names {len(classes)}; name each output, or none"
        )


def _rebuild(path: Path, metadata: dict[str, Any]) -> nn.Module:
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in metadata["options"].items()}
    try:
        return build(metadata["name"], weights=None, **options)  # a file must not cause a download
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{path}: its metadata does not describe a network: {error}") from error


def _shapes(model: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}


def _differing(expected: dict[str, tuple[int, ...]], found: dict[str, tuple[int, ...]]) -> str:
    """Up to three tensors that differ by name or shape; empty if none does."""
    differing = sorted(set(expected.items()) ^ set(found.items()))[:3]
    return ", ".join(f"{name} {shape}" for name, shape in differing)
