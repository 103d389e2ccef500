"""Networks trained on CIFAR-10 that come with cnnlab: half-precision safetensors with their metadata in the header.

``benchmarks/zoo.py`` trains them; ``benchmarks/ship_zoo.py`` checks them and copies them into the folder ``cifar10``.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from cnnlab.models.registry import MODELS, entry

if TYPE_CHECKING:
    import pandas as pd

FOLDER = Path(__file__).parent / "cifar10"
COLUMNS = ("validation_accuracy", "validation_accuracy_mirrored", "parameters", "multiply_adds")


def trained() -> "pd.DataFrame":
    """The networks that come with weights trained on CIFAR-10, a row a network, by name.

    Columns: ``data``; ``validation_accuracy``, the fraction of 5,000 held-out training pictures that the network
    classifies correctly, and the same with the mean logits of picture and mirror image,
    ``validation_accuracy_mirrored``; ``parameters``; ``multiply_adds`` for one picture of 32×32; ``bytes`` of the file;
    ``epochs`` of the training recipe.

    >>> trained().loc[["lenet5"], ["data", "parameters", "epochs"]]
                data  parameters  epochs
    name
    lenet5  CIFAR-10       62006      50
    """
    import pandas as pd  # only this function needs it

    rows = []
    for name in trained_names():
        card = metadata(name)
        row = {"name": name, "data": "CIFAR-10"} | {column: card[column] for column in COLUMNS}
        rows.append(row | {"bytes": _path(name).stat().st_size, "epochs": card["recipe"]["epochs"]})
    return pd.DataFrame(rows).set_index("name")


def trained_names() -> list[str]:
    """Names of the networks whose CIFAR-10 weights come with cnnlab, in the order of ``MODELS``."""
    return [name for name in MODELS if _path(name).exists()]


def metadata(name: str) -> dict[str, Any]:
    """What is known of a network's training on CIFAR-10.

    ``options`` of `build`, ``classes``, ``parameters``, ``multiply_adds``, ``recipe``, ``seed``, ``curve`` (an epoch a
    value), ``validation_accuracy``, ``validation_accuracy_mirrored``, ``sha256`` of the weights, and more.

    Raises:
        ValueError: for an unknown name, or a network whose weights do not come with cnnlab: those that do are named.

    >>> card = metadata("lenet5")
    >>> card["options"]["in_channels"], card["classes"][:3], len(card["curve"]["train_loss"])
    (3, ['airplane', 'automobile', 'bird'], 50)
    """
    return _read(name)[0]


def trained_options(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The options with which the network was trained on CIFAR-10; ``options`` may repeat them, but not contradict them.

    Raises:
        ValueError: for an option with another value, by name; and as `metadata` does.
    """
    trained_with = as_options(metadata(name)["options"])
    complete = entry(name).defaults() | trained_with
    for option, value in as_options(options).items():
        if value != complete[option]:
            raise ValueError(
                f"{name} was trained on CIFAR-10 with {option}={complete[option]!r}, got {value!r}; leave {option} out "
                "and replace layers afterwards, or build the network without weights"
            )
    return trained_with


def load_cifar10(model: nn.Module) -> nn.Module:
    """Load the weights trained on CIFAR-10 into a network of ``build`` with ``trained_options``; returns ``model``.

    Half precision becomes float32. The SHA-256 of the weights is compared with that in their metadata.

    Raises:
        ValueError: if the file is damaged.
    """
    recipe: Any = model.recipe
    model.load_state_dict(in_float32(_read(recipe["name"])[1]))
    return model


def digest(tensors: Mapping[str, Tensor]) -> str:
    r"""SHA-256 of the bytes of all tensors, in the order of their names.

    >>> import torch
    >>> digest({"b": torch.ones(1), "a": torch.zeros(1)}) == hashlib.sha256(b"\0\0\0\0\0\0\x80?").hexdigest()
    True
    """
    sha = hashlib.sha256()
    for _, tensor in sorted(tensors.items()):
        sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()


def read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """Metadata and weights of a file that ``benchmarks/zoo.py`` wrote.

    Raises:
        ValueError: if it is not such a file, or its weights are not those whose SHA-256 the metadata holds.
    """
    try:
        with safe_open(path, framework="pt") as file:
            card = json.loads(file.metadata()["cnnlab"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, TypeError, KeyError, json.JSONDecodeError) as error:
        raise ValueError(f"{path} is damaged or no file of trained weights ({error}); install cnnlab again") from error
    if digest(tensors) != card["sha256"]:
        raise ValueError(f"{path} is damaged: the SHA-256 of its weights is not {card['sha256']}; install cnnlab again")
    return card, tensors


def as_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options of `build` from JSON, which has lists for tuples.

    >>> as_options({"widths": [16, 32], "dropout": 0.1})
    {'widths': (16, 32), 'dropout': 0.1}
    """
    return {option: tuple(value) if isinstance(value, list) else value for option, value in options.items()}


def in_float32(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors in float32, counters apart."""
    return {name: tensor.float() if tensor.is_floating_point() else tensor for name, tensor in tensors.items()}


def _read(name: str) -> tuple[dict[str, Any], dict[str, Tensor]]:
    entry(name)  # an unknown name is refused with the near ones
    if not _path(name).exists():
        raise ValueError(
            f"no weights of {name} trained on CIFAR-10 come with cnnlab; it has those of {', '.join(trained_names())}"
        )
    return read(_path(name))


def _path(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"
