from tests._figures import assert_draws, two_sets
from toysuper.experiments.octahedron.figure import octahedron_stages


def test_it_draws_something() -> None:
    assert_draws(octahedron_stages(two_sets()))
