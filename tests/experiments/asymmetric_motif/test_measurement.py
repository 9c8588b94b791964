"""The motif of the paper's drawing is found; each of its parts is needed."""

import pytest
import torch

from tests._run import data, snapshot_of
from tests._snapshots import replace
from toysuper.experiments.asymmetric_motif.measurement import Motif, model_motifs, motifs, strongest
from toysuper.features import SparseUniform
from toysuper.models import AbsoluteValueModel
from toysuper.snapshot import Snapshot

# neurons x features: 0 shares A (0) and B (1), 1 hears A and inhibits B, 2 is B's own, 3 unused
INWARD = [[2.0, -0.5, 0], [1.0, 0.0, 0], [0.0, 1.0, 0], [0.0, 0.0, 1]]
OUTWARD = [[0.5, 2.0, 0], [0.0, -4.0, 0], [0.0, 1.0, 0], [0.0, 0.0, 1]]


def snapshot(inward: list, outward: list) -> Snapshot:
    world = data(n=3, task="abs", features=SparseUniform(signed=True))
    made = snapshot_of(world, 1, model=AbsoluteValueModel, hidden=4)
    return replace(made, encoder=torch.tensor([inward]), decoder=torch.tensor([outward]))


def test_the_papers_motif_is_found() -> None:
    model = snapshot(INWARD, OUTWARD)
    expected = Motif(neuron=0, interferer=0, victim=1, inhibitor=1)
    assert model_motifs(model) == [expected] and strongest(model) == expected
    assert [row["inhibitor"] for row in motifs(model)] == [1]


def test_scaling_neurons_changes_nothing() -> None:
    scale = torch.tensor([3.0, 0.1, 7.0, 1.0])[:, None]
    scaled = snapshot(
        (torch.tensor(INWARD) * scale).tolist(), (torch.tensor(OUTWARD) / scale).tolist()
    )
    assert model_motifs(scaled) == model_motifs(snapshot(INWARD, OUTWARD))


CONTROLS = {
    "same sign": ("inward", 0, [2.0, 0.5, 0]),
    "as loud": ("inward", 0, [2.0, -1.5, 0]),
    "not heard": ("inward", 0, [2.0, -0.01, 0]),
    "not reciprocal": ("outward", 0, [2.0, 2.0, 0]),
    "interferer not answered": ("outward", 0, [-0.5, 2.0, 0]),
    "no inhibition": ("outward", 1, [0.0, 4.0, 0]),
    "weak inhibition": ("outward", 1, [0.0, -0.4, 0]),
    "deaf inhibitor": ("inward", 1, [-1.0, 0.0, 0]),
}


@pytest.mark.parametrize("control", CONTROLS)
def test_without_one_of_its_parts_it_is_none(control: str) -> None:
    which, neuron, row = CONTROLS[control]
    inward, outward = [list(r) for r in INWARD], [list(r) for r in OUTWARD]
    (inward if which == "inward" else outward)[neuron] = row
    model = snapshot(inward, outward)
    assert model_motifs(model) == [] and strongest(model) is None
