"""What each section of the paper is about, in a few sentences."""

STORY = {
    "Introduction": "A feature gets a direction in the hidden space. Five features that are always "
    "active need five directions, and a model of two dimensions keeps the two that matter most. "
    "When they are rarely active it keeps more features than there are dimensions, at the price of "
    "a little interference: that is superposition.",
    "Demonstrating Superposition": "Twenty features of falling importance are squeezed into five "
    "dimensions and recovered. A linear model does what principal components do. With a ReLU on "
    "the output, sparsity decides how many features are stored and how much they overlap; the loss "
    "comes from ever fewer features that are active at once.",
    "Superposition as a Phase Change": "One feature among others is ignored, has a dimension to "
    "itself, or shares one. Which of these is best changes abruptly with its importance and with "
    "sparsity. A few prototypes with known losses predict the borders, and training finds them.",
    "The Geometry of Superposition": "Equal features do not overlap at random. Each takes a simple "
    "fraction of a dimension, as corners of regular polytopes do: digons, triangles, tetrahedra, "
    "pentagons. Importance, density and correlation bend and break these shapes.",
    "Superposition and Learning Dynamics": "The shapes appear during training in jumps: feature "
    "dimensionalities change levels suddenly, and each jump is a drop of the loss.",
    "Superposition and Adversarial Examples": "What shares a dimension can be attacked through its "
    "neighbours. Models become as much more vulnerable as they store more features a dimension, "
    "and training on attacks takes superposition away.",
    "Superposition in a Privileged Basis": "A ReLU on the hidden layer makes its coordinates "
    "neurons. Dense features get neurons of their own; sparser ones share neurons in codes that "
    "can be written down.",
    "Computation in Superposition": "Models do not only store features in superposition, they "
    "compute with them: absolute values, and logic of features, by fewer neurons than the exact "
    "computation would need.",
    "The Strategic Picture of Superposition": "Superposition can be priced out of a model. That "
    "costs features: those which would have been stored at an angle are then not stored at all.",
    "Appendices": "What bounds the number of features in superposition, and what a code that is "
    "not linear could do.",
}
"""By the name of the section, in the order of the paper."""
