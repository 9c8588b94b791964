"""The cells of a phase diagram: trained models by density and relative importance."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from toysuper.errors import UserError
from toysuper.experiments.phase_change.theory import prototype_losses
from toysuper.functional.geometry import REPRESENTED
from toysuper.metrics.features import held_out_loss, norm, superposition
from toysuper.snapshot import Snapshot


class Cells(NamedTuple):
    """Metrics of the extra feature, the last, in each cell. Models are sorted by loss."""

    density: Float[Tensor, " rows"]
    relative: Float[Tensor, " columns"]
    loss: Float[Tensor, "rows columns models"]
    norm: Float[Tensor, "rows columns models"]
    superposition: Float[Tensor, "rows columns models"]
    other: Float[Tensor, "rows columns models"]
    """Norm of the first feature."""
    complete: Float[Tensor, "rows columns models"]
    """1 if all features are represented, else 0."""

    def averaged(self, values: Float[Tensor, "rows columns models"]) -> Tensor:
        """Average over all models of a cell but the worst, as the paper does."""
        return values[..., : max(1, values.shape[2] - 1)].mean(-1)

    def ratio(self, n: int) -> Float[Tensor, "rows columns"]:
        """Smallest loss of the models over that of the prototypes of n features."""
        theory = prototype_losses(n, self.density[:, None], self.relative)
        return self.loss[..., 0] / theory.amin(0)

    def phase(self) -> Tensor:
        """Index of the prototype in PHASES that the best model is most similar to."""
        alone = torch.where(self.complete[..., 0] > 0, 3, 1)
        phase = torch.where(self.superposition[..., 0] > 0.5, 2, alone)
        return torch.where(self.norm[..., 0] < REPRESENTED, 0, phase)


def phase_cells(snapshot: Snapshot) -> Cells:
    """Sort models into cells, with falling densities and rising relative importances.

    Raises:
        UserError: the models are not a full grid of density and relative importance.
    """
    density = snapshot.common_density()
    relative = snapshot.importance[:, -1] / snapshot.importance[:, 0]
    rows, row = density.unique(return_inverse=True)
    columns, column = relative.unique(return_inverse=True)
    cells = len(rows) * len(columns)
    cell = (len(rows) - 1 - row) * len(columns) + column
    counts = cell.bincount(minlength=cells)
    if not len(snapshot) or density.isnan().any() or (counts != counts[0]).any():
        raise UserError(
            "a phase diagram needs a grid of density and importance[-1], with as many models in "
            "each cell"
        )
    loss = held_out_loss(snapshot).nan_to_num(torch.inf)
    order = torch.argsort(loss, stable=True)
    order = order[torch.argsort(cell[order], stable=True)]
    shape = (len(rows), len(columns), int(counts[0]))
    lengths = norm(snapshot)
    complete = (lengths > REPRESENTED).all(-1).to(loss.dtype)
    fields = (loss, lengths[:, -1], superposition(snapshot)[:, -1], lengths[:, 0], complete)
    parts = [values[order].view(shape) for values in fields]
    return Cells(rows.flip(0), columns, *parts)
