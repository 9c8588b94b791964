"""What linear models store, and how many features ReLU models store at each density."""

import torch
from torch import Tensor

from toysuper.claims import (
    Claim,
    at_density,
    format_values,
    if_size,
    not_measured,
    with_activation,
    within,
)
from toysuper.functional.theory import linear_loss, linear_optimum_loss, uniform_variance
from toysuper.metrics import norm, represented, superposition
from toysuper.snapshot import Snapshot

LINEAR_DENSITIES = (1.0, 0.3, 0.1, 0.03, 0.01)
Counts = dict[float, tuple[int, int]]
COUNTS_20: Counts = {
    1.0: (5, 5),
    0.3: (6, 8),
    0.1: (8, 10),
    0.03: (9, 11),
    0.01: (10, 12),
    0.003: (11, 15),
    0.001: (11, 17),
}
COUNTS_80: Counts = {
    1.0: (20, 20),
    0.3: (23, 29),
    0.1: (29, 35),
    0.03: (37, 45),
    0.01: (44, 54),
    0.003: (50, 80),
    0.001: (50, 80),
}
"""Smallest and largest number of represented features at each density."""


def linear_models(snapshot: Snapshot) -> list[Claim]:
    """LIN: the linear model stores the m most important features and nothing else."""
    linear = with_activation(snapshot, "identity")
    parts = [at_density(linear, p) for p in LINEAR_DENSITIES]
    models = [_sort_by_cost(part.best()) for part in parts if part is not None]
    has_many_sizes = len(linear.hidden_sizes.unique()) > 1
    if not models or has_many_sizes or snapshot.W.shape[1] >= snapshot.W.shape[2]:
        return [not_measured("LIN", "the linear model stores the top m features", "")]
    return [_linear_loss(models), _linear_norms(models), _linear_biases(models)]


def _sort_by_cost(models: Snapshot) -> Snapshot:
    """Sort features by the loss of leaving them out, in which order a linear model stores them."""
    cost = (models.importance * uniform_variance(models.density))[0]
    return models.reorder_features(cost.argsort(descending=True, stable=True))


def _linear_loss(models: list[Snapshot]) -> Claim:
    parts = [
        linear_loss(m.W, m.bias, m.importance, m.density)
        / linear_optimum_loss(m.importance, m.density, m.W.shape[1])
        for m in models
    ]
    ratio = torch.cat(parts)
    line = "LIN loss", "exact loss over the linear optimum", "0.97-1.03"
    return Claim(*line, format_values(ratio, ".4f"), within(ratio, 0.97, 1.03))


def _linear_norms(models: list[Snapshot]) -> Claim:
    m = models[0].W.shape[1]
    lengths = torch.cat([norm(model) for model in models])
    top, rest = lengths[:, :m], lengths[:, m:]
    line = "LIN norms", f"top {m} norms are 1, others 0", "0.97-1.03, < 0.05"
    span = f"{float(top.min()):.3f}-{float(top.max()):.3f}, others <= {float(rest.max()):.3f}"
    return Claim(*line, span, within(top, 0.97, 1.03) and within(rest, 0, 0.05))


def _linear_biases(models: list[Snapshot]) -> Claim:
    m = models[0].W.shape[1]
    top = torch.cat([model.bias[:, :m].abs() for model in models])
    error = torch.cat([(model.bias - model.density / 2)[:, m:].abs() for model in models])
    line = "LIN bias", "b = 0 if stored, p/2 if not", "both within 0.02"
    measured = f"{float(top.max()):.4f}, {float(error.max()):.4f}"
    return Claim(*line, measured, within(top, 0, 0.02) and within(error, 0, 0.02))


def twenty_features(snapshot: Snapshot) -> list[Claim]:
    """DEMO-A: 20 features of importance 0.7^i in 5 dimensions."""
    return _relu_models("DEMO-A", if_size(snapshot, n=20, m=5, ratio=0.7), COUNTS_20)


def eighty_features(snapshot: Snapshot) -> list[Claim]:
    """DEMO-B: 80 features of importance 0.9^i in 20 dimensions."""
    return _relu_models("DEMO-B", if_size(snapshot, n=80, m=20, ratio=0.9), COUNTS_80)


def _relu_models(name: str, snapshot: Snapshot, counts: Counts) -> list[Claim]:
    relu = with_activation(snapshot, "relu")
    parts = {p: at_density(relu, p) for p in counts}
    models = {p: model for p, model in parts.items() if model is not None}
    if not models:
        return [not_measured(name, "features represented by density", "")]
    return [
        _counts(name, models, counts),
        _increasing(name, models),
        _most_important(name, models),
        _negative_biases(name, models),
    ]


def _represented(models: dict[float, Snapshot]) -> Tensor:
    """Compute the number of represented features at each density, averaged over seeds."""
    return torch.stack([represented(model).mean() for model in models.values()])


def _counts(name: str, models: dict[float, Snapshot], counts: Counts) -> Claim:
    fewest, most = torch.tensor([counts[p] for p in models]).T
    expected = ", ".join("-".join(str(k) for k in sorted({*counts[p]})) for p in models)
    line = f"{name} counts", "norms > 0.5, mean over seeds", expected
    features = _represented(models)
    return Claim(*line, format_values(features), within(features, fewest, most))


def _increasing(name: str, models: dict[float, Snapshot]) -> Claim:
    line = f"{name} order", "more features as density falls", "non-decreasing"
    features = _represented(models)
    return Claim(*line, format_values(features), bool((features.diff() >= 0).all()))


def _most_important(name: str, models: dict[float, Snapshot]) -> Claim:
    line = f"{name} first", "best models: feature 0 alone, p >= 0.3", "superposition < 0.1"
    dense = [float(superposition(m.best())[0, 0]) for p, m in models.items() if p >= 0.3]
    holds = within(torch.tensor(dense), 0, 0.1) if dense else None
    return Claim(*line, format_values(dense), holds)


def _negative_biases(name: str, models: dict[float, Snapshot]) -> Claim:
    line = f"{name} bias", "negative biases for p <= 0.01", "mean < -0.05"
    sparse = [float(m.bias[norm(m) > 0.5].mean()) for p, m in models.items() if p <= 0.01]
    holds = within(torch.tensor(sparse), -torch.inf, -0.05) if sparse else None
    return Claim(*line, format_values(sparse), holds)
