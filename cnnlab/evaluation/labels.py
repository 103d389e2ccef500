"""Labels that may be wrong: those that a classifier trained on the other pictures does not believe."""

import numpy as np
import pandas as pd
from torch import Tensor


def suspicious_labels(features: Tensor, labels: Tensor, *, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Rank labels from the most to the least suspicious, by the confidence of a linear classifier out of fold.

    The pictures are divided into ``folds``. For each, linear discriminant analysis with a shrunk covariance (Ledoit and
    Wolf 2004) learns from the features of the others, and says what it makes of these. A label is as suspicious as
    its logarithmic probability lies below that of the best other class. Wrong labels in the other folds do little harm,
    as long as they are few and do not all agree. Northcutt et al. 2021, arXiv:1911.00068, section 3, call it ranking by
    normalised margin.

    Columns, a row a picture: ``index`` among the features; ``label`` and ``predicted``, as numbers; ``confidence``, the
    probability of the label; ``margin``, negative where another class is more probable.

    Shape: features (N, D) float, labels (N,) int64.

    Raises:
        ValueError: if there are not as many features as labels, or a class has fewer pictures than there are folds: at
            least two in any case.

    >>> generator = torch.Generator().manual_seed(0)
    >>> labels = torch.arange(60) % 3
    >>> features = torch.randn(60, 8, generator=generator) + 3 * torch.eye(8)[labels]
    >>> labels[5] = 0  # it was 2
    >>> suspicious_labels(features, labels).head(1)[["index", "label", "predicted"]]
       index  label  predicted
    0      5      0          2
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
    from sklearn.model_selection import StratifiedKFold

    if features.ndim != 2 or len(features) != len(labels):
        raise ValueError(f"features must be (N, D) for N = {len(labels)} labels, got {tuple(features.shape)}")
    if folds < 2:
        raise ValueError(f"folds must be at least 2, got {folds}")
    values, truth = features.double().numpy(), labels.numpy()
    names, counts = np.unique(truth, return_counts=True)
    if counts.min() < folds:
        raise ValueError(
            f"every class needs at least {folds} pictures, one for each fold; class {names[counts.argmin()]} has "
            f"{counts.min()}: take fewer folds, or leave the class out"
        )
    logarithms = np.empty((len(values), len(names)))
    parts = StratifiedKFold(folds, shuffle=True, random_state=seed)
    for others, these in parts.split(values, truth):
        classifier = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        logarithms[these] = classifier.fit(values[others], truth[others]).predict_log_proba(values[these])
    place, rows = np.searchsorted(names, truth), np.arange(len(values))
    own = logarithms[rows, place]
    best_other = logarithms.copy()
    best_other[rows, place] = -np.inf
    table = pd.DataFrame(
        {
            "index": rows,
            "label": truth,
            "predicted": names[logarithms.argmax(axis=1)],
            "confidence": np.exp(own),
            "margin": own - best_other.max(axis=1),
        }
    )
    return table.sort_values("margin", kind="stable", ignore_index=True)
