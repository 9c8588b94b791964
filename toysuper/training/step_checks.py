"""Checks that a step is a function of the step alone, and that instances stay apart in it."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn.utils.parametrize import is_parametrized

from toysuper.data.world import World
from toysuper.errors import UserError, describe_fault
from toysuper.features import Features
from toysuper.functional.noise import Purpose

HOOKS = frozenset(
    name
    for name in dir(LightningModule)
    if name.startswith(("on_", "configure_")) or name.endswith("_step") or name == "backward"
)
"""Hooks of a LightningModule, which no other ``nn.Module`` has."""


def check_step(module: Any, world: World) -> None:
    """Compute a step twice: the second time must give the same numbers and change nothing.

    A compiled step repeats what it did at first, so it would not see what changes in Python.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.
        world: a small one.

    Raises:
        UserError: the distribution, the variant or the objective does otherwise.
    """
    variant, objective = module.variant, module.objective
    for part in (variant, objective):
        _check_no_hooks(part)
    batch = world(1, Purpose.TRAIN)
    steps: list[tuple[Any, Callable[[], Tensor]]] = [
        (world.features, lambda: world(1, Purpose.TRAIN).features),
        (variant, lambda: variant(batch.features)),
        (variant, lambda: variant.answer(world(1, Purpose.TRAIN))),
        (objective, lambda: objective(variant, world(1, Purpose.TRAIN))),
    ]
    parts = [world.features, *variant.modules(), *objective.modules()]
    with torch.random.fork_rng(devices=[]):
        try:
            _check_repeats(*steps[-1], parts)
        except UserError:  # of one of its parts?
            for owner, compute in steps:
                _check_repeats(owner, compute, parts)
            raise
        _check_losses(objective, variant, steps[-1][1])


def _check_losses(objective: nn.Module, variant: Any, compute: Callable[[], Tensor]) -> None:
    """Refuse an objective that is no number of each instance, or not of that instance alone."""
    name, instances = type(objective).__name__, variant.grid.instances
    with torch.enable_grad():
        losses = compute()
        first = losses.flatten()[:1].sum()
    if losses.shape != (instances,):
        raise UserError(
            f"{name} gives a tensor of shape {tuple(losses.shape)}; it must give a number for each "
            f"of the {instances} instances"
        )
    parameters = [p for p in variant.parameters() if p.requires_grad and len(p) == instances]
    if not parameters:
        return
    if not losses.requires_grad:
        raise UserError(f"{name} gives numbers without gradients; leave out detach and no_grad")
    gradients = torch.autograd.grad(first, parameters, allow_unused=True)
    if any((g[1:] != 0).any() for g in gradients if g is not None):
        raise UserError(
            f"{name} of {type(variant).__name__} couples the instances of an ensemble: one would "
            "train differently beside others; take no mean or sum over the first dimension"
        )


def _check_repeats(owner: Any, compute: Callable[[], Tensor], parts: list[Any]) -> None:
    before = [_state(part) for part in parts]
    first, again = _attempt(owner, compute), _attempt(owner, compute)
    _check_unchanged(parts, before)
    if not torch.equal(first.nan_to_num(), again.nan_to_num()):
        remedy = "draw" if isinstance(owner, Features) else "batch.normal or batch.uniform"
        raise UserError(
            f"{type(owner).__name__} gives other numbers for the same step; take random "
            f"numbers from {remedy} alone, so that a run can be repeated and resumed"
        )


def _check_no_hooks(part: nn.Module) -> None:
    own = {name for kind in type(part).__mro__ for name in vars(kind) if kind.__module__ != "torch"}
    if hooks := sorted(own & HOOKS):
        raise UserError(
            f"{type(part).__name__}.{hooks[0]} would never be called: hooks belong to a callback, "
            "or to a subclass of toysuper.training.module.EnsembleModule"
        )
    for module in part.modules():
        if module._backward_hooks or module._backward_pre_hooks:
            raise UserError(
                f"{type(module).__name__} has a backward hook, which compiled gradients do not "
                "call; register a hook of a parameter"
            )
        if is_parametrized(module):
            raise UserError(
                f"{type(module).__name__} is parametrized by torch.nn.utils; compute the weights "
                "in its forward"
            )


def _attempt(owner: Any, compute: Callable[[], Tensor]) -> Tensor:
    try:
        return compute()
    except UserError:
        raise
    except Exception as error:  # a user's own code may do anything
        raise UserError(describe_fault(type(owner).__name__, error)) from error


def _state(part: Any) -> dict[str, Any]:
    """Copy what Python code may change: numbers, words, containers, and buffers by value."""
    return dict(_values(part))


def _values(part: Any) -> Iterator[tuple[str, Any]]:
    for name, value in vars(part).items():
        if name == "_buffers":
            yield from ((k, b.clone()) for k, b in value.items() if b is not None)
        elif isinstance(value, Tensor):
            yield name, value.clone()
        elif isinstance(value, int | float | str | None):
            yield name, value
        elif isinstance(value, list | dict | set) and not name.startswith("_"):
            yield name, (len(value), repr(value)[:1000])


def _check_unchanged(parts: list[Any], before: list[dict[str, Any]]) -> None:
    for part, old in zip(parts, before, strict=True):
        new = _state(part)
        for name in old.keys() | new.keys():
            if not _same(old.get(name), new.get(name)):
                raise UserError(
                    f"{type(part).__name__}.{name} changes while a step is computed, which a "
                    "compiled step does not repeat; compute it from batch.step, or give a number "
                    "that changes as a schedule"
                )


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, Tensor) and isinstance(b, Tensor):
        return a.shape == b.shape and torch.equal(a.nan_to_num(), b.nan_to_num())
    return type(a) is type(b) and bool(a == b)
