"""Checks that a step is a function of the step alone, and that instances stay apart."""

from collections.abc import Callable, Iterator
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from toysuper.data.world import World
from toysuper.errors import UserError, describe_fault, first_line
from toysuper.features import Features
from toysuper.functional.noise import Purpose

HOOKS = frozenset(
    name
    for name in dir(LightningModule)
    if name.startswith(("on_", "configure_")) or name.endswith("_step") or name == "backward"
)
"""Hooks of a LightningModule, which no other ``nn.Module`` has."""

PROBE_STEPS = 3
"""Steps in which an optimiser shows whether it couples instances."""


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


def check_optimizer(module: Any) -> set[str]:
    """Check that an optimiser can be made and treats every instance by itself.

    Args:
        module: an :class:`~toysuper.training.module.EnsembleModule`.

    Returns:
        Names of what it keeps for each parameter.

    Raises:
        UserError: it cannot, or it does not.
    """
    name = type(_made(module, module.parameters())).__name__
    shapes = [p.shape for p in module.parameters()]
    instances = module.variant.grid.instances
    alone, keys = _probe(module, name, shapes, 1)
    beside, _ = _probe(module, name, shapes, 2)
    is_shared = any(shape[:1] != (instances,) for shape in shapes)
    pairs = zip(alone, beside, strict=True)
    if not is_shared and not all(torch.allclose(a[0], b[0], rtol=1e-4) for a, b in pairs):
        raise UserError(
            f"model.optimizer {name} couples the instances of an ensemble: one would train "
            "differently beside others; use an optimiser that treats each number by itself, such "
            "as AdamW or SGD"
        )
    return keys


def _probe(
    module: Any, name: str, shapes: list[torch.Size], instances: int
) -> tuple[list[Tensor], set[str]]:
    """Optimise small parameters, of which the first instance has the same gradients each time."""
    small = [torch.Size(min(size, 3) for size in shape[1:]) for shape in shapes]
    start = torch.tensor([1.0, 10.0])[:instances]
    parameters = [nn.Parameter(torch.stack([x * torch.ones(s) for x in start])) for s in small]
    optimizer = _made(module, parameters)
    try:
        for step in range(PROBE_STEPS):
            for p in parameters:
                angles = (torch.arange(1.0, 1 + p[0].numel()) + step).view(p[0].shape)
                p.grad = torch.stack([angles.sin(), 1000 * angles.square().cos()][:instances])
            optimizer.step()
    except Exception as error:  # an optimiser may do anything
        raise UserError(
            f"model.optimizer {name} does not step from gradients alone ({first_line(error)}); "
            "use an optimiser such as AdamW or SGD"
        ) from error
    return [p.detach() for p in parameters], {key for s in optimizer.state.values() for key in s}


def _made(module: Any, parameters: Any) -> torch.optim.Optimizer:
    try:
        return module.optimizer(parameters)
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(f"model.optimizer cannot be made: {error}") from error


def _check_no_hooks(part: nn.Module) -> None:
    own = {name for kind in type(part).__mro__ for name in vars(kind) if kind.__module__ != "torch"}
    if hooks := sorted(own & HOOKS):
        raise UserError(
            f"{type(part).__name__}.{hooks[0]} would never be called: hooks belong to a callback, "
            "or to a subclass of toysuper.training.module.EnsembleModule"
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
