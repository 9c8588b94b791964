"""A distribution of the user's is what it declares, or is refused."""

import pytest
import torch

from tests._run import data
from toysuper import features
from toysuper.errors import UserError
from toysuper.features import Features, SparseUniform
from toysuper.functional.noise import uniform
from toysuper.training.feature_checks import check_distribution


class Right(SparseUniform):
    """The package's own, in a module of the user's."""


class Half(SparseUniform):
    def sample(self, draw, density):
        return super().sample(draw, density / 2)


class Together(Features):
    """All features active at once."""

    def sample(self, draw, density):
        n = density.shape[1]
        u = uniform(draw(n + 1), density.dtype)
        return torch.where(u[:, :1] < density[..., None], u[:, 1:], 0.0)


class Declared(Together):
    def joint_density(self, density):
        return torch.minimum(density[:, :, None], density[:, None])


class Squared(SparseUniform):
    def sample(self, draw, density):
        return super().sample(draw, density).square()


class SquaredDeclared(Squared):
    moments = (1 / 3, 1 / 5)


class Negative(SparseUniform):
    signed = False

    def sample(self, draw, density):
        return -super().sample(draw, density)


@pytest.mark.parametrize("kind", [Right, Declared, SquaredDeclared])
@pytest.mark.parametrize("seed", range(5))
def test_what_declares_itself_passes(kind: type, seed: int) -> None:
    for density in (1.0, 0.3, 0.01):
        check_distribution(data(features=kind(), seed=seed, density=density))


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (Half, r"Half\.density says 0\.3 where samples have 0\.1"),
        (Together, r"Together\.joint_density says 0\.09 where samples have 0\.[23].*; define"),
        (Squared, r"Squared\.moments says 0\.5 for the mean of \|x\|\^1 .* have 0\.33"),
        (Negative, r"Negative gives negative features; set Negative\.signed = True"),
    ],
)
def test_what_does_not_is_refused(kind: type, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence):
        check_distribution(data(features=kind(), density=0.3))


@pytest.mark.parametrize("name", [n for n in features.__all__ if n not in ("Features", "Gated")])
def test_the_packages_own_would_pass(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = getattr(features, name)
    monkeypatch.setattr(kind, "__module__", "theirs")
    options = {"OneHot": {"density": 0.25}, "ExactlyK": {"density": 0.5}}.get(name, {})
    sizes = {"CorrelatedSets": {"size": 2}, "AnticorrelatedSets": {"size": 2}}.get(name, {})
    check_distribution(data(features=kind(**sizes), **{"density": 0.3, **options}))
