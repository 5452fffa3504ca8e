"""Prepared arrays: found by participant, judged one by one, stacked as images are."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from cohorts import asked as asked_of_cohort

from contrage import modalities
from contrage.cohort.register import register
from contrage.cohort.sources.arrays import find, read
from contrage.cohort.stored import where_arrays
from contrage.dataset.arrays import arrays
from contrage.dataset.stack import block_mean
from contrage.errors import BadScanError, TableError
from contrage.files import read_json, sha256
from contrage.settings.steps.cohort import CohortStep
from contrage.settings.steps.dataset import ArraysStep
from contrage.tables import read_tsv

PEOPLE = ["012345678901", "112345678901", "212345678901", "312345678901"]
ENDING = "preproc-cat12vbm_desc-gm_T1w.npy"
SHAPE = (6, 7, 9)
VBM = modalities.load("vbm")
MINIATURE = replace(VBM.prepared, shape=SHAPE)
"""The kind of array that OpenBHB calls VBM, made small."""


def place(folder, person, part="train"):
    return folder / part / "derivatives" / f"sub-{person}" / "ses-1" / f"sub-{person}_{ENDING}"


@pytest.fixture
def openbhb(tmp_path, rng):
    """Four participants in OpenBHB's layout and columns, one of them in the folder val."""
    lines = ["participant_id\tstudy\tsex\tage\tsite\tsiteXacq\tsplit"]
    for number, person in enumerate(PEOPLE):
        path = place(tmp_path, person, "val" if number == 3 else "train")
        path.parent.mkdir(parents=True)
        values = rng.uniform(0.1, 1, SHAPE).astype(np.float32) * (rng.random(SHAPE) > 0.3)
        np.save(path, values[None, None])
        lines.append(f"{person}\tABIDE\tmale\t{20.5 + number}\t{number % 2}\t7\ttrain")
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n")
    return tmp_path


def settings(folder, **others) -> CohortStep:
    told = {"source": "arrays", "path": str(folder), "image": "vbm", "on_bad_scan": "fail"}
    return asked_of_cohort(**told | others)


def stacked(folder, voxel_mm=1.5, duplicates="refuse", kind=MINIATURE, **others):
    """Write the cohort's tables, then the array; return it with its tables."""
    asked = settings(folder, **others)
    tables = {name: folder / f"{name}.tsv" for name in ("scans", "excluded")}
    register(asked, **tables)
    out = {"array": folder / "a.npy", "rows": folder / "a.tsv", "left_out": folder / "out.tsv"}
    of_cohort = asked.source, asked.path, asked.on_bad_scan
    of_regions = asked.regions, asked.features_scale
    step = ArraysStep(*of_cohort, duplicates, kind, None, voxel_mm, *of_regions, None, None, None)
    arrays(step, **tables, **out)
    return np.load(out["array"]), read_tsv(out["rows"]), read_tsv(out["left_out"])


def test_ids_of_twelve_digits_sites_and_ages_are_read_as_they_stand(openbhb):
    cohort = read(settings(openbhb))
    assert [scan.participant_id for scan in cohort.scans] == [f"sub-{p}" for p in PEOPLE]
    assert [scan.age for scan in cohort.scans] == [20.5, 21.5, 22.5, 23.5]
    assert [scan.site for scan in cohort.scans] == ["0", "1", "0", "1"]
    assert cohort.scans[3].images["vbm"] == str(place(openbhb, PEOPLE[3], "val"))


def test_each_array_stands_in_the_row_that_the_table_says(openbhb):
    whole, rows, left_out = stacked(openbhb)
    assert whole.shape == (4, 1, *SHAPE) and whole.dtype == np.float32 and left_out.empty
    for scan, row in zip(rows["scan_id"], rows["row"], strict=True):
        person = scan.removeprefix("sub-")
        part = "val" if person == PEOPLE[3] else "train"
        np.testing.assert_array_equal(whole[row, 0], np.load(place(openbhb, person, part))[0, 0])


