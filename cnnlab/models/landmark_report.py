"""The runs of the landmark report: Kim 2018, *Development of a CNN model for Google Landmark Recognition Challenge*.

The report does not print the optimiser, its learning rate or the epochs of the runs. It says that the validation loss
of Run 11 rises after epoch 6, and that the runs with augmentation need more than 50 epochs.
"""

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd

from cnnlab.models.families.landmark_cnn import RUNS, Run


class AugmentedRun(NamedTuple):
    """A row of Table 3."""

    rotation: float  # degrees, to either side
    width_shift: float  # fraction of the width, to either side
    height_shift: float  # fraction of the height, to either side
    zoom: float  # fraction of the scale, to either side
    accuracy: float  # on the 809 test pictures


AUGMENTED = {
    1: AugmentedRun(10, 0.2, 0.2, 0.4, 0.6663),
    2: AugmentedRun(45, 0.2, 0.2, 0.3, 0.6267),
    3: AugmentedRun(90, 0.2, 0.2, 0.3, 0.5290),
}


def landmark_runs() -> pd.DataFrame:
    """Table 2: the 11 runs of the base network, by number.

    Columns: ``filters`` and ``kernels`` of the convolutions, ``dense`` (units of the linear layers but the last),
    ``batch_size``, and the ``accuracy`` on the report's 809 test pictures. `build("landmark_cnn", run=…)` makes the
    networks.

    >>> landmark_runs().loc[[1, 11], ["filters", "dense", "accuracy"]]
                         filters        dense  accuracy
    run
    1               (16, 32, 64)       (512,)    0.2361
    11   (16, 32, 64, 128, 256)  (1024, 512)    0.4227
    """
    return _table(RUNS)


def landmark_augmented_runs() -> pd.DataFrame:
    """Table 3: the three runs with augmentation, of the network of Table 2's run 11.

    Columns: the ranges of ``rotation`` (degrees), ``width_shift``, ``height_shift`` and ``zoom`` (fractions), each to
    either side, and the ``accuracy`` on the test pictures. Keras, which the report used, draws the zoom of each side
    apart; `cnnlab.data.Augmentation` draws one for both.

    >>> landmark_augmented_runs().accuracy.tolist()
    [0.6663, 0.6267, 0.529]
    """
    return _table(AUGMENTED)


def _table(runs: Mapping[int, Run | AugmentedRun]) -> pd.DataFrame:
    fields = next(iter(runs.values()))._fields
    return pd.DataFrame(list(runs.values()), columns=list(fields), index=pd.Index(list(runs), name="run"))
