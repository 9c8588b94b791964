r"""Neurons that two features share unequally.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, section "Computation in
Superposition", the asymmetric superposition motif.

The model :math:`y = \mathrm{ReLU}(W_2^\top \mathrm{ReLU}(W_1 x) + b)` learns
:math:`y_i = |x_i|`. In the motif, a neuron has a large input weight and a small output weight for
one feature, and a small input weight and a large output weight for another. It serves both, but the
first feature also raises the output of the second. A second neuron inhibits that output: it pushes
it below zero, where the ReLU of the output removes it.
"""
