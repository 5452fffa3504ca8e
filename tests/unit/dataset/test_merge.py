"""The step that merges cohorts: its tables, its rows, and one person under two ids."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from contrage.dataset.merge import merge_cohorts
from contrage.errors import BadScanError, TableError
from contrage.settings.steps.merge import MergeStep
from contrage.tables import read_tsv

OF_TABLE = "feature\tmissing\tconstant\n"


def member(
    folder: Path,
    name: str,
    people: dict[str, np.ndarray | None],
    features: list[str] | None = None,
    sidecar: list[str] | None = None,
) -> None:
    """Write a cohort's tables and array; of None there is a row of zeros and no usable array."""
    own = folder / name
    own.mkdir()
    shape = next(each.shape for each in people.values() if each is not None)
    scans = "scan_id\tparticipant_id\tsession\tage\tsex\tsite\tgroup\n"
    rows, bad, array = "scan_id\trow\n", "scan_id\tparticipant_id\tstage\treason\n", []
    for row, (scan, values) in enumerate(people.items()):
        person, _, session = scan.partition("_ses-")
        scans += f"{scan}\t{person}\t{session or 'n/a'}\t{40.5 + row}\tF\t1\tHC\n"
        array.append(np.zeros(shape, np.float32) if values is None else values)
        if values is None:
            bad += f"{scan}\t{person}\tcheck\tis constant\n"
        else:
            rows += f"{scan}\t{row}\n"
    texts = {"scans": scans, "rows": rows, "excluded": bad, "choices": CHOICES, "notes": ""}
    for file, text in texts.items():
        (own / f"{file}.tsv").write_text(text)
    np.save(own / "array.npy", np.stack(array))
    (own / "array.json").write_text(json.dumps({"contrage": {"features": sidecar or []}}))
    if features is not None:
        lines = [f"{each}\t0\tFalse\n" for each in features]
        (own / "features.tsv").write_text(OF_TABLE + "".join(lines))


CHOICES = "scan_id\timage\ttaken\tothers\n"


def run(folder: Path, names: str = "ab", exclude: dict | None = None, **changed) -> Path:
    """Run the step on cohorts of one letter; return the folder of its results."""
    settings = {
        "members": tuple(names),
        "same_ids": "refuse",
        "columns": ("group",),
        "on_bad_scan": "fail",
        "duplicates": "refuse",
    }
    out = folder / "out"
    given = {key: [folder / name / f"{key}.tsv" for name in names]
             for key in ("scans", "excluded", "choices", "notes", "rows")}  # fmt: skip
    given["arrays"] = [folder / name / "array.npy" for name in names]
    if (folder / names[0] / "features.tsv").is_file():
        given["features"] = [folder / name / "features.tsv" for name in names]
        given["columns"] = out / "columns.tsv"
    outputs = {f"merged_{key}": out / f"{key}.tsv" for key in ("scans", "excluded", "choices")}
    outputs |= {"merged_notes": out / "notes.txt", "merged_rows": out / "rows.tsv"}
    merge_cohorts(
        MergeStep(**{**settings, **changed}),
        **given,
        **outputs,
        array=out / "array.npy",
        exclude=exclude or {},
    )
    return out


def images(rng: np.random.Generator, *people: str) -> dict[str, np.ndarray]:
    return {name: rng.normal(size=(1, 3, 3)).astype(np.float32) for name in people}


def test_each_scan_has_its_members_values_to_the_byte(tmp_path, rng):
    a, b = images(rng, "sub-1", "sub-2"), images(rng, "sub-3_ses-1", "sub-3_ses-2")
    member(tmp_path, "a", a | {"sub-9": None})
    member(tmp_path, "b", b)
    out = run(tmp_path)
    array, rows = np.load(out / "array.npy"), read_tsv(out / "rows.tsv")
    found = {name: array[row] for name, row in zip(rows["scan_id"], rows["row"], strict=True)}
    assert {name: each.tobytes() for name, each in found.items()} == {
        "sub-a-1": a["sub-1"].tobytes(),
        "sub-a-2": a["sub-2"].tobytes(),
        "sub-b-3_ses-1": b["sub-3_ses-1"].tobytes(),
        "sub-b-3_ses-2": b["sub-3_ses-2"].tobytes(),
    }
    assert array.dtype == np.float32


