"""Every distribution has the marginal density and the pairwise correlation that it states."""

import subprocess
import sys

import pytest
import torch

from tests._run import ROOT, data
from toysuper import features
from toysuper.data.curves import Geometric
from toysuper.errors import UserError
from toysuper.functional.noise import Purpose

SAMPLES = 1 << 17
GRID = {"density": [0.5, 0.2]}
EQUAL = {"n": 6, "grid": GRID}
UNEQUAL = {"n": 6, "density": [1.0, 0.5, 0.9, 0.4, 0.3, 0.2], "grid": GRID}
HALVING = {"n": 7, "density": Geometric(0.8), "grid": GRID}
FOUR = {"n": 4, "density": 0.5, "grid": {"density": [0.5]}}
"""Few features, so that compiled steps unroll their products."""
UPSIDE_DOWN = {"n": 2, "density": [0.2, 0.4], "grid": {"density": [0.5]}}
RARE = {"n": 6, "density": [1.0, 0.5, 0.5, 0.3, 0.2, 0.1], "grid": {"density": [0.35, 0.2]}}
CASES = [
    (features.SparseUniform(), UNEQUAL),
    (features.SparseExponential(0.5), UNEQUAL),
    (features.SparsePowerLaw(8.0), UNEQUAL),
    (features.CorrelatedSets(3), UNEQUAL),
    (features.AnticorrelatedSets(2), UNEQUAL),
    (features.OneHot(), RARE),
    (features.ExactlyK(), {"n": 6, "grid": {"density": [0.5, 1 / 3]}}),
    (features.Hierarchical(), HALVING),
    (features.GaussianCopula(0.6), UNEQUAL),
    (features.GaussianCopula(0.9, size=2), UNEQUAL),
]
SIGNED = [
    (type(case)(**options, signed=True), world)
    for case, options, world in [
        (features.SparseUniform(), {}, UNEQUAL),
        (features.SparseExponential(), {}, UNEQUAL),
        (features.SparsePowerLaw(), {"exponent": 8.0}, UNEQUAL),
        (features.CorrelatedSets(), {"size": 3}, UNEQUAL),
        (features.AnticorrelatedSets(), {"size": 2}, UNEQUAL),
    ]
]


def sample(distribution, options) -> tuple[torch.Tensor, torch.Tensor]:
    world = data(features=distribution, batch_size=SAMPLES, **options).world()
    return world(0, Purpose.TRAIN).features, world.density


def name(value) -> str:
    return type(value).__name__ if isinstance(value, features.Features) else ""


@pytest.mark.parametrize(("distribution", "options"), [*CASES, *SIGNED], ids=name)
def test_samples_have_the_density_and_correlation_of_the_formula(distribution, options) -> None:
    x, density = sample(distribution, options)
    rate = (x != 0).double().mean(-1)
    assert ((rate - density).abs() <= 5 * (density * (1 - density) / SAMPLES).sqrt() + 1e-9).all()
    sampled = torch.stack([torch.corrcoef(rows) for rows in x])
    expected = distribution.correlation(density)
    assert (sampled - expected).abs().max() < 6 / SAMPLES**0.5


@pytest.mark.parametrize(("distribution", "options"), CASES, ids=name)
def test_two_features_are_both_active_as_often_as_the_formula_says(distribution, options) -> None:
    x, density = sample(distribution, options)
    active = (x != 0).double()
    n = x.shape[1]
    both = (active @ active.mT / SAMPLES)[:, ~torch.eye(n, dtype=torch.bool)]
    expected = distribution.joint_density(density)[:, ~torch.eye(n, dtype=torch.bool)]
    assert (
        (both - expected).abs() <= 5 * (expected * (1 - expected) / SAMPLES).sqrt() + 1e-9
    ).all()


