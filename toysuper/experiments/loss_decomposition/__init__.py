r"""The loss by the number of active features.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_, section "Demonstrating
Superposition", mathematical understanding.

The loss of :math:`x' = \mathrm{ReLU}(W^\top W x + b)` is :math:`L = \sum_k P(k) L_k`, where
:math:`P(k)` is the probability of k active features and :math:`L_k` the mean loss over sets of k.
With one active feature, :math:`L_1` is the feature benefit that is not reached plus the
interference with others. Negative interference costs nothing there, and a negative bias removes
small positive interference. If features are sparse, pentagons lose most by single features, and
digons only by two or more.
"""
