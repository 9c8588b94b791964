"""An optimiser's step without torch's wrappers."""

import inspect
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch.optim.optimizer import _global_optimizer_post_hooks, _global_optimizer_pre_hooks

WRAPPERS_FILE = torch.optim.Optimizer.profile_hook_step.__code__.co_filename


def update_of(optimizer: Any) -> Callable[[], Any]:
    """Return ``optimizer.step`` without torch's search for hooks and profilers, if it has no hook.

    The search takes a third of a tiny model's update. Needs ``torch.no_grad``.

    >>> weight = torch.ones(1, requires_grad=True)
    >>> weight.grad = torch.ones(1)
    >>> with torch.no_grad():
    ...     _ = update_of(torch.optim.SGD([weight], lr=0.25))()
    >>> weight.item()
    0.75
    """
    own = (optimizer._optimizer_step_pre_hooks, optimizer._optimizer_step_post_hooks)
    if any((*own, _global_optimizer_pre_hooks, _global_optimizer_post_hooks)):
        return optimizer.step
    optimizer._opt_called = True  # else the schedule warns that no step was taken
    return partial(inspect.unwrap(type(optimizer).step, stop=_is_not_wrapper), optimizer)


def _is_not_wrapper(function: Callable) -> bool:
    return function.__code__.co_filename != WRAPPERS_FILE
