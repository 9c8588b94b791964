"""Claims of the paper's section "Superposition and Adversarial Examples"."""

import torch

from toysuper.claims.claim import Claim, absent, numbers
from toysuper.metrics import dimensions_per_feature, represented
from toysuper.metrics.vulnerability import rank_correlation, vulnerability
from toysuper.types import Snapshot


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
    """ADVTRAIN: the larger the attacks in training, the fewer features a dimension holds."""
    name, statement = "ADVTRAIN", "features per dimension by budget (features represented)"
    expected = "non-increasing (+- 0.01)"
    budgets = [place.get("budget") for place in snapshot.coordinates]
    if None in budgets or len(set(budgets)) < 2:
        return [absent(name, statement, expected)]
    best = snapshot.best()
    order = torch.tensor([float(place["budget"]) for place in best.coordinates]).argsort()
    share, count = (1 / dimensions_per_feature(best))[order], represented(best)[order]
    measured = f"{numbers(share)} ({numbers(count)})"
    return [Claim(name, statement, expected, measured, bool((share.diff() < 0.01).all()))]
