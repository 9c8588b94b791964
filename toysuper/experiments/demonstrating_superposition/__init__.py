r"""Linear and ReLU models of twenty features in five dimensions, and of eighty in twenty.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#demonstrating>`_, section "Demonstrating
Superposition".

The linear model :math:`x' = W^\top W x + b` does the same at every density: it stores the m
features with the largest :math:`I_i u(p)`, where :math:`u(p) = p/3 - p^2/4` is the variance of a
feature, and answers the mean p/2 of all others with its bias. Its loss is
:math:`\sum_{i > m} I_i u(p)`. The model :math:`x' = \mathrm{ReLU}(W^\top W x + b)` does so only if
features are dense. The sparser they are, the more features it stores in superposition, and
negative biases remove small positive interference.
"""
