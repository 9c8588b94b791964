"""Claims of the paper's section "The Geometry of Superposition": from the pentagon to digons."""

from toysuper.claims.base import Claim, absent
from toysuper.experiments.pentagon_to_digons.measurement import Fits, fits, switch
from toysuper.experiments.pentagon_to_digons.theory import branches
from toysuper.snapshot import Snapshot

CROSSING = {0.05: (0.268, 0.01), 0.1: (0.425, 0.015)}
"""By density: at which ratio the exact branches cross, and to what."""
ERROR = 0.08


def pentagon_to_digons(snapshot: Snapshot) -> list[Claim]:
    """PENTA: a feature that gets rarer is dropped at once, where two branches cross.

    The paper puts it at 2.5 times sparser, a ratio of 0.4, for p = 0.05.
    """
    found = fits(snapshot)
    return [claim for p in CROSSING for claim in (_exact(p), _trained(p, found.of(p)))]


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


def _trained(density: float, models: Fits) -> Claim:
    exact = branches(density).crossing()
    name, statement = f"PENTA p={density:g}", "ratio at which the best model changes"
    expected = f"{exact:.3f} +- {ERROR} (paper: {'0.4' if density == 0.05 else 'not said'})"
    if not len(models.ratio):
        return absent(name, statement, expected)
    value = switch(models)
    return Claim(name, statement, expected, f"{value:.3f}", abs(value - exact) <= ERROR)
