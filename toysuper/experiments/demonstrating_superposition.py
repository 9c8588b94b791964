"""Claims of the paper's section "Demonstrating Superposition"."""

import torch
from torch import Tensor

from toysuper.claims.base import Claim, absent, at, numbers, of_size, only, within
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
"""Fewest and most features represented at each density."""


def linear(snapshot: Snapshot) -> list[Claim]:
    """LIN: the linear model stores the m most important features and nothing else."""
    models = only(snapshot, "identity")
    found = [at(models, p) for p in LINEAR_DENSITIES]
    measured = [_dearest_first(model.best()) for model in found if model is not None]
    mixed = len(models.hidden_sizes.unique()) > 1
    if not measured or mixed or snapshot.W.shape[1] >= snapshot.W.shape[2]:
        return [absent("LIN", "the linear model stores the top m features", "")]
    return [_linear_loss(measured), _linear_norms(measured), _linear_biases(measured)]


def _dearest_first(models: Snapshot) -> Snapshot:
    """Features in the order in which a linear model stores them, by what losing them costs."""
    cost = (models.importance * uniform_variance(models.density))[0]
    return models.reorder_features(cost.argsort(descending=True, stable=True))


def _linear_loss(models: list[Snapshot]) -> Claim:
    ratios = [
        linear_loss(m.W, m.bias, m.importance, m.density)
        / linear_optimum_loss(m.importance, m.density, m.W.shape[1])
        for m in models
    ]
    return Claim(
        "LIN loss",
        "exact loss over the linear optimum",
        "0.97-1.03",
        numbers(torch.cat(ratios), ".4f"),
        within(torch.cat(ratios), 0.97, 1.03),
    )


def _linear_norms(models: list[Snapshot]) -> Claim:
    m = models[0].W.shape[1]
    lengths = torch.cat([norm(model) for model in models])
    top, rest = lengths[:, :m], lengths[:, m:]
    return Claim(
        "LIN norms",
        f"top {m} norms are 1, others 0",
        "0.97-1.03, < 0.05",
        f"{float(top.min()):.3f}-{float(top.max()):.3f}, others <= {float(rest.max()):.3f}",
        within(top, 0.97, 1.03) and within(rest, 0, 0.05),
    )


def _linear_biases(models: list[Snapshot]) -> Claim:
    m = models[0].W.shape[1]
    top = torch.cat([model.bias[:, :m].abs() for model in models])
    off = torch.cat([(model.bias - model.density / 2)[:, m:].abs() for model in models])
    return Claim(
        "LIN bias",
        "b = 0 if stored, p/2 if not",
        "both within 0.02",
        f"{float(top.max()):.4f}, {float(off.max()):.4f}",
        within(top, 0, 0.02) and within(off, 0, 0.02),
    )


def demo_a(snapshot: Snapshot) -> list[Claim]:
    """DEMO-A: n=20, m=5, importance 0.7^i."""
    return _demonstration("DEMO-A", of_size(snapshot, n=20, m=5, ratio=0.7), COUNTS_20)


def demo_b(snapshot: Snapshot) -> list[Claim]:
    """DEMO-B: n=80, m=20, importance 0.9^i."""
    return _demonstration("DEMO-B", of_size(snapshot, n=80, m=20, ratio=0.9), COUNTS_80)


def _demonstration(name: str, snapshot: Snapshot, counts: Counts) -> list[Claim]:
    relu = only(snapshot, "relu")
    found = {p: at(relu, p) for p in counts}
    models = {p: model for p, model in found.items() if model is not None}
    if not models:
        return [absent(name, "features represented by density", "")]
    return [
        _counts(name, models, counts),
        _increasing(name, models),
        _most_important(name, models),
        _negative_biases(name, models),
    ]


def _features(models: dict[float, Snapshot]) -> Tensor:
    return torch.stack([represented(model).mean() for model in models.values()])


def _counts(name: str, models: dict[float, Snapshot], counts: Counts) -> Claim:
    fewest, most = torch.tensor([counts[p] for p in models]).T
    features = _features(models)
    return Claim(
        f"{name} counts",
        "norms > 0.5, mean over seeds",
        ", ".join("-".join(str(k) for k in sorted({*counts[p]})) for p in models),
        numbers(features),
        within(features, fewest, most),
    )


def _increasing(name: str, models: dict[float, Snapshot]) -> Claim:
    features = _features(models)
    return Claim(
        f"{name} order",
        "more features as density falls",
        "non-decreasing",
        numbers(features),
        bool((features.diff() >= 0).all()),
    )


def _most_important(name: str, models: dict[float, Snapshot]) -> Claim:
    dense = [float(superposition(m.best())[0, 0]) for p, m in models.items() if p >= 0.3]
    return Claim(
        f"{name} first",
        "best models: feature 0 alone, p >= 0.3",
        "superposition < 0.1",
        numbers(dense),
        within(torch.tensor(dense), 0, 0.1) if dense else None,
    )


def _negative_biases(name: str, models: dict[float, Snapshot]) -> Claim:
    sparse = [float(m.bias[norm(m) > 0.5].mean()) for p, m in models.items() if p <= 0.01]
    return Claim(
        f"{name} bias",
        "negative biases for p <= 0.01",
        "mean < -0.05",
        numbers(sparse),
        within(torch.tensor(sparse), -torch.inf, -0.05) if sparse else None,
    )
