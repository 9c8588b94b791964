r"""Pairs of features that are active together.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition", correlated features.

All features of a set are active with the same draw of probability p, each with its own value.
Interference between features of one set costs a loss of order p, that between two sets one of order
:math:`p^2`. So features of a set are orthogonal, or, if three pairs share two dimensions, close
neighbours: a hexagon. The denser the pairs, the more of them collapse to one direction each, the
first principal component of the pair.
"""
