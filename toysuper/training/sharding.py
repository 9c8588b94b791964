"""How the ranks of a run share its work: by samples, as DDP does, or by instances."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from lightning.pytorch import Trainer
from lightning.pytorch.strategies import DDPStrategy, StrategyRegistry
from torch import Tensor, nn
from torchmetrics.utilities.distributed import gather_all_tensors

from toysuper.errors import UserError


class EnsembleShardStrategy(DDPStrategy):
    """Every rank trains its slice of the instances; ranks meet between bursts, not in a step.

    Models are made and restored whole, then cut; checkpoints hold the whole ensemble, so that any
    number of ranks can go on with them. Named ``ensemble_shard`` on the command line. Batches are
    not split: each rank sees the whole batch of its instances.

    Raises:
        UserError: there are fewer instances than ranks, or instances share a parameter.
    """

    part: slice | None = None
    """The instances of this rank, while the model is cut."""

    def setup(self, trainer: Trainer) -> None:
        """Cut the model, then set up as one process would."""
        model: Any = self.lightning_module
        self.part = _part(model.grid.instances, trainer.global_rank, trainer.world_size)
        self.cut = _cut(model, self.part, model.grid.instances)
        super(DDPStrategy, self).setup(trainer)

    def _setup_model(self, model: nn.Module) -> Any:
        return model

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """The state of the whole ensemble."""
        state = super().lightning_module_state_dict()
        return {name: gathered(x) if name in self.cut else x for name, x in state.items()}

    def optimizer_state(self, optimizer: Any) -> dict[str, Any]:
        """The optimiser's state for the whole ensemble."""
        return _states(super().optimizer_state(optimizer), optimizer, gathered)

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Take this rank's part of every state."""
        for optimizer, state in zip(self.optimizers, checkpoint["optimizer_states"], strict=True):
            optimizer.load_state_dict(_states(state, optimizer, lambda x: x[self.part]))

    def teardown(self) -> None:
        """Leave a whole model behind."""
        model: Any = self.lightning_module
        if model is not None and not model.trainer.interrupted:
            for name, tensor in _tensors(model).items():
                if name in self.cut:
                    tensor.data = gathered(tensor.data)
            model.join_held_out()
            self.part = None
        super().teardown()


StrategyRegistry.register("ensemble_shard", EnsembleShardStrategy)


def is_sharded(trainer: Trainer) -> bool:
    """Whether ranks have instances of their own."""
    return share(trainer) != slice(None)


def splits_batches(trainer: Trainer) -> bool:
    """Whether ranks have samples of their own, so that gradients are averaged over ranks."""
    return trainer.world_size > 1 and not is_sharded(trainer)


def share(trainer: Trainer) -> slice:
    """The instances of this rank."""
    return getattr(trainer.strategy, "part", None) or slice(None)


def _part(instances: int, rank: int, ranks: int) -> slice:
    """Of one rank; ranks' parts differ by one instance at most."""
    if instances < ranks:
        raise UserError(
            f"{instances} instances cannot be shared out to {ranks} ranks; "
            "use fewer devices, or the strategy ddp, which shares out samples"
        )
    return slice(rank * instances // ranks, (rank + 1) * instances // ranks)


def whole(trainer: Trainer, tensor: Tensor) -> Tensor:
    """What all instances have, from what this rank's have; they lead."""
    return gathered(tensor) if is_sharded(trainer) else tensor


def gathered(tensor: Tensor) -> Tensor:
    """The tensors of all ranks, one after the other along their first dimension."""
    return torch.cat(gather_all_tensors(tensor.detach()))


def _cut(model: nn.Module, part: slice, instances: int) -> set[str]:
    """Keep only a part of every tensor that leads with the instances; the names of these."""
    shared = [name for name, p in model.named_parameters() if p.shape[:1] != (instances,)]
    if shared:
        raise UserError(
            f"the instances share {shared[0]}; with ensemble_shard each needs its own, use ddp"
        )
    found = {name: x for name, x in _tensors(model).items() if x.shape[:1] == (instances,)}
    for tensor in found.values():
        tensor.data = tensor.data[part].clone()
    return set(found)


def _tensors(model: nn.Module) -> dict[str, Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def _states(
    state: dict[str, Any], optimizer: torch.optim.Optimizer, change: Callable[[Tensor], Tensor]
) -> dict[str, Any]:
    """An optimiser's state, with a change to what it keeps for every instance.

    Raises:
        UserError: it keeps something for all of them together.
    """
    changed: dict[int, dict[str, Any]] = {}
    for index, kept in state["state"].items():
        tensors = [v for v in kept.values() if isinstance(v, Tensor) and v.ndim]
        if len({len(v) for v in tensors}) > 1:
            raise UserError(
                f"{type(optimizer).__name__} does not keep instances apart; "
                "use another optimiser with ensemble_shard"
            )
        changed[index] = {
            k: change(v) if isinstance(v, Tensor) and v.ndim else v for k, v in kept.items()
        }
    return {**state, "state": changed}
