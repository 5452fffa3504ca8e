"""Which scans an experiment uses, and that nothing is lost without a reason."""

from __future__ import annotations

import pandas as pd
import pytest

from contrage.cohort.register import write_exclusions
from contrage.cohort.scans import Exclusion
from contrage.dataset.select import select
from contrage.errors import TableError
from contrage.files import write_json
from contrage.layout import check_file, quality_file
from contrage.settings.steps.dataset import SelectStep
from contrage.tables import read_tsv, write_tsv
from contrage.target import LimitedTarget

GOOD = {"status": "ok", "coverage": 0.9, "overlap": 0.95, "correlation": 0.8}


def prepare(folder, qualities, checks=None):
    scans = pd.DataFrame(
        {
            "scan_id": list(qualities),
            "participant_id": list(qualities),
            "session": None,
            "age": 30.0,
            "sex": None,
            "site": "A",
        }
    )
    write_tsv(folder / "scans.tsv", scans)
    write_exclusions(folder / "excluded.tsv", [Exclusion("sub-x", "import", "no image")])
    for scan, quality in qualities.items():
        write_json(folder / quality_file(scan), quality)
        write_json(folder / check_file(scan), (checks or {}).get(scan, {"status": "ok"}))
    usable = [scan for scan, quality in qualities.items() if quality["status"] == "ok"]
    write_tsv(folder / "rows.tsv", pd.DataFrame({"scan_id": usable, "row": range(len(usable))}))


def run(folder, action="list", exclude=None, leave_out=None, target=None):
    select(
        SelectStep(action, leave_out or {}, target, None),
        scans=folder / "scans.tsv",
        excluded=folder / "excluded.tsv",
        rows=folder / "rows.tsv",
        derivatives=folder,
        selected=folder / "selected.tsv",
        left_out=folder / "left_out.tsv",
        exclude=exclude,
    )
    return read_tsv(folder / "selected.tsv"), read_tsv(folder / "left_out.tsv")


def test_every_scan_is_either_used_or_listed_with_stage_and_reason(tmp_path):
    checked = {"status": "failed", "stage": "check", "reason": "all zeros"}
    crashed = {"status": "failed", "stage": "register", "reason": "no overlap"}
    prepare(
        tmp_path,
        {
            "sub-1": {**GOOD, "flagged": False, "flag_reason": []},
            "sub-2": checked,
            "sub-3": crashed,
            "sub-4": {**GOOD, "flagged": False, "flag_reason": []},
        },
        {"sub-2": checked},
    )
    used, left_out = run(tmp_path)
    assert used["scan_id"].tolist() == ["sub-1", "sub-4"]
    assert used["row"].tolist() == [0, 1]
    assert left_out[["scan_id", "stage", "reason"]].to_numpy().tolist() == [
        ["sub-x", "import", "no image"],
        ["sub-2", "check", "all zeros"],
        ["sub-3", "register", "no overlap"],
    ]


@pytest.mark.parametrize(("action", "used"), [("list", ["sub-1", "sub-2"]), ("exclude", ["sub-1"])])
def test_flagged_scans_are_listed_or_excluded_by_choice(tmp_path, action, used):
    prepare(
        tmp_path,
        {
            "sub-1": {**GOOD, "flagged": False, "flag_reason": []},
            "sub-2": {**GOOD, "flagged": True, "flag_reason": ["coverage 0.4 is under 0.7"]},
        },
    )
    selected, left_out = run(tmp_path, action)
    assert selected["scan_id"].tolist() == used
    if action == "list":
        assert selected["flag_reason"].iloc[1] == "coverage 0.4 is under 0.7"
    else:
        assert left_out.iloc[-1][["stage", "reason"]].tolist() == [
            "quality",
            "coverage 0.4 is under 0.7",
        ]


ELSEWHERE = "correlation 0.241 is below 0.3: the anatomical image does not lie on the template"


@pytest.mark.parametrize(
    ("action", "used"),
    [
        ("misplaced", ["sub-1", "sub-2"]),
        ("list", ["sub-1", "sub-2", "sub-3"]),
        ("exclude", ["sub-1"]),
    ],
)
def test_misplaced_scans_are_left_out_and_said_to_be_unless_all_are_listed(
    tmp_path, action, used, caplog
):
    flagged = {**GOOD, "flagged": True, "flag_reason": ["coverage 0.4 is under 0.7"]}
    misplaced = {**flagged, "misplaced": [ELSEWHERE]}
    good = {**GOOD, "flagged": False, "flag_reason": [], "misplaced": []}
    prepare(tmp_path, {"sub-1": good, "sub-2": flagged, "sub-3": misplaced})
    selected, left_out = run(tmp_path, action)
    assert selected["scan_id"].tolist() == used
    told = "1 scan is left out (sub-3): an image does not lie where it ought to"
    assert (told in caplog.text) == (action != "list")
    if action != "list":
        line = left_out.set_index("scan_id").loc["sub-3"]
        assert line["stage"] == "quality"
        assert line["reason"] == (
            f"an image does not lie where it ought to, so that its values mean nothing: {ELSEWHERE}"
        )