def test_a_coarser_grid_is_a_mean_of_blocks_as_of_images(openbhb):
    whole, _, _ = stacked(openbhb, voxel_mm=4.5)
    first = np.load(place(openbhb, PEOPLE[0]))[0, 0]
    np.testing.assert_array_equal(whole[0, 0], block_mean(first, 3))


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        (np.ones((1, 1, 6, 9, 7), np.float32), "has shape"),
        (np.full((1, 1, *SHAPE), 0.5, np.float32), "is constant"),
        (np.full((1, 1, *SHAPE), np.nan, np.float32), "NaN"),
        (np.arange(2 * 6 * 7 * 9, dtype=np.float32).reshape(1, 2, *SHAPE), "has shape"),
        (np.full((1, 1, *SHAPE), "a"), "no array of numbers"),
        (b"\x93NUMPY", "cannot be read"),
    ],
)
def test_an_array_that_cannot_be_used_is_named_or_left_out(openbhb, spoiled, reason):
    path = place(openbhb, PEOPLE[1])
    if isinstance(spoiled, bytes):
        path.write_bytes(spoiled)
    else:
        np.save(path, spoiled)
    with pytest.raises(BadScanError, match=rf"sub-{PEOPLE[1]}.*{reason}"):
        stacked(openbhb)
    whole, rows, left_out = stacked(openbhb, on_bad_scan="exclude")
    assert rows["row"].tolist() == [0, 2, 3]
    assert left_out["scan_id"].tolist() == [f"sub-{PEOPLE[1]}"]
    assert left_out["stage"].tolist() == ["check"] and reason in left_out["reason"][0]
    np.testing.assert_array_equal(whole[2, 0], np.load(place(openbhb, PEOPLE[2]))[0, 0])


def test_the_sidecar_lists_the_arrays_that_were_used(openbhb):
    np.save(place(openbhb, PEOPLE[1]), np.zeros(3))
    stacked(openbhb, on_bad_scan="exclude", voxel_mm=3)
    told = read_json(openbhb / "a.json")["contrage"]
    used = [person for person in PEOPLE if person != PEOPLE[1]]
    assert list(told["inputs"]) == [f"sub-{person}" for person in used]
    first = place(openbhb, used[0])
    assert told["inputs"][f"sub-{used[0]}"] == {"path": str(first), "sha256": sha256(first)}
    assert told["output"]["sha256"] == sha256(openbhb / "a.npy")
    (step,) = told["steps"]
    assert step["parameters"]["voxel_mm"] == 3


def test_a_participant_without_an_array_is_named_or_left_out(openbhb):
    place(openbhb, PEOPLE[2]).unlink()
    with pytest.raises(TableError, match=rf"no array.*sub-{PEOPLE[2]}.*on_bad_scan to exclude"):
        read(settings(openbhb))
    cohort = read(settings(openbhb, on_bad_scan="exclude"))
    assert len(cohort.scans) == 3
    assert cohort.excluded[0].reason == f"no array sub-{PEOPLE[2]}_{ENDING}"


def test_no_usable_array_at_all_stops(openbhb):
    for number, person in enumerate(PEOPLE):
        np.save(place(openbhb, person, "val" if number == 3 else "train"), np.zeros(3))
    others = ", ".join(f"sub-{person}" for person in PEOPLE[1:])
    with pytest.raises(BadScanError, match=f"Others cannot be used either: {others}. Mend them"):
        stacked(openbhb, on_bad_scan="exclude")


def test_arrays_of_another_kind_beside_are_not_taken(openbhb):
    other = place(openbhb, PEOPLE[0]).with_name(f"sub-{PEOPLE[0]}_preproc-quasiraw_T1w.npy")
    np.save(other, np.zeros(3))
    found = find(where_arrays(settings(openbhb))).of_scan
    assert set(found) == {f"sub-{person}" for person in PEOPLE}
    others = find(where_arrays(settings(openbhb, image="quasiraw"))).of_scan
    assert set(others) == {f"sub-{PEOPLE[0]}"}


def test_two_arrays_of_a_participant_are_told_and_neither_is_taken(openbhb):
    second = place(openbhb, PEOPLE[0], "val")
    second.parent.mkdir(parents=True)
    np.save(second, np.zeros(3))
    cohort = read(settings(openbhb, on_bad_scan="exclude"))
    assert [scan.participant_id for scan in cohort.scans] == [f"sub-{p}" for p in PEOPLE[1:]]
    assert "2 arrays" in cohort.excluded[0].reason and str(second) in cohort.excluded[0].reason
    with pytest.raises(TableError, match=f"sub-{PEOPLE[0]}: 2 arrays"):
        read(settings(openbhb))


