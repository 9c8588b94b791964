r"""Two hundred equal features in twenty dimensions, by sparsity.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, sections "The Geometry of
Superposition" and "Superposition and Adversarial Examples".

As features get sparser, the hidden dimensions per feature :math:`D^* = m / \|W\|_F^2` fall from 1,
and stay for a while at 1/2, where all features form digons. The feature dimensionality
:math:`D_i = \|W_i\|^2 / \sum_j (\hat W_i \cdot W_j)^2` takes the values of polytopes: d / k for k
unit vectors in d dimensions. Features that are joined if they are not orthogonal form a graph whose
components are these polytopes. A model is the more vulnerable to attacks on its input, the more
features share a dimension.
"""
