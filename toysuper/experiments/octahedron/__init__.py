r"""Two correlated sets of three features become an octahedron.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#learning>`_, section "Superposition and
Learning Dynamics", three dimensions.

Six features in two sets, each active together, share three hidden dimensions. From small weights,
learning goes through stages. All features of a set grow along one direction, and the two directions
point apart (B). Then each set opens into a triangle, :math:`\hat W_i \cdot \hat W_j < 1/2` (C).
In the end each feature is antipodal to one of the other set,
:math:`\hat W_i \cdot \hat W_j < -0.9`, and orthogonal to its own set: an octahedron (D).
"""
