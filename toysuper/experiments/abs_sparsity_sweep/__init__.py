r"""A hundred absolute values from forty neurons, by sparsity.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#computation>`_, section "Computation in
Superposition".

The model :math:`y = \mathrm{ReLU}(W_2^\top \mathrm{ReLU}(W_1 x) + b)` learns :math:`y_i = |x_i|` of
100 features of importance :math:`0.8^i`. If they are dense, its 40 neurons have one feature each
(monosemantic) and compute the most important ones. The sparser they are, the more neurons have
several (polysemantic): one large weight, and smaller ones for secondary features.
"""
