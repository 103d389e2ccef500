"""Trained networks on the disk: safetensors with a card in JSON; reading one runs no code from it."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from cnnlab.files import atomic
from cnnlab.models.building import build

CARD = "cnnlab"  # the key of the card in the header of the safetensors file
LARGEST_CARD = 1_000_000  # characters: a card is a page, not a payload


def save(path: str | os.PathLike[str], model: nn.Module, *, classes: tuple[str, ...] = (), notes: str = "") -> None:
    """Write a network's weights and its card, whole or not at all.

    The card names the network, its options, its classes and your ``notes``. It travels inside the safetensors file,
    so that weights and card cannot be parted, and lies beside it as ``.json`` to be read.

    Raises:
        ValueError: if the network was not made by `cnnlab.models.build`, which knows how to make it again, or has not
            as many outputs as there are ``classes``.
        FileExistsError: if the file beside it, which the card would replace, is none.
        OSError: if the disk is full or the folder not writable; an older file is untouched.

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
        raise ValueError(f"{path} is the name of a card; name the file of the weights, as in {path.stem}.safetensors")
    with torch.device("meta"):
        fresh = build(recipe["name"], weights=None, **recipe["options"]).state_dict()
    changed = [
        name for name, tensor in model.state_dict().items() if name not in fresh or fresh[name].shape != tensor.shape
    ]
    if changed or len(fresh) != len(model.state_dict()):
        raise ValueError(
            f"{recipe['name']} was changed after it was built ({', '.join(changed[:3])}), so that a file could not say "
            "how to rebuild it; build it with the options that give the new layers"
        )
    _check_classes(model, classes)
    beside = path.with_name(path.name.removesuffix(".safetensors") + ".json")
    if beside.exists() and not _is_card(beside):
        raise FileExistsError(
            f"{beside} is no card of cnnlab, and the card of {path.name} would replace it; save under another name"
        )
    parameters = sum(parameter.numel() for parameter in model.parameters())
    card = {**recipe, "parameters": parameters, "classes": list(classes), "notes": notes}
    text = json.dumps(card, indent=2, ensure_ascii=False)
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    try:
        with atomic(path) as draft:
            save_file(tensors, draft, metadata={CARD: text})
        with atomic(beside) as draft:
            draft.write_text(text + "\n", encoding="utf-8")
    except SafetensorError as error:  # its way to report a full disk or a missing folder
        raise OSError(f"{path} could not be written: {error}") from error


def load(path: str | os.PathLike[str]) -> nn.Module:
    """Read what `save` wrote: the network, in eval mode, with the card as its attribute ``card``.

    Raises:
        FileNotFoundError: if there is no such file.
        ValueError: if it is no safetensors file, has no card of cnnlab, or card and weights do not fit together.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {path}")
    try:
        with safe_open(path, framework="pt") as file:
            card = _card(path, (file.metadata() or {}).get(CARD))
            # Built without memory and compared by shape first: a hostile card must not make us allocate.
            with torch.device("meta"):
                model = _rebuild(path, card)
            expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
            found = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
            if expected != found:
                differing = sorted(set(expected.items()) ^ set(found.items()))[:3]
                raise ValueError(f"{path}: the weights are not those of {card['name']}; {_plainly(differing)}")
            _check_classes(model, card.get("classes") or (), f"{path}: ")
            model.load_state_dict({name: file.get_tensor(name).clone() for name in found}, assign=True)
    except (SafetensorError, OSError) as error:
        raise ValueError(f"{path} is damaged or no safetensors file ({error}); copy it again") from error
    model.card = card  # type: ignore[assignment]
    return model.eval()


def _card(path: Path, text: str | None) -> dict[str, Any]:
    if text is None or len(text) > LARGEST_CARD:
        raise ValueError(f"{path} has no card of cnnlab: it was not written by cnnlab.save")
    try:
        card = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{path}: its card is not JSON ({error})") from error
    if not isinstance(card, dict) or not isinstance(card.get("name"), str) or not isinstance(card.get("options"), dict):
        raise ValueError(f"{path}: its card does not name a network and its options")
    return card


def _is_card(path: Path) -> bool:
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        return False
    return isinstance(card, dict) and {"name", "options", "parameters", "classes"} <= set(card)


def _check_classes(model: nn.Module, classes: Sequence[str], where: str = "") -> None:
    """Every network of the zoo ends with the biases of its outputs, one a class."""
    outputs = len(list(model.parameters())[-1])
    if classes and len(classes) != outputs:
        raise ValueError(
            f"{where}this network has {outputs} outputs, and classes names {len(classes)}; name each output, or none"
        )


def _rebuild(path: Path, card: dict[str, Any]) -> nn.Module:
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in card["options"].items()}
    try:
        return build(card["name"], weights=None, **options)  # a card cannot make us download any
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        raise ValueError(f"{path}: its card does not describe a network: {error}") from error


def _plainly(differing: list[tuple[str, tuple[int, ...]]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in differing)
