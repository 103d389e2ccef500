"""Auxiliary classifiers: heads on inner feature maps, which count while a network trains and are left out in eval."""

from collections.abc import Mapping
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from cnnlab.models.families.classifier import Classifier


class Outputs(NamedTuple):
    """What a network with auxiliary classifiers returns while it trains; in eval it returns the logits alone."""

    logits: Tensor
    auxiliary1: Tensor  # logits of the auxiliary classifier that is nearest to the input
    auxiliary2: Tensor | None = None

    def detach(self) -> Tensor:
        """The logits alone, without their graph: what counts for the accuracy."""
        return self.logits.detach()


def auxiliary_loss(outputs: Outputs | Tensor, labels: Tensor, *, weight: float = 0.3) -> Tensor:
    """Cross-entropy of the logits plus ``weight`` times that of each auxiliary classifier, if there are any.

    GoogLeNet's section 5 takes 0.3. Pass it to ``fit`` as ``loss=auxiliary_loss``.

    >>> logits = torch.zeros(2, 4)
    >>> loss = auxiliary_loss(Outputs(logits, logits, logits), torch.tensor([0, 1]))
    >>> print(f"{loss / torch.tensor(4.0).log():.2f}")
    1.60
    """
    if isinstance(outputs, Tensor):
        return F.cross_entropy(outputs, labels)
    loss = F.cross_entropy(outputs.logits, labels)
    for logits in outputs[1:]:
        if logits is not None:
            loss = loss + weight * F.cross_entropy(logits, labels)
    return loss


class AuxiliaryClassifier(Classifier):
    """A ``Classifier`` that may have auxiliary heads; with them it returns ``Outputs`` while it trains."""

    def heads(self) -> Mapping[str, nn.Module]:
        """The auxiliary heads, each by the layer of ``features`` whose output it takes."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor | Outputs:  # type: ignore[override]
        """Logits of a batch of pictures; with auxiliary heads, while it trains, ``Outputs``."""
        if not (self.training and (heads := self.heads())):
            return super().forward(x)
        self.check_pictures(x)
        auxiliary = []
        for name, layer in self.features.named_children():
            x = layer(x)
            if name in heads:
                auxiliary.append(heads[name](x))
        return Outputs(self.classifier(x), *auxiliary)
