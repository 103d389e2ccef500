"""Pictures and labels: data sets, splits, augmentation, batches."""

from cnnlab.data.augmentation import Augmentation, warp
from cnnlab.data.decoding import UnreadablePictureError, ahead, decode
from cnnlab.data.feeding import Augment, Batches, Loader, batches, to_float
from cnnlab.data.folders import Pictures, folder
from cnnlab.data.krizhevsky import ColourPCA, RandomCrop, ten_crops
from cnnlab.data.sources.drawings import drawing, drawn
from cnnlab.data.sources.mnist import digits
from cnnlab.data.sources.photos import photo
from cnnlab.data.sources.torchvision_sets import torchvision_dataset
from cnnlab.data.split import Images, Split, Splits, Unreadable, stratify

__all__ = [
    "Augment",
    "Augmentation",
    "Batches",
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
    "decode",
    "digits",
    "drawing",
    "drawn",
    "folder",
    "photo",
    "stratify",
    "ten_crops",
    "to_float",
    "torchvision_dataset",
    "warp",
]