def test_tables_have_everyone_with_the_cohort_and_the_excluded_with_their_reasons(tmp_path, rng):
    member(tmp_path, "a", images(rng, "sub-1") | {"sub-9": None})
    member(tmp_path, "b", images(rng, "sub-3_ses-1"))
    out = run(tmp_path)
    scans = (out / "scans.tsv").read_text().splitlines()
    assert scans[0].split("\t") == [
        "scan_id", "participant_id", "session", "age", "sex", "site", "cohort", "group",
    ]  # fmt: skip
    assert scans[1].split("\t") == ["sub-a-1", "sub-a-1", "n/a", "40.5", "F", "a-1", "a", "HC"]
    assert scans[3].split("\t")[:3] == ["sub-b-3_ses-1", "sub-b-3", "1"]
    left_out = read_tsv(out / "excluded.tsv")
    assert left_out.to_numpy().tolist() == [["sub-a-9", "sub-a-9", "check", "is constant"]]


def test_a_readers_list_of_a_member_counts_in_the_merged_cohort(tmp_path, rng):
    member(tmp_path, "a", images(rng, "sub-1", "sub-2"))
    member(tmp_path, "b", images(rng, "sub-3"))
    (tmp_path / "mine.tsv").write_text("scan_id\treason\nsub-2\tmoved\n")
    out = run(tmp_path, exclude={"a": tmp_path / "mine.tsv"})
    assert read_tsv(out / "scans.tsv")["scan_id"].tolist() == ["sub-a-1", "sub-b-3"]
    assert read_tsv(out / "rows.tsv").to_numpy().tolist() == [["sub-a-1", 0], ["sub-b-3", 2]]
    assert read_tsv(out / "excluded.tsv")["reason"].tolist() == ["excluded by the reader: moved"]


def test_one_person_has_one_id_in_both_tables(tmp_path, rng):
    a, b = images(rng, "sub-1"), images(rng, "sub-01", "sub-2")
    member(tmp_path, "a", a)
    member(tmp_path, "b", b)
    out = run(tmp_path, same_ids="same-people")
    scans = read_tsv(out / "scans.tsv").set_index("scan_id")["participant_id"]
    assert scans.to_dict() == {
        "sub-a-1": "sub-a-1",
        "sub-a-1_ses-b": "sub-a-1",
        "sub-b-2": "sub-b-2",
    }
    rows = read_tsv(out / "rows.tsv").set_index("scan_id")["row"]
    array = np.load(out / "array.npy")
    assert array[rows["sub-a-1_ses-b"]].tobytes() == b["sub-01"].tobytes()


def test_an_array_of_two_people_of_two_members_is_refused(tmp_path, rng):
    a = images(rng, "sub-1", "sub-2")
    member(tmp_path, "a", a)
    member(tmp_path, "b", images(rng, "sub-8") | {"sub-7": a["sub-2"]})
    with pytest.raises(
        BadScanError,
        match=r"sub-a-2 has the same array as sub-b-7: one person under two ids.* So have others: "
        r"sub-b-7\. Or set, of the merged cohort, cohort\.on_bad_scan to exclude, or cohort\.dup",
    ):
        run(tmp_path)


def test_an_array_of_two_people_is_left_out_or_kept_as_is_said(tmp_path, rng):
    a = images(rng, "sub-1", "sub-2")
    member(tmp_path, "a", a)
    member(tmp_path, "b", images(rng, "sub-8") | {"sub-7": a["sub-2"]})
    out = run(tmp_path, on_bad_scan="exclude")
    assert read_tsv(out / "rows.tsv")["scan_id"].tolist() == ["sub-a-1", "sub-b-8"]
    left_out = read_tsv(out / "excluded.tsv")
    assert left_out["scan_id"].tolist() == ["sub-a-2", "sub-b-7"]
    assert left_out["stage"].unique().tolist() == ["check"]
    out = run(tmp_path, duplicates="keep")
    assert len(read_tsv(out / "rows.tsv")) == 4
    assert len(read_tsv(out / "excluded.tsv")) == 0


def test_what_two_people_of_one_member_have_in_common_was_judged_with_it(tmp_path, rng):
    a = images(rng, "sub-1")
    member(tmp_path, "a", a | {"sub-2": a["sub-1"]})
    member(tmp_path, "b", images(rng, "sub-3"))
    assert len(read_tsv(run(tmp_path) / "rows.tsv")) == 3


def test_one_person_may_have_one_array_in_two_members(tmp_path, rng):
    a = images(rng, "sub-1")
    member(tmp_path, "a", a)
    member(tmp_path, "b", images(rng, "sub-3") | a)
    assert len(read_tsv(run(tmp_path, same_ids="same-people") / "rows.tsv")) == 3


def rows_of(rng: np.random.Generator, *people: str, n: int = 4) -> dict[str, np.ndarray]:
    return {name: rng.normal(size=n) for name in people}


