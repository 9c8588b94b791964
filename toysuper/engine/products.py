"""How matrix products are computed: a pass over the compiled step's graph.

torch's batched product is slow for very small and for large matrices. Products of a few rows are
written out row by row. The whole step, noise included, then becomes loops over (instance, sample)
that keep their intermediates in registers. Large products on CPU are computed by oneDNN, whose
kernels use the widest vectors of the processor.
"""

from typing import Any

import torch
from torch import fx
from torch._inductor.custom_graph_pass import CustomGraphPass, get_hash_for_files
from torch._inductor.decomposition import select_decomp_table
from torch.fx.experimental.proxy_tensor import make_fx

from toysuper.engine import rows
from toysuper.engine.rows import MIN_BATCH, Rewriter

aten = torch.ops.aten

MAX_UNROLLED_SIZE = 8
"""Largest m n that is written out; larger graphs take too long to compile."""


def is_small(hidden: int, features: int) -> bool:
    """Whether products with an m × n matrix are written out.

    Args:
        hidden: m.
        features: n.
    """
    return hidden * features <= MAX_UNROLLED_SIZE


class Products(CustomGraphPass):
    """Rewrites the products of a graph in place."""

    def __call__(self, graph: fx.Graph) -> None:
        """Replace the graph by one that computes the same."""
        products = [node for node in graph.nodes if node.target is aten.bmm.default]
        if not products:
            return
        sizes = [sorted(_size(node)) for node in products]
        small = all(a * b <= MAX_UNROLLED_SIZE and c >= MIN_BATCH for a, b, c in sizes)
        one = len({size[-1] for size in sizes}) == 1 and not any(map(_broadcast_mask, graph.nodes))
        batch = sizes[0][-1] if small and one else None
        module: Any = graph.owning_module
        _replace(graph, Rewriter(module, batch))

    def uuid(self) -> Any:
        """Return the hash of this code, a part of the key under which torch caches graphs."""
        return get_hash_for_files((__file__, rows.__file__))


def _size(product: fx.Node) -> tuple[int, int, int]:
    a, b = (arg.meta["val"].shape for arg in product.args)
    return a[1], a[2], b[2]


def _broadcast_mask(node: fx.Node) -> bool:
    """Whether a node is one bool per row, for which torch 2.13's C++ of float64 loops crashes."""
    value = node.meta.get("val")
    return getattr(value, "dtype", None) == torch.bool and value.shape[-1:] == (1,)


def _replace(graph: fx.Graph, rewriter: Rewriter) -> None:
    old = [node for node in graph.nodes if node.op == "placeholder"]
    inputs = [node.meta["val"] for node in old]
    with inputs[0].fake_mode:
        module = make_fx(rewriter.run, select_decomp_table())(*inputs)
    if any(node.op == "get_attr" for node in module.graph.nodes):
        return  # a constant of the user's, which graph_copy cannot move
    new = [node for node in module.graph.nodes if node.op == "placeholder"]
    (output,) = graph.find_nodes(op="output")
    with graph.inserting_before(output):
        output.args = (graph.graph_copy(module.graph, dict(zip(new, old, strict=True))),)
    graph.eliminate_dead_code()
    graph.lint()
