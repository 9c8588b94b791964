from tests._snapshots import five_in_two, verdicts
from toysuper.experiments.loss_decomposition.claims import decomposition


def test_decomposition() -> None:
    found = verdicts(decomposition(five_in_two()))
    assert found == {"DECOMP sum": True, "DECOMP pentagon": True, "DECOMP digons": True}


def test_decomposition_sees_a_wrong_part(monkeypatch) -> None:
    """Leave out the interference of single features and the parts no longer add up."""
    from toysuper.experiments.loss_decomposition import theory

    all_parts = theory.one_active
    monkeypatch.setattr(theory, "one_active", lambda *a: (all_parts(*a)[0], 0 * all_parts(*a)[1]))
    assert verdicts(decomposition(five_in_two()))["DECOMP sum"] is False
