from tests._figures import assert_draws, untied_neurons
from toysuper.experiments.asymmetric_motif.figure import asymmetric_motif


def test_it_draws_something() -> None:
    assert_draws(asymmetric_motif(untied_neurons()))
