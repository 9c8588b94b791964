import numpy as np

from tests.figures._models import W, tied
from toysuper.figures import weight_matrices


def test_matrices_show_the_weights_and_linear_models_apart() -> None:
    both = tied(hidden_activation=["identity", "relu"])
    figure = weight_matrices(both)
    above, below = (axes for axes in figure.axes if axes.images)
    assert above.get_ylabel().startswith("linear") and below.get_ylabel().startswith("W")
    np.testing.assert_allclose(below.images[0].get_array(), W.T)
