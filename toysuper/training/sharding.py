"""How the ranks of a run share its work: by samples, as DDP does, or by instances."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import timedelta
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DDPStrategy, StrategyRegistry
from torch import Tensor, nn
from torch.distributed import distributed_c10d
from torchmetrics.utilities.distributed import gather_all_tensors

from toysuper.errors import UserError
from toysuper.models.base import ToyModel
from toysuper.snapshot import map_tensors

PATIENCE = timedelta(seconds=10)
"""How long a rank that an error has ended waits for the others."""


class EnsembleShardStrategy(DDPStrategy):
    """Every rank trains its slice of the instances; ranks meet between bursts, not in a step.

    Models are made and restored whole, then cut; checkpoints hold the whole ensemble, so that any
    number of ranks can go on with them. Named ``ensemble_shard`` on the command line. Batches are
    not split: each rank sees the whole batch of its instances.

    Raises:
        UserError: there are fewer instances than ranks, or instances share a parameter.
    """

    local_instances: slice | None = None
    """The instances of this rank, while the model is cut."""
    cut: frozenset[str] = frozenset()
    """Names of the tensors that have this rank's instances only."""

    def setup(self, trainer: Trainer) -> None:
        """Cut the model, then set up as one process would."""
        model: Any = self.lightning_module
        instances = model.variant.grid.instances
        part = _local_instances(instances, trainer.global_rank, trainer.world_size)
        self.cut, self.local_instances = _cut(model, part, instances), part
        super(DDPStrategy, self).setup(trainer)

    def _setup_model(self, model: nn.Module) -> Any:
        return model

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """Gather the state of the whole ensemble."""
        state = super().lightning_module_state_dict()
        return {name: gather(x) if name in self.cut else x for name, x in state.items()}

    def optimizer_state(self, optimizer: Any) -> dict[str, Any]:
        """Gather the optimiser's state for the whole ensemble."""
        return _map_state(super().optimizer_state(optimizer), optimizer, gather)

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Load this rank's part of every state."""
        part = self.local_instances
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            optimizer.load_state_dict(_map_state(state, optimizer, lambda x: x[part]))

    def teardown(self) -> None:
        """Leave a whole model behind."""
        model: Any = self.lightning_module
        if model is not None and not model.trainer.interrupted:
            model.held_out.gather()
            for name, tensor in _tensors(model).items():
                if name in self.cut:
                    tensor.data = gather(tensor.data)
            self.cut, self.local_instances = frozenset(), None
        super().teardown()


StrategyRegistry.register("ensemble_shard", EnsembleShardStrategy)


def is_sharded(trainer: Trainer | None) -> bool:
    """Whether ranks have instances of their own."""
    return getattr(trainer and trainer.strategy, "local_instances", None) is not None


def splits_batches(trainer: Trainer) -> bool:
    """Whether ranks have samples of their own, so that gradients are averaged over ranks."""
    return trainer.world_size > 1 and not is_sharded(trainer)


def average_gradients(trainer: Trainer, parameters: Iterable[nn.Parameter]) -> None:
    """Average the gradients over ranks that have samples of their own.

    Args:
        trainer: has the ranks.
        parameters: have the gradients.
    """
    if splits_batches(trainer):
        for p in parameters:
            if p.grad is not None:
                p.grad = trainer.strategy.reduce(p.grad)


def gather_instances(trainer: Trainer | None, tensor: Tensor) -> Tensor:
    """Extend values of this rank's instances to all instances, which lead.

    Args:
        trainer: where it does not shard the ensemble, the tensor is whole already.
        tensor: has this rank's instances along its first dimension.
    """
    return gather(tensor) if is_sharded(trainer) else tensor


def gather_model(trainer: Trainer | None, variant: ToyModel) -> ToyModel:
    """Extend a variant to all instances; the same variant where it is whole already.

    Args:
        trainer: knows which tensors are cut.
        variant: the trainer's.
    """
    if not is_sharded(trainer):
        return variant
    cut: Any = trainer.strategy.cut
    model = map_tensors(variant, lambda name, x: gather(x) if f"variant.{name}" in cut else x)
    assert isinstance(model, ToyModel)
    return model


def has_lost_peer(error: BaseException) -> bool:
    """Whether an error, of gloo, says that another rank has ended."""
    return "closed by peer" in str(error)


def can_gather(trainer: Trainer, error: BaseException) -> bool:
    """Whether this rank has all instances, or every rank comes here at the same step.

    Args:
        trainer: has the ranks.
        error: ended its ``fit``; the other ranks have 10 seconds to meet the same one.
    """
    if not is_sharded(trainer) or has_lost_peer(error):
        return not is_sharded(trainer)
    store = distributed_c10d._get_default_store()  # a collective could meet another of a burst
    keys = [f"ended/{rank}" for rank in range(trainer.world_size)]
    own = keys[trainer.global_rank]
    try:
        store.set(own, str(trainer.global_step))
        store.wait(keys, PATIENCE)
        return len({store.get(key) for key in keys}) == 1
    except RuntimeError:  # too late, or the store has ended
        with suppress(RuntimeError):
            store.delete_key(own)
        return False


def gather(tensor: Tensor) -> Tensor:
    """Concatenate the tensors of all ranks along their first dimension."""
    return torch.cat(gather_all_tensors(tensor.detach()))


def _local_instances(instances: int, rank: int, ranks: int) -> slice:
    """Choose the instances of a rank; the ranks' numbers differ by one at most."""
    if instances < ranks:
        raise UserError(
            f"{instances} instances cannot be shared out to {ranks} ranks; "
            "use fewer devices, or the strategy ddp, which shares out samples"
        )
    return slice(rank * instances // ranks, (rank + 1) * instances // ranks)


def _cut(model: nn.Module, part: slice, instances: int) -> frozenset[str]:
    """Cut every tensor that leads with the instances; return the names of these."""
    shared = [name for name, p in model.named_parameters() if p.shape[:1] != (instances,)]
    if shared:
        raise UserError(
            f"the instances share {shared[0]}; with ensemble_shard each needs its own, use ddp"
        )
    leading = {name: x for name, x in _tensors(model).items() if x.shape[:1] == (instances,)}
    for tensor in leading.values():
        tensor.data = tensor.data[part].clone()
    return frozenset(leading)


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _map_state(
    state: dict[str, Any], optimizer: torch.optim.Optimizer, change: Callable[[Tensor], Tensor]
) -> dict[str, Any]:
    """Change what an optimiser's state holds for every instance.

    Raises:
        UserError: it holds something for all of them together.
    """
    changed: dict[int, dict[str, Any]] = {}
    for index, values in state["state"].items():
        tensors = [v for v in values.values() if isinstance(v, Tensor) and v.ndim]
        if len({len(v) for v in tensors}) > 1:
            raise UserError(
                f"{type(optimizer).__name__} does not keep instances apart; "
                "use another optimiser with ensemble_shard"
            )
        changed[index] = {
            k: change(v) if isinstance(v, Tensor) and v.ndim else v for k, v in values.items()
        }
    return {**state, "state": changed}