def test_participants_to_leave_out_are_out_with_all_their_scans_and_the_reason(tmp_path, caplog):
    fine = {**GOOD, "flagged": False, "flag_reason": []}
    names = ["sub-1_ses-a", "sub-1_ses-b", "sub-2", "sub-10"]
    prepare(tmp_path, dict.fromkeys(names, fine))
    scans = read_tsv(tmp_path / "scans.tsv")
    scans["participant_id"] = [name.partition("_")[0] for name in names]
    write_tsv(tmp_path / "scans.tsv", scans)
    with caplog.at_level("INFO"):
        kept, out = run(tmp_path, leave_out={"sub-1": "also in the cohort maps", "sub-9": "gone"})
    assert kept["scan_id"].tolist() == ["sub-2", "sub-10"]
    out = out.set_index("scan_id")
    assert out.loc[["sub-1_ses-a", "sub-1_ses-b"], "reason"].eq("also in the cohort maps").all()
    assert set(out.index) == {"sub-x", "sub-1_ses-a", "sub-1_ses-b"}
    assert "of these 2: also in the cohort maps" in caplog.text


def test_no_scan_left_is_an_error(tmp_path):
    prepare(tmp_path, {"sub-1": {**GOOD, "flagged": True, "flag_reason": ["x"]}})
    with pytest.raises(TableError, match="no scan is left"):
        run(tmp_path, "exclude")


def listing(folder, *lines):
    path = folder / "exclude.tsv"
    path.write_text("\n".join(["scan_id\treason", *lines]) + "\n")
    return path


GOOD_SCANS = {
    f"sub-{number}": {**GOOD, "flagged": False, "flag_reason": []} for number in (1, 2, 3)
}


@pytest.mark.parametrize("action", ["misplaced", "list", "exclude", None])
def test_the_reader_excludes_scans_whatever_their_quality(tmp_path, action):
    prepare(tmp_path, GOOD_SCANS)
    used, left_out = run(tmp_path, action, listing(tmp_path, "sub-2\tmoved"))
    assert used["scan_id"].tolist() == ["sub-1", "sub-3"]
    assert used["row"].tolist() == [0, 2]  # rows of the array stay where they are
    assert left_out.iloc[-1].tolist() == [
        "sub-2",
        "sub-2",
        "reader",
        "excluded by the reader: moved",
    ]


def test_a_scan_is_left_out_once_and_the_experiment_is_named_before_the_reader(tmp_path):
    prepare(tmp_path, GOOD_SCANS)
    listed = listing(tmp_path, "sub-2\tmoved", "sub-x\tno consent")
    used, left_out = run(tmp_path, exclude=listed, leave_out={"sub-2": "also elsewhere"})
    assert used["scan_id"].tolist() == ["sub-1", "sub-3"]
    assert left_out["stage"].tolist() == ["import", "experiment"]


def test_a_reader_who_names_nobody_of_the_cohort_is_told_so(tmp_path):
    prepare(tmp_path, GOOD_SCANS)
    with pytest.raises(TableError, match=r"exclude\.tsv, line 2: no scan 'sub-7'"):
        run(tmp_path, exclude=listing(tmp_path, "sub-7\tmoved"))


AGE_OF_ADULTS = LimitedTarget("age", "continuous", None, None, (35, 80))


def test_who_is_in_the_cohort_for_another_target_is_left_out_with_the_reason(tmp_path):
    good = {**GOOD, "flagged": False, "flag_reason": []}
    prepare(tmp_path, {"sub-1": good, "sub-2": good, "sub-3": good})
    scans = read_tsv(tmp_path / "scans.tsv")
    scans["age"] = [40.0, None, 30.0]
    write_tsv(tmp_path / "scans.tsv", scans)
    used, out = run(tmp_path, target=AGE_OF_ADULTS)
    assert used["scan_id"].tolist() == ["sub-1"]
    assert out.set_index("scan_id")["reason"].to_dict() == {
        "sub-x": "no image",
        "sub-2": "age is missing",
        "sub-3": "target.range: age 30.0 is outside 35 to 80",
    }
    assert set(out["stage"]) == {"import", "table"}


def test_who_is_on_neither_side_of_a_binary_target_is_left_out(tmp_path):
    good = {**GOOD, "flagged": False, "flag_reason": []}
    prepare(tmp_path, {"sub-1": good, "sub-2": good, "sub-3": good})
    scans = read_tsv(tmp_path / "scans.tsv").assign(group=["AD", "HC", "MCI"])
    write_tsv(tmp_path / "scans.tsv", scans)
    used, out = run(tmp_path, target=LimitedTarget("group", "binary", "AD", "HC", None))
    assert used["scan_id"].tolist() == ["sub-1", "sub-2"]
    assert out["reason"].tolist()[-1] == ("group is MCI, neither AD nor HC: no part (role none)")
