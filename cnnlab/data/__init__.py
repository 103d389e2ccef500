"""Pictures and labels: data sets, splits, augmentation, batches."""

from cnnlab.data.augmentation import Augmentation, warp
from cnnlab.data.feeding import Augment, Batches, batches, to_float
from cnnlab.data.decoding import UnreadablePictureError, decode
from cnnlab.data.mnist import digits
from cnnlab.data.drawings import drawing
from cnnlab.data.files import atomic, cache_folder
from cnnlab.data.folders import Pictures, folder
from cnnlab.data.photos import photo
from cnnlab.data.split import Images, Split, Splits, Unreadable, stratify
from cnnlab.data.torchvision_sets import torchvision_dataset

__all__ = [
    "Augment",
    "Augmentation",
    "Batches",
    "Images",
    "Pictures",
    "Split",
    "Splits",
    "Unreadable",
    "UnreadablePictureError",
    "atomic",
    "batches",
    "cache_folder",
    "decode",
    "digits",
    "drawing",
    "folder",
    "photo",
    "stratify",
    "to_float",
    "torchvision_dataset",
    "warp",
]
