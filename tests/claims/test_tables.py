from toysuper.claims import Claim, table


def test_table_shows_failures_as_failures() -> None:
    rows = [Claim("A", "a", "1", "2", False), Claim("B", "b", "1", "", None)]
    assert "FAILS" in table(rows) and "not measured" in table(rows)
