"""One small ensemble for each way of computing a step."""

from typing import Any

import torch

from toysuper.data import SyntheticData
from toysuper.engine import Gradients
from toysuper.features import ActiveSets, SparseUniform
from toysuper.models import AbsoluteValueModel, ReLUOutputModel
from toysuper.objectives import ExpectedLoss

GRID = {"density": [1.0, 0.3, 0.1]}
KINDS = {"density": [1.0, 0.3], "activation": ["relu", "identity"]}
CASES: dict[str, dict[str, Any]] = {
    "rows": {"n": 2, "hidden": 1, "batch": 64, "grid": GRID},
    "rows of mixed activations": {"n": 3, "hidden": 2, "batch": 64, "grid": KINDS},
    "terms": {"n": 20, "hidden": 5, "batch": 64, "grid": GRID},
    "products": {"n": 20, "hidden": 10, "batch": 64, "grid": GRID},
    "chunks that overlap": {"n": 5, "hidden": 2, "batch": 64, "grid": GRID, "chunk": 2},
    "wide products": {"n": 128, "hidden": 32, "batch": 256, "grid": GRID},
    "two layers, signed": {
        "n": 3,
        "hidden": 2,
        "batch": 64,
        "grid": GRID,
        "model": AbsoluteValueModel,
    },
    "exact": {"n": 2, "hidden": 1, "batch": 64, "grid": GRID, "features": ActiveSets(7)},
}


def ensemble(name: str, jit: bool) -> Gradients:
    """The engine of one case."""
    case = {"model": ReLUOutputModel, "chunk": None, **CASES[name]}
    signed = case["model"] is AbsoluteValueModel
    data = SyntheticData(
        n=case["n"],
        grid=case["grid"],
        batch_size=case["batch"],
        features=case.get("features", SparseUniform(signed=signed)),
        task="abs" if signed else "identity",
    )
    model = case["model"](case["n"], data.grid, case["hidden"])
    return Gradients(model, ExpectedLoss(), data.world(), jit, case["chunk"])


def weights_after(steps: int, name: str, jit: bool) -> list[torch.Tensor]:
    """All parameters after some steps of AdamW."""
    engine, at = ensemble(name, jit), torch.tensor(0)
    parameters = list(engine.parameters.values())
    optimizer = torch.optim.AdamW(parameters, lr=1e-3)
    with torch.no_grad():
        for _, (*gradients, _) in zip(range(steps), engine.steps(at), strict=False):
            engine.assign(gradients)
            optimizer.step()
            at += 1
    return [p.detach() for p in parameters]
