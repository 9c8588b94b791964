"""Evaluates a graph of tensor operations with other products than torch's."""

from collections import UserList
from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.node import Target

aten = torch.ops.aten

MIN_DENSE_WORK = 1 << 20
"""Multiplications per instance from which oneDNN is faster."""
MIN_BATCH = 64
"""Fewest samples for which products are written out."""
MAX_UNROLLED_TERMS = 8
"""Most terms of a sum that are written out, and most instances that get a call each."""


class RowList(UserList[Tensor]):  # torch.fx looks into tuples and lists
    """A tensor ``(inst, k, batch)`` as its k rows ``(inst, batch)``."""


class ColumnList(UserList[Tensor]):
    """A tensor ``(inst, batch, k)`` as its k columns ``(inst, batch)``."""


VIEWS = {aten.expand.default, aten.view.default, aten.reshape.default}
SAME = {*VIEWS, aten.clone.default}


class Rewriter(fx.Interpreter):
    """Runs a graph with tensors ``(inst, k, batch)`` as :class:`RowList`, operation by operation.

    Operations without a rule are torch's own, on the stacked tensor.

    Args:
        module: the graph.
        batch: number of samples; None leaves all tensors as they are.
    """

    def __init__(self, module: fx.GraphModule, batch: int | None) -> None:
        super().__init__(module)
        self.batch = batch
        self.shape: Sequence[int] = ()

    def run_node(self, node: fx.Node) -> Any:
        """Store the shape of the result, then compute it."""
        value = node.meta.get("val")
        self.shape = value.shape if isinstance(value, Tensor) else ()
        return super().run_node(node)

    def call_function(self, target: Target, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Compute by a rule, or without one on stacked tensors."""
        result = self._apply_rule(target, args, kwargs)
        if result is None:
            args, kwargs = fx.node.map_aggregate((args, kwargs), stack_rows)
            result = super().call_function(target, args, kwargs)
        return result

    def output(self, target: Target, args: tuple, kwargs: dict[str, Any]) -> Any:
        """Stack the outputs."""
        return fx.node.map_aggregate(super().output(target, args, kwargs), stack_rows)

    def _apply_rule(self, target: Any, args: tuple, kwargs: dict[str, Any]) -> Any:
        x = args[0] if args else None
        if target is aten.bmm.default:
            return product(*map(self._rows, args))
        if target in VIEWS and isinstance(x, Tensor) and tuple(self.shape) == tuple(x.shape):
            return x  # torch would store the argument of a view
        if target in SAME and isinstance(x, RowList | ColumnList):
            return x if tuple(self.shape) == tuple(stack_rows(x).shape) else None
        if target is aten.permute.default and isinstance(x, RowList | ColumnList):
            return (
                (ColumnList if isinstance(x, RowList) else RowList)(x)
                if args[1] == [0, 2, 1]
                else None
            )
        if target is aten.sum.dim_IntList and isinstance(x, RowList) and not kwargs:
            return _sum(x, *args[1:])
        if torch.Tag.pointwise in getattr(target, "tags", ()) and self._is_rowwise(args):
            count = range(self.shape[1])
            return RowList(target(*(_row(a, k) for a in args), **kwargs) for k in count)
        return None

    def _rows(self, x: Any) -> Any:
        if isinstance(x, Tensor) and x.shape[2] == self.batch:
            return RowList(x.unbind(1))
        if isinstance(x, Tensor) and x.shape[1] == self.batch:
            return ColumnList(x.unbind(2))
        return x

    def _is_rowwise(self, args: tuple) -> bool:
        fits = len(self.shape) == 3 and self.shape[2] == self.batch
        return fits and not any(isinstance(a, ColumnList) for a in args)


def stack_rows(x: Any) -> Any:
    """Stack rows or columns to the tensor; return anything else as it is."""
    if isinstance(x, RowList | ColumnList):
        return torch.stack(list(x), 1 if isinstance(x, RowList) else 2)
    return x


def _row(x: Any, k: int) -> Any:
    if isinstance(x, RowList):
        return x[k if len(x) > 1 else 0]
    if isinstance(x, Tensor) and x.ndim >= 2:
        return x.select(-2, k if x.shape[-2] > 1 else 0)
    return x


def _sum(x: RowList, dims: Sequence[int], keepdim: bool = False) -> Any:
    if [d % 3 for d in dims] == [2]:
        return torch.stack([row.sum(-1, keepdim=keepdim) for row in x], 1)
    return None


def product(a: Any, b: Any) -> Any:
    """Compute ``a @ b`` for each instance.

    Args:
        a: ``(inst, r, k)``, or its rows.
        b: ``(inst, k, c)``, or its rows or columns.
    """
    if isinstance(a, Tensor) and isinstance(b, RowList):
        return RowList(_dot(a[:, r, :, None].unbind(1), b) for r in range(a.shape[1]))
    if isinstance(a, RowList) and isinstance(b, ColumnList):
        pairs = [torch.stack([(x * y).sum(-1) for y in b], 1) for x in a]
        return torch.stack(pairs, 1)
    a, b = stack_rows(a), stack_rows(b)
    if a.shape[2] <= MAX_UNROLLED_TERMS < MIN_BATCH <= b.shape[2]:
        return _dot(a[..., None].unbind(2), b[:, None].unbind(2))
    if a.shape[2] > a.shape[1] > b.shape[2]:  # the same sums, twice as fast when transposed
        return _dense(b.mT, a.mT).mT
    return _dense(a, b)


def _dot(weights: Sequence[Tensor], rows: Sequence[Tensor]) -> Tensor:
    return reduce(add, (w * row for w, row in zip(weights, rows, strict=True)))


def is_large(hidden: int, features: int, samples: int) -> bool:
    """Whether a product with an m × n matrix is worth a call of oneDNN.

    Args:
        hidden: m.
        features: n.
        samples: columns of the other factor.
    """
    return hidden * features * samples >= MIN_DENSE_WORK


def _dense(a: Tensor, b: Tensor) -> Tensor:
    is_wide = a.device.type == "cpu" and a.dtype == torch.float32 and len(a) <= MAX_UNROLLED_TERMS
    if (
        not (is_wide and is_large(a.shape[1], a.shape[2], b.shape[2]))
        or not torch.backends.mkldnn.is_available()
    ):
        return torch.bmm(a, b)
    product: Callable = torch.ops.toysuper.wide_product
    products = [product(x, y) for x, y in zip(a.unbind(), b.unbind(), strict=True)]
    return torch.stack(products) if len(products) > 1 else products[0][None]


# oneDNN's product of two matrices, which torch itself asks for in half precision only
torch.library.define(
    "toysuper::wide_product",
    "(Tensor a, Tensor b) -> Tensor",
    tags=torch.Tag.flexible_layout,  # else a factor that has other uses is computed twice
)
torch.library.impl(
    "toysuper::wide_product",
    "CPU",
    lambda a, b: torch.ops.mkldnn._linear_pointwise.default(a, b.mT, None, "none", [], ""),
)
torch.library.register_fake("toysuper::wide_product", lambda a, b: a.new_empty(len(a), b.shape[1]))
