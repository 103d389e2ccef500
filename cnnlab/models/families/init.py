"""Initial weights by the name of the method.

Glorot and Bengio 2010, *Understanding the difficulty of training deep feedforward neural networks*: a unit that sums
N products has Var(y) = N·Var(w)·Var(x), so Var(w) = 1/N keeps the signal's variance. For the gradient, the same
argument gives one over the number of outputs; the mean of both is Var(w) = 2 / (N_in + N_out).

He, Zhang, Ren and Sun 2015, *Delving deep into rectifiers*, arXiv:1502.01852, section 2.2: a ReLU passes half of
the power, so Var(w) = 2 / N_in.

    network   weights in its paper                  biases
    LeNet5    uniform, ±2.4 / N_in (appendix A)     0
    AlexNet   normal, σ = 0.01 (section 5)          1 in conv2, conv4, conv5, fc6 and fc7; 0 elsewhere
    VGG       normal, σ² = 0.01 (section 3.1)       0
    ResNet    He et al. (section 3.4)               0
    Highway   He et al. (section 3.2)               0, and the negative bias of the gates
    TronNet   Glorot and Bengio (section 3.3)       0
"""

from collections.abc import Callable

from torch import Tensor, nn


def initialise(model: nn.Module, method: str = "kaiming") -> nn.Module:
    """Set the weights of every convolution and linear layer to random values, and the biases to 0; returns ``model``.

    ``method`` is "xavier", "kaiming" or "paper", the rule in the network's own paper (the table above). Batch
    normalisation and the biases of a highway's gates are left as they are.

    Raises:
        ValueError: for another method, or for "paper" where the paper prints no rule.

    >>> layer = initialise(nn.Linear(3000, 1000), "xavier")
    >>> print(f"{layer.weight.var().item() * (3000 + 1000) / 2:.2f}")
    1.00
    """
    biases: tuple[str, ...] = ()
    if method == "paper":
        network = type(model).__name__
        if network not in PAPERS:
            raise ValueError(f"the paper of {network} prints no rule for its weights; take 'xavier' or 'kaiming'")
        fill, biases = PAPERS[network]
    elif method in METHODS:
        fill = METHODS[method]
    else:
        raise ValueError(f"method must be one of xavier, kaiming, paper, got {method!r}")
    for name, layer in model.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            fill(layer.weight)
            last = name.rpartition(".")[2]
            if layer.bias is not None and not last.endswith("gate"):
                nn.init.constant_(layer.bias, 1.0 if last in biases else 0.0)
    return model


def _kaiming(weight: Tensor) -> None:
    nn.init.kaiming_normal_(weight, nonlinearity="relu")


def _lecun(weight: Tensor) -> None:
    bound = 2.4 / weight[0].numel()
    nn.init.uniform_(weight, -bound, bound)


METHODS: dict[str, Callable[[Tensor], object]] = {"xavier": nn.init.xavier_normal_, "kaiming": _kaiming}

PAPERS: dict[str, tuple[Callable[[Tensor], object], tuple[str, ...]]] = {  # weights, and layers with biases of 1
    "LeNet5": (_lecun, ()),
    "AlexNet": (lambda weight: nn.init.normal_(weight, std=0.01), ("conv2", "conv4", "conv5", "fc6", "fc7")),
    "VGG": (lambda weight: nn.init.normal_(weight, std=0.1), ()),
    "ResNet": (_kaiming, ()),
    "Highway": (_kaiming, ()),
    "TronNet": (nn.init.xavier_normal_, ()),
}
