"""Hooks that are gone when the block ends, whatever happens in it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from torch import nn


@contextmanager
def hooked(
    modules: Iterable[nn.Module],
    *,
    before: Callable[[nn.Module, Any], Any] | None = None,
    after: Callable[[nn.Module, Any, Any], Any] | None = None,
) -> Iterator[None]:
    """Call ``before(module, inputs)`` and ``after(module, inputs, output)`` at every run of one of ``modules``.

    >>> import torch
    >>> net, ran = nn.Sequential(nn.Flatten(), nn.ReLU()), []
    >>> with hooked(net, after=lambda module, inputs, output: ran.append(module)):
    ...     _ = net(torch.zeros(1, 2))
    >>> ran
    [Flatten(start_dim=1, end_dim=-1), ReLU()]
    """
    with ExitStack() as handles:
        for module in modules:
            if before:
                handles.enter_context(module.register_forward_pre_hook(before))
            if after:
                handles.enter_context(module.register_forward_hook(after))
        yield
