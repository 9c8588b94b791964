"""Whether the best model changes at the ratio of densities where the exact branches cross."""

from toysuper.claims import Claim, not_measured
from toysuper.experiments.pentagon_to_digons.measurement import (
    Solutions,
    classify,
    crossover_ratio,
)
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.snapshot import Snapshot

CROSSING = {0.05: (0.268, 0.01), 0.1: (0.425, 0.015)}
"""Ratio at which the exact branches cross, and its tolerance, by density."""
TOLERANCE = 0.08
"""Tolerance of the ratio at which trained models change."""


def crossing(snapshot: Snapshot) -> list[Claim]:
    """PENTA: a feature that gets rarer is dropped at once, where two branches cross."""
    solutions = classify(snapshot)
    pairs = [(_exact(p), _trained(p, solutions.at_density(p))) for p in CROSSING]
    return [claim for pair in pairs for claim in pair]


def _exact(density: float) -> Claim:
    value, error = CROSSING[density]
    exact = branches(density).crossing()
    return Claim(
        f"PENTA exact p={density:g}",
        "ratio at which the branches' exact losses cross",
        f"{value:g} +- {error:g}",
        f"{exact:.3f}",
        abs(exact - value) <= error,
    )


def _trained(density: float, solutions: Solutions) -> Claim:
    exact = branches(density).crossing()
    name, statement = f"PENTA p={density:g}", "ratio at which the best model changes"
    expected = f"{exact:.3f} +- {TOLERANCE} (paper: {'0.4' if density == 0.05 else 'not said'})"
    if not len(solutions.ratio):
        return not_measured(name, statement, expected)
    value = crossover_ratio(solutions)
    return Claim(name, statement, expected, f"{value:.3f}", abs(value - exact) <= TOLERANCE)
