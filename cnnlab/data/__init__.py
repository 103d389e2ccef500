"""Pictures and labels: data sets, splits, augmentation, batches.

The names load on first use, because those of most files need PyTorch: the commands for landmarks, which do not, would
wait for it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# At once: their names are those of their rooms, which would take their places.
from cnnlab.data.faces.drawn import faces
from cnnlab.data.landmarks.drawn import landmarks

if TYPE_CHECKING:
    from cnnlab.data.augmentation import Augmentation, warp
    from cnnlab.data.decoding import UnreadablePictureError, ahead, decode
    from cnnlab.data.feeding import Augment, Batches, Loader, batches, to_float
    from cnnlab.data.folders import Pictures, folder
    from cnnlab.data.krizhevsky import ColourPCA, RandomCrop, ten_crops
    from cnnlab.data.sources.drawings import drawing, drawn
    from cnnlab.data.sources.mnist import digits
    from cnnlab.data.sources.photos import photo
    from cnnlab.data.sources.style_pictures import STYLE_PICTURES, style_picture
    from cnnlab.data.sources.torchvision_sets import torchvision_dataset
    from cnnlab.data.split import Images, Split, Splits, Unreadable, stratify
    from cnnlab.data.statistics import ChannelStatistics, channel_statistics

_NAMES = {
    "STYLE_PICTURES": "cnnlab.data.sources.style_pictures",
    "Augment": "cnnlab.data.feeding",
    "Augmentation": "cnnlab.data.augmentation",
    "Batches": "cnnlab.data.feeding",
    "ChannelStatistics": "cnnlab.data.statistics",
    "ColourPCA": "cnnlab.data.krizhevsky",
    "Images": "cnnlab.data.split",
    "Loader": "cnnlab.data.feeding",
    "Pictures": "cnnlab.data.folders",
    "RandomCrop": "cnnlab.data.krizhevsky",
    "Split": "cnnlab.data.split",
    "Splits": "cnnlab.data.split",
    "Unreadable": "cnnlab.data.split",
    "UnreadablePictureError": "cnnlab.data.decoding",
    "ahead": "cnnlab.data.decoding",
    "batches": "cnnlab.data.feeding",
    "channel_statistics": "cnnlab.data.statistics",
    "decode": "cnnlab.data.decoding",
    "digits": "cnnlab.data.sources.mnist",
    "drawing": "cnnlab.data.sources.drawings",
    "drawn": "cnnlab.data.sources.drawings",
    "folder": "cnnlab.data.folders",
    "photo": "cnnlab.data.sources.photos",
    "stratify": "cnnlab.data.split",
    "style_picture": "cnnlab.data.sources.style_pictures",
    "ten_crops": "cnnlab.data.krizhevsky",
    "to_float": "cnnlab.data.feeding",
    "torchvision_dataset": "cnnlab.data.sources.torchvision_sets",
    "warp": "cnnlab.data.augmentation",
}

__all__ = [
    "STYLE_PICTURES",
    "Augment",
    "Augmentation",
    "Batches",
    "ChannelStatistics",
    "ColourPCA",
    "Images",
    "Loader",
    "Pictures",
    "RandomCrop",
    "Split",
    "Splits",
    "Unreadable",
    "UnreadablePictureError",
    "ahead",
    "batches",
    "channel_statistics",
    "decode",
    "digits",
    "drawing",
    "drawn",
    "faces",
    "folder",
    "landmarks",
    "photo",
    "stratify",
    "style_picture",
    "ten_crops",
    "to_float",
    "torchvision_dataset",
    "warp",
]


def __getattr__(name: str) -> Any:
    if name in _NAMES:
        return getattr(import_module(_NAMES[name]), name)
    raise AttributeError(f"cnnlab.data has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return __all__