def test_features_of_tables_are_matched_by_their_names(tmp_path, rng):
    a, b = rows_of(rng, "sub-1", "sub-2"), rows_of(rng, "sub-3")
    member(tmp_path, "a", a, list("wxyz"))
    member(tmp_path, "b", b, list("zwyx"))
    out = run(tmp_path)
    columns = read_tsv(out / "columns.tsv")
    assert columns["feature"].tolist() == list("wxyz")
    assert columns["constant"].tolist() == [False] * 4
    array = np.load(out / "array.npy")
    np.testing.assert_array_equal(array[2], b["sub-3"][[1, 3, 2, 0]])
    np.testing.assert_array_equal(array[0], a["sub-1"])


def test_tables_of_other_features_are_refused_by_name(tmp_path, rng):
    member(tmp_path, "a", rows_of(rng, "sub-1"), list("wxyz"))
    member(tmp_path, "b", rows_of(rng, "sub-3"), list("wxyv"))
    with pytest.raises(TableError, match=r"features of b are not those of a: it lacks z and has v"):
        run(tmp_path)


def test_a_row_of_two_people_of_two_tables_is_refused(tmp_path, rng):
    a = rows_of(rng, *(f"sub-{n}" for n in range(30)))
    member(tmp_path, "a", a, list("wxyz"))
    member(tmp_path, "b", rows_of(rng, "sub-98") | {"sub-99": a["sub-4"][::-1]}, list("zyxw"))
    with pytest.raises(
        BadScanError, match=r"sub-a-4 has the same features as sub-b-99: one person"
    ):
        run(tmp_path)


def test_regions_of_arrays_are_matched_by_name_where_both_have_names(tmp_path, rng):
    a, b = rows_of(rng, "sub-1"), rows_of(rng, "sub-3")
    member(tmp_path, "a", a, sidecar=list("wxyz"))
    member(tmp_path, "b", b, sidecar=list("zyxw"))
    out = run(tmp_path)
    np.testing.assert_array_equal(np.load(out / "array.npy")[1], b["sub-3"][::-1])
    named = json.loads((out / "array.json").read_text())["contrage"]
    assert named["features"] == list("wxyz")
    assert list(named["inputs"]) == ["a", "b"]


def test_regions_without_names_are_taken_by_shape(tmp_path, rng):
    b = rows_of(rng, "sub-3")
    member(tmp_path, "a", rows_of(rng, "sub-1"))
    member(tmp_path, "b", b)
    out = run(tmp_path)
    assert np.load(out / "array.npy")[1].tobytes() == b["sub-3"].tobytes()
    assert "features" not in json.loads((out / "array.json").read_text())["contrage"]


@pytest.mark.parametrize(("named", "bare"), [("a", "b"), ("b", "a")])
def test_a_member_without_names_beside_one_with_names_is_refused(tmp_path, rng, named, bare):
    member(tmp_path, named, rows_of(rng, "sub-1"), sidecar=list("wxyz"))
    member(tmp_path, bare, rows_of(rng, "sub-3"))
    with pytest.raises(TableError, match=rf"features of {bare} have no names, those of {named}"):
        run(tmp_path)


def test_what_was_done_to_members_files_is_told_of_the_scans_that_are_used(tmp_path, rng):
    member(tmp_path, "a", images(rng, "sub-1", "sub-2") | {"sub-9": None})
    member(tmp_path, "b", images(rng, "sub-3"))
    for name, told in (("a", {"resized": ["sub-1", "sub-9"]}), ("b", {"resized": ["sub-3"]})):
        sidecar = tmp_path / name / "array.json"
        sidecar.write_text(json.dumps({"contrage": {"told": told}}))
    merged = json.loads((run(tmp_path) / "array.json").read_text())
    assert merged["contrage"]["told"] == {"resized": ["sub-a-1", "sub-b-3"]}


def placed(folder: Path, name: str, affine: np.ndarray, region: str | None = None) -> None:
    """Say of a member's volumes where they lie."""
    path = folder / name / "array.json"
    content = json.loads(path.read_text())
    content["contrage"]["place"] = {"affine": affine.tolist(), "region": region}
    path.write_text(json.dumps(content))


def test_volumes_that_lie_elsewhere_than_another_members_are_refused(tmp_path, rng):
    for name in "ab":
        member(tmp_path, name, images(rng, f"sub-{name}1", f"sub-{name}2"))
        placed(tmp_path, name, np.diag([2.0, 2, 2, 1]))
    out = run(tmp_path)
    told = json.loads((out / "array.json").read_text())["contrage"]["place"]
    assert told == {"affine": np.diag([2.0, 2, 2, 1]).tolist(), "region": None}
    placed(tmp_path, "b", np.diag([-2.0, 2, 2, 1]))
    with pytest.raises(TableError, match="volumes of b lie elsewhere than those of a"):
        run(tmp_path)
    placed(tmp_path, "b", np.diag([2.0, 2, 2, 1]), "0" * 64)
    with pytest.raises(TableError, match="or have another reference region"):
        run(tmp_path)
