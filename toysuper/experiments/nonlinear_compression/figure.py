"""Figure NLC: how well a nonlinear code does, against linear models."""

from matplotlib.figure import Figure

from toysuper.experiments.nonlinear_compression.measurement import two_in_one
from toysuper.experiments.nonlinear_compression.theory import compression_error
from toysuper.figures.style import PARTS, caption, log_axis, open_frame, styled
from toysuper.metrics import held_out_loss
from toysuper.snapshot import Snapshot

LEVELS = (2, 3, 4, 5)
RAMPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)


@styled
def nonlinear_compression(snapshot: Snapshot) -> Figure:
    """The error of both features by ramp width, a curve a number of levels Z.

    The dashed line is the best trained linear model of two dense features in one dimension; below
    it a nonlinear code is better.
    Source: the paper's appendix "Nonlinear Compression".
    """
    best = two_in_one(snapshot)
    linear = float(held_out_loss(best)[0])
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    axes = figure.subplots()
    for colour, levels in zip(PARTS, LEVELS, strict=False):
        errors = [compression_error(levels, ramp) for ramp in RAMPS]
        axes.plot(RAMPS, errors, "o-", color=colour, label=f"Z = {levels}")
    axes.axhline(linear, color="black", linestyle="--", label=f"trained, linear: {linear:.4f}")
    log_axis(axes, "width of a ramp that replaces a jump", RAMPS)
    axes.set(ylabel="squared error of both features", ylim=(0, None))
    axes.legend(fontsize="small")
    open_frame(axes)
    caption(figure, best)
    return figure
