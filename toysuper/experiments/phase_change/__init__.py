r"""One extra feature is ignored, stored alone, or stored in superposition.

Elhage et al. 2022, `Toy Models of Superposition
<https://transformer-circuits.pub/2022/toy_model/index.html#phase-change>`_, section "Superposition
as a Phase Change".

n features share n - 1 dimensions, n of 2 or 3. The last, the extra feature, has the relative
importance r; the others have importance 1; all have density p. A feature that is not represented
costs its variance :math:`u(p) = p/3 - p^2/4`, two antipodal ones :math:`p^2/6` each, all times
importance. The best of these *prototypes* changes at sharp boundaries in the plane of r and p. For
two features, superposition is best below :math:`p = 4r / (2 + 5r)` if r is at most 1; all
prototypes agree at r = 1, p = 4/7.
"""
