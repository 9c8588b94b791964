r"""One feature of five gets rarer, until the pentagon breaks into two digons.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_, section "The Geometry of
Superposition", non-uniform superposition.

Five equal features in two dimensions form a pentagon. Let feature 0 have the density
:math:`\rho p` and the others p. As :math:`\rho` falls, the pentagon bends, and there is a second
local minimum: two digons of the other four, without feature 0. Both losses are smooth functions of
:math:`\rho`, the *branches*. Where they cross, the best model changes at once. The paper puts this
at 2.5 times sparser, :math:`\rho = 0.4`, for p = 0.05.
"""
