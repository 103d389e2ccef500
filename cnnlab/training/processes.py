"""The processes that train one network together: one today, several under ``torchrun``."""

from torch import distributed


def this_process() -> tuple[int, int]:
    """The rank of this process and how many there are: 0 of 1, unless ``torch.distributed`` was initialised.

    Each process trains on its share of every epoch; rank 0 alone writes checkpoints and shows progress. Gradients are
    averaged by the network itself, if it is a ``DistributedDataParallel``.

    >>> this_process()
    (0, 1)
    """
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1
