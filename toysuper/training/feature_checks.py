"""Check a distribution of the user's against what it declares."""

from jaxtyping import Bool, Float
from torch import Tensor

from toysuper.data.datamodule import SyntheticData
from toysuper.errors import UserError
from toysuper.functional.noise import Purpose

SAMPLES, INSTANCES = 1 << 14, 4
"""Samples of each instance, and instances, that are compared."""
MAX_DEVIATION = 6.0
"""Standard errors by which a sample may differ; one in five hundred million does by chance."""
MIN_COUNT = 30
"""Samples that a declared probability must make likely, so that an error is a normal number."""


def check_distribution(data: SyntheticData) -> None:
    """Compare density, joint density and moments with samples; those of the package are tested.

    Metrics and linear optima are computed from what a distribution declares.

    Args:
        data: have the distribution.

    Raises:
        UserError: samples contradict a declaration.
    """
    features, name = data.features, type(data.features).__name__
    if type(features).__module__.startswith("toysuper."):
        return
    world = data.world(samples=max(SAMPLES, features.min_samples(data.n)))
    batch, density = world(0, Purpose.ANALYSIS), world.density
    x, weight = batch.features[:INSTANCES], batch.weight[:INSTANCES]
    density, active = density[:INSTANCES], (x != 0).to(x.dtype)
    noise = weight.square().sum(-1)[:, None, None]
    joint = (active * weight[:, None]) @ active.mT
    pairs = ~_diagonal(joint)
    checks = (
        ("density", joint[~pairs], _square(density)[~pairs], noise.expand_as(joint)[~pairs]),
        (
            "joint_density",
            joint[pairs],
            features.joint_density(density)[pairs],
            noise.expand_as(joint)[pairs],
        ),
    )
    for what, found, declared, error in checks:
        _compare(name, what, found, declared, error)
    _check_moments(name, features.moments, x[active.bool()].abs())
    if not features.signed and bool((x < 0).any()):
        raise UserError(f"{name} gives negative features; set {name}.signed = True")


def _compare(what: str, key: str, found: Tensor, declared: Tensor, noise: Tensor) -> None:
    variance = (declared * (1 - declared)).clamp(min=0) * noise
    likely = declared.clamp(max=1) / noise > MIN_COUNT
    wrong = (found - declared).abs() > MAX_DEVIATION * variance.sqrt() + 1e-6
    wrong &= likely | (found / noise > MIN_COUNT)
    if bool(wrong.any()):
        i = int(wrong.nonzero()[0])
        remedy = "define joint_density" if key == "joint_density" else "its sample must have it"
        raise UserError(
            f"{what}.{key} says {float(declared[i]):.4g} where samples have {float(found[i]):.4g}; "
            f"{remedy}"
        )


def _check_moments(name: str, moments: tuple[float, float], values: Tensor) -> None:
    """Compare mean and mean square of active features' magnitudes."""
    if len(values) < MIN_COUNT:
        return
    for k, declared in enumerate(moments, start=1):
        powers = values.double() ** k
        error = MAX_DEVIATION * float(powers.std()) / len(values) ** 0.5
        if abs(float(powers.mean()) - declared) > error + 1e-6:
            raise UserError(
                f"{name}.moments says {declared:.4g} for the mean of |x|^{k} of active features "
                f"where samples have {float(powers.mean()):.4g}; set moments = (E |x|, E x^2)"
            )


def _diagonal(joint: Float[Tensor, "inst feat feat"]) -> Bool[Tensor, "inst feat feat"]:
    eye = joint.new_ones(joint.shape[-2:]).tril().triu().bool()
    return eye.expand_as(joint)


def _square(density: Float[Tensor, "inst feat"]) -> Float[Tensor, "inst feat feat"]:
    """Put densities on a diagonal."""
    return density[:, :, None].expand(-1, -1, density.shape[1])
