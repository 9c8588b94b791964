import torch

from tests._snapshots import replace, verdicts
from tests.experiments.octahedron._models import APART, OCTAHEDRON, OPEN, with_history
from toysuper.experiments.octahedron.claims import octahedron


def test_claims_about_the_octahedron() -> None:
    good = verdicts(octahedron(with_history(0.05 * OPEN, APART, OPEN, OCTAHEDRON)))
    assert good == {"OCTA": True, "OCTA order": True}
    without = replace(with_history(0.05 * OPEN, OCTAHEDRON), history=())
    assert [c.holds for c in octahedron(without)] == [True, None]
    pairs = replace(without, set_index=(torch.arange(6) // 2)[None])
    assert [c.holds for c in octahedron(pairs)] == [None, None]
    lost = verdicts(octahedron(with_history(0.05 * OPEN, APART, OPEN, OPEN)))
    assert lost == {"OCTA": False, "OCTA order": False}
