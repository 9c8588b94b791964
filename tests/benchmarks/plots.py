"""The benchmark as a picture."""

from statistics import median
from typing import Any

from matplotlib.figure import Figure

COLORS = {"toysuper fit": "#0b6e8f", "bare step": "#0b6e8f", "notebook": "#b0b0b0"}


def picture(results: dict[str, Any]) -> Figure:
    """Ratios to the notebook's loop, and cost against size."""
    figure = Figure(figsize=(13, 4.2), layout="constrained")
    ratios, *costs = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
    bars(ratios, results.get("speed", []))
    for axes, axis in zip(costs, ("instances", "features"), strict=True):
        curves(axes, axis, results.get(axis, []))
    figure.suptitle(results["machine"], fontsize=9)
    return figure


def bars(axes: Any, speed: list[dict[str, Any]]) -> None:
    """How many times the notebook's speed ``toysuper fit`` has, by case and threads."""
    for place, result in enumerate(reversed(speed)):
        rates = {name: median(v) for name, v in result["steps_per_second"].items()}
        ratio = rates["toysuper fit"] / rates["notebook"]
        axes.barh(place, ratio, color=COLORS["toysuper fit"], alpha=0.5 + 0.5 * (place % 2))
        axes.text(ratio * 1.05, place, f"{ratio:.1f}×", va="center", fontsize=8)
    names = [f"{r['case']}, {r['threads']} thr." for r in reversed(speed)]
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_xscale("log")
    axes.set_xticks([1, 2, 5, 10, 20, 50, 100], [1, 2, 5, 10, 20, 50, 100])
    axes.minorticks_off()
    axes.margins(x=0.15)
    axes.set_xlabel("toysuper fit / the notebook's loop, steps per second")


def curves(axes: Any, axis: str, points: list[dict[str, Any]]) -> None:
    """Milliseconds a step against size."""
    for name in ("notebook", "bare step"):
        known = [(p[axis], p[f"{name} ms"]) for p in points if f"{name} ms" in p]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", label=name, color=COLORS[name])
    label = "instances of n = 2, m = 1" if axis == "instances" else "features n of one model"
    axes.set(xscale="log", yscale="log", xlabel=label, ylabel="milliseconds per step")
    if axes.lines:
        axes.legend(frameon=False)
