"""The polytopes of which each model consists, as a table."""

from typing import Any

from toysuper.functional.polytopes import polytopes, product_name
from toysuper.metrics import dimensionality
from toysuper.snapshot import Snapshot


def census(snapshot: Snapshot) -> list[dict[str, Any]]:
    """Make the rows of ``census.csv``: one for each component of each feature geometry graph.

    ``product`` names the whole model, ``features`` are the component's members, ``residual`` is how
    far their cosines are from those of the named polytope, ``dimensionality`` their mean D_i.

    Source: `The Geometry of Superposition
    <https://transformer-circuits.pub/2022/toy_model/index.html#geometry>`_.
    """
    return [row for i in range(len(snapshot)) for row in _rows(snapshot.pick([i]))]


def _rows(model: Snapshot) -> list[dict[str, Any]]:
    values, parts = dimensionality(model)[0], polytopes(model.W[0])
    return [
        {
            **model.coordinates[0],
            "product": product_name(parts),
            "polytope": part.name,
            "features": " ".join(map(str, part.features)),
            "residual": f"{part.residual:.4g}",
            "dimensionality": f"{float(values[part.features].mean()):.4g}",
        }
        for part in parts
    ]
