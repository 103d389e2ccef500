"""What may take the place of a network's last layer: linear, MLP, and scikit-learn's classifiers."""

from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn

HIDDEN, DROPOUT = 256, 0.2  # of the MLP
LEAST = 1e-6  # probability of a class that a forest or the neighbours never chose


class Scikit(Protocol):
    """A classifier of scikit-learn, such as ``SVC()``."""

    def fit(self, features: Any, labels: Any) -> Any:
        """Learn from features (N, D) and labels (N,)."""

    def predict(self, features: Any) -> Any:
        """The labels (N,) of features (N, D)."""


def linear(last: nn.Module, classes: int) -> nn.Module:
    """A layer like ``last``, a network's last one, with random weights and so many outputs.

    >>> linear(nn.Linear(512, 1000), 5)
    Linear(in_features=512, out_features=5, bias=True)
    """
    biases = getattr(last, "bias", None) is not None
    if isinstance(last, nn.Linear):
        return nn.Linear(last.in_features, classes, bias=biases)
    if isinstance(last, nn.Conv2d) and last.groups == 1:
        return nn.Conv2d(
            last.in_channels,
            classes,
            (last.kernel_size[0], last.kernel_size[1]),
            (last.stride[0], last.stride[1]),
            padding=last.padding if isinstance(last.padding, str) else (last.padding[0], last.padding[1]),
            bias=biases,
        )
    raise ValueError(
        f"the last layer must be linear or a convolution without groups, got {last}; pass a module as head"
    )


def mlp(last: nn.Module, classes: int) -> nn.Module:
    """Two linear layers, 256 units with ReLU and dropout between them, for the features that ``last`` takes.

    >>> mlp(nn.Linear(512, 1000), 5)(torch.zeros(2, 512)).shape
    torch.Size([2, 5])
    """
    if not isinstance(last, nn.Linear):
        raise ValueError(f"an MLP takes the place of a linear layer, and the last layer of this network is {last}")
    return nn.Sequential(
        OrderedDict(
            hidden=nn.Linear(last.in_features, HIDDEN),
            relu=nn.ReLU(),
            dropout=nn.Dropout(DROPOUT),
            out=nn.Linear(HIDDEN, classes),
        )
    )


def svm() -> Scikit:
    """A support vector machine with radial basis functions, on standardised features."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    return make_pipeline(StandardScaler(), SVC())


def random_forest() -> Scikit:
    """A random forest of 300 trees."""
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=300, random_state=0)


def boosted_trees() -> Scikit:
    """Gradient boosting of decision trees: 50 rounds, a tenth of the features at each split."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(
        max_iter=50, min_samples_leaf=5, max_features=0.1, early_stopping=False, random_state=0
    )


def nearest_neighbours() -> Scikit:
    """The five nearest neighbours, by the cosine of the features."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors=5, metric="cosine", weights="distance")


NETWORKS: dict[str, Callable[[nn.Module, int], nn.Module]] = {"linear": linear, "mlp": mlp}
CLASSIFIERS: dict[str, Callable[[], Scikit]] = {
    "svm": svm,
    "random_forest": random_forest,
    "boosted_trees": boosted_trees,
    "nearest_neighbours": nearest_neighbours,
}
HEADS = (*NETWORKS, "average", *CLASSIFIERS)


class Estimator(nn.Module):
    """A classifier of scikit-learn as a head. It learns in `fit_features`, and gets no gradient.

    The logits are its decision function where it has one, else the logarithm of its probabilities.

    Shape: (N, ...) -> (N, classes), on the CPU.

    >>> head = Estimator(nearest_neighbours(), classes=3)
    >>> features = torch.eye(3).repeat(5, 1)
    >>> head.fit_features(features, torch.arange(3).repeat(5))
    >>> head(features[:3]).argmax(dim=1)
    tensor([0, 1, 2])
    """

    def __init__(self, classifier: Scikit, classes: int) -> None:
        super().__init__()
        self.classifier, self.classes = classifier, classes

    def fit_features(self, features: Tensor, labels: Tensor) -> None:
        """Learn from features (N, ...) and labels (N,)."""
        self.classifier.fit(features.flatten(1).numpy(), labels.numpy())

    def forward(self, x: Tensor) -> Tensor:
        """The logits."""
        classifier: Any = self.classifier
        features = x.flatten(1).float().cpu().numpy()
        if hasattr(classifier, "decision_function"):
            scores = classifier.decision_function(features)
            if scores.ndim == 1:  # of two classes, the second one's
                scores = np.stack([-scores, scores], axis=1)
        else:
            scores = np.log(np.clip(classifier.predict_proba(features), LEAST, None))
        logits = np.full((len(features), self.classes), scores.min() - 1, dtype=np.float32)  # classes without a picture
        logits[:, classifier.classes_] = scores
        return torch.from_numpy(logits).to(x.device)