@pytest.mark.parametrize(("distribution", "options"), [*CASES, *SIGNED], ids=name)
def test_active_magnitudes_have_the_moments_of_the_formula(distribution, options) -> None:
    x, _ = sample(distribution, options)
    size = x[x != 0].abs()
    for power, moment in zip((1, 2), distribution.moments, strict=True):
        values = size**power
        assert abs(float(values.mean()) - moment) < 6 * float(values.std()) / len(size) ** 0.5
    assert ((x < 0).any() == distribution.signed).all()


def test_the_number_of_active_features_is_exactly_k() -> None:
    x, _ = sample(features.ExactlyK(), {"n": 6, "grid": {"density": [0.5, 1 / 3]}})
    counts = (x != 0).sum(1)
    assert (counts[0] == 3).all() and (counts[1] == 2).all()


def test_a_child_is_never_active_without_its_parent() -> None:
    active = sample(features.Hierarchical(), HALVING)[0] != 0
    for child in range(1, 7):
        assert (active[:, (child - 1) // 2] | ~active[:, child]).all()


def test_one_hot_features_of_density_one_over_n_have_exactly_one_active() -> None:
    x, _ = sample(features.OneHot(), {"n": 4, "density": 0.25})
    assert ((x != 0).sum(1) == 1).all()


def test_values_within_a_correlated_set_are_independent() -> None:
    """If gates and values used the same number, the values would be equal."""
    x, _ = sample(features.CorrelatedSets(2), EQUAL)
    pair = x[0, :2][:, x[0, 0] > 0]
    assert abs(float(torch.corrcoef(pair)[0, 1])) < 6 / pair.shape[1] ** 0.5


@pytest.mark.parametrize(
    ("distribution", "options", "sentence"),
    [
        (features.CorrelatedSets(4), EQUAL, r"features.size is 4; .* divide data.n, which is 6"),
        (features.AnticorrelatedSets(4), EQUAL, "must be at least 1 and divide"),
        (features.AnticorrelatedSets(3), EQUAL, "sum to 1.5, but at most one"),
        (features.OneHot(), EQUAL, "lower data.density so that they sum to at most 1"),
        (features.ExactlyK(), EQUAL, "data.density contains 0.2; ExactlyK needs k / 6"),
        (features.ExactlyK(), UNEQUAL, "the same for all features"),
        (features.Hierarchical(), UPSIDE_DOWN, "of feature 1 is 0.2, of its parent 0.1; a child"),
    ],
    ids=name,
)
def test_impossible_densities_are_refused(distribution, options, sentence) -> None:
    with pytest.raises(UserError, match=sentence):
        data(features=distribution, **options).world()


def test_a_set_may_be_all_features_and_k_is_at_least_one() -> None:
    x, _ = sample(features.CorrelatedSets(None), EQUAL)
    assert torch.equal((x[0, 0] > 0), (x[0, 5] > 0))
    with pytest.raises(UserError, match="integer k >= 1"):
        data(n=4, density=2e-4, features=features.ExactlyK()).world()


@pytest.mark.parametrize(
    "make",
    [
        lambda: features.SparseExponential(0.0),
        lambda: features.SparsePowerLaw(2.0),
        lambda: features.Hierarchical(0),
        lambda: features.GaussianCopula(1.5),
    ],
)
def test_impossible_parameters_are_refused(make) -> None:
    with pytest.raises(UserError, match="features"):
        make()


SCRIPT = """
import torch
torch.set_default_dtype(torch.float64)
from tests._run import data, fitted
from tests.features.test_distributions import CASES, FOUR

narrow = [(case, {**options, **FOUR, "batch_size": 128}) for case, options in CASES]
for distribution, options in [*CASES, *[case for case in narrow if case[0].size != 3]]:
    eager, compiled = (
        fitted(data(features=distribution, **options), 20, jit=jit) for jit in (False, True)
    )
    torch.testing.assert_close(eager.W, compiled.W, rtol=1e-12, atol=1e-12)
"""


@pytest.mark.slow
def test_compiled_training_gets_the_same_features() -> None:
    """In a process without the type checks, which do not compile; a warning is an error."""
    command = [sys.executable, "-W", "error:training eagerly", "-c", SCRIPT]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
