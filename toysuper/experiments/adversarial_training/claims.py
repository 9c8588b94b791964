"""Claims of the paper's section "Superposition and Adversarial Examples"."""

import torch

from toysuper.claims.base import Claim, absent, numbers
from toysuper.metrics import dimensions_per_feature, represented
from toysuper.metrics.vulnerability import rank_correlation, vulnerability
from toysuper.snapshot import Snapshot


def adversarial(snapshot: Snapshot) -> list[Claim]:
    """ADV: vulnerability rises with superposition and follows features per dimension."""
    models = snapshot.best()
    sparsity = 1 / models.common_density()
    name, statement = "ADV rise", "vulnerability at 1/(1-S) of 3.6-4.5 over the densest model's"
    here = (sparsity > 3.59) & (sparsity < 4.51)
    if not here.any() or not (sparsity < 1.05).any():
        return [absent(name, statement, ">= 3")]
    harm, per_dimension = vulnerability(models), 1 / dimensions_per_feature(models)
    rise = harm / harm[sparsity.argmin()]
    follows = rank_correlation(harm, per_dimension)
    return [
        Claim(name, statement, ">= 3", numbers(rise[here]), bool((rise[here] >= 3).all())),
        Claim(
            "ADV follows",
            "rank correlation of vulnerability with features per dimension",
            ">= 0.95",
            f"{follows:.3f}",
            follows >= 0.95,
        ),
    ]


def adversarial_training(snapshot: Snapshot) -> list[Claim]:
    """ADVTRAIN: the larger the attacks in training, the fewer features a dimension holds.

    The paper's features per dimension also fall where weights get shorter, so we count features.
    """
    long = ("ADVTRAIN", "features per dimension, |W|^2 / m, by budget", "non-increasing (+- 0.01)")
    many = ("ADVTRAIN count", "features with norm > 1/2 per dimension, by budget")
    expected = "non-increasing, > 1.2 at 0, <= 1.05 at 0.8"
    best = snapshot.best()
    budgets = [place.get("budget") for place in best.coordinates]
    if len(set(budgets)) < len(budgets) or not {0.0, 0.8} <= set(budgets):
        return [absent(*long), absent(*many, expected)]
    budget = torch.tensor([float(value or 0) for value in budgets], dtype=torch.float64)
    order = budget.argsort()
    share = (1 / dimensions_per_feature(best))[order]
    count = (represented(best) / best.hidden_sizes)[order]
    removed = float(count[0]) > 1.2 and float(count[budget[order] == 0.8]) <= 1.05
    return [
        Claim(*long, numbers(share), bool((share.diff() < 0.01).all())),
        Claim(*many, expected, numbers(count), removed and bool((count.diff() <= 0).all())),
    ]