def test_an_array_under_two_participants_is_refused_or_kept_as_asked(openbhb):
    twin = place(openbhb, PEOPLE[1])
    np.save(twin, np.load(place(openbhb, PEOPLE[0])))
    with pytest.raises(BadScanError, match=f"has the same array as sub-{PEOPLE[1]}"):
        stacked(openbhb)
    _, rows, left_out = stacked(openbhb, on_bad_scan="exclude")
    assert rows["scan_id"].tolist() == [f"sub-{p}" for p in PEOPLE[2:]]
    assert left_out["scan_id"].tolist() == [f"sub-{p}" for p in PEOPLE[:2]]
    _, rows, _ = stacked(openbhb, duplicates="keep")
    assert len(rows) == 4


def test_ids_of_arrays_that_lost_their_zeros_are_found(openbhb):
    table = openbhb / "participants.tsv"
    table.write_text(table.read_text().replace(PEOPLE[0], PEOPLE[0].lstrip("0")))
    cohort = read(settings(openbhb))
    assert [scan.participant_id for scan in cohort.scans] == [f"sub-{p}" for p in PEOPLE]
    assert "differ by zeros" in cohort.notes[0]


def test_the_kinds_are_openbhbs():
    assert (VBM.shape, VBM.voxel_mm) == ((121, 145, 121), 1.5)
    quasiraw = modalities.load("quasiraw")
    assert (quasiraw.shape, quasiraw.voxel_mm) == ((182, 218, 182), 1.0)


ROI = [
    ("desikan", "preproc-freesurfer_desc-desikan_ROI", (1, 7, 68), (7, 68)),
    ("destrieux", "preproc-freesurfer_desc-destrieux_ROI", (1, 7, 148), (7, 148)),
    ("vbm_roi", "preproc-cat12vbm_desc-gm_ROI", (1, 1, 284), (284,)),
]


@pytest.mark.parametrize(("image", "name", "shape", "kept"), ROI, ids=[case[0] for case in ROI])
def test_openbhbs_regions_are_read_with_their_channels(openbhb, rng, image, name, shape, kept):
    """They lie beside the volumes, under the names that OpenBHB gives them."""
    values = {}
    for number, person in enumerate(PEOPLE):
        beside = place(openbhb, person, "val" if number == 3 else "train")
        values[f"sub-{person}"] = rng.normal(3, 1, shape)
        np.save(beside.with_name(f"sub-{person}_{name}.npy"), values[f"sub-{person}"])
    kind = modalities.load(image)
    known = {"image": image, "kind": kind.prepared}
    whole, rows, left_out = stacked(openbhb, **known)
    assert whole.shape == (4, *kept) and left_out.empty
    for scan, row in zip(rows["scan_id"], rows["row"], strict=True):
        np.testing.assert_array_equal(whole[row], values[scan].reshape(kept).astype(np.float32))


@pytest.mark.parametrize("shape", [(1, 6, 68), (7, 148), (2, 7, 68), (1, 476)])
def test_an_array_of_regions_of_another_shape_is_told_with_what_was_expected(openbhb, rng, shape):
    kind = modalities.load("desikan")
    for number, person in enumerate(PEOPLE):
        beside = place(openbhb, person, "val" if number == 3 else "train")
        np.save(beside.with_name(f"sub-{person}_{kind.ending}"), rng.normal(3, 1, (1, 7, 68)))
    spoiled = place(openbhb, PEOPLE[0]).with_name(f"sub-{PEOPLE[0]}_{kind.ending}")
    np.save(spoiled, rng.normal(3, 1, shape))
    said = rf"{kind.ending}.* has shape {re.escape(str(shape))}, not \(7, 68\).* as desikan has"
    with pytest.raises(BadScanError, match=said):
        stacked(openbhb, image="desikan", kind=kind.prepared)


def test_nothing_in_an_array_is_executed(openbhb):
    kind = modalities.load("desikan")
    pickled = np.array([{"a": 1}], dtype=object)
    for number, person in enumerate(PEOPLE):
        beside = place(openbhb, person, "val" if number == 3 else "train")
        np.save(beside.with_name(f"sub-{person}_{kind.ending}"), pickled, allow_pickle=True)
    with pytest.raises(BadScanError, match="cannot be read"):
        stacked(openbhb, image="desikan", kind=kind.prepared)
