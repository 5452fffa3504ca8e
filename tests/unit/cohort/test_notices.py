"""What is said of a cohort when a run starts."""

from __future__ import annotations

from contrage.cohort.notices import notices
from contrage.cohort.scans import Cohort, Exclusion, Scan


def test_a_run_begins_by_naming_who_is_left_out_and_who_is_gone(tmp_path):
    derivatives = tmp_path / "derivatives" / "x"
    for name in ("sub-1", "sub-2", "sub-3", "sub-4"):
        (derivatives / name).mkdir(parents=True)
    for experiment, ids in (("a", ["sub-1"]), ("b", ["sub-1", "sub-3"])):
        table = tmp_path / experiment / "dataset" / "scans.tsv"
        table.parent.mkdir(parents=True)
        table.write_text("scan_id\tage\n" + "".join(f"{name}\t30\n" for name in ids))
    excluded = [
        Exclusion("sub-2", "files", "a link"),
        Exclusion("sub-4", "import", "no row in participants.tsv"),
    ]
    cohort = Cohort([Scan("sub-1", 30)], excluded, notes=["ids were matched"])
    matched, closed, absent, gone, others = notices(cohort, "x", derivatives)
    assert matched == "cohort x: ids were matched"
    assert "1 scan has files that cannot be used: sub-2: a link" in closed
    assert "1 is left out for want of images or a row: sub-4: no row" in absent
    assert "sub-3, sub-4 are in the cohort no longer" in gone
    assert others.endswith("tables of earlier runs have them until these run again: b")
    assert notices(Cohort([Scan("sub-1", 30)]), "x") == []
