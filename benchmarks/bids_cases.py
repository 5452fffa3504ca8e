"""BIDS folders as people have them, and which images of a suffix are to be found there."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from contrage.cohort.bids_folder.images import FOLDERS

Found = dict[str, set[str]]
"""Scan → names of its images, with their entities where those are not the name's."""


class Case(NamedTuple):
    """A folder, and what is to be found in it.

    Attributes
    ----------
    name : str
    files : tuple of str
        Below the folder; "a -> b" is a link, a name that ends in "/" an empty folder.
    found : dict of str to set of str
        Scan → names of its images; empty where it has none, which must be seen as well.
    suffix : str
    """

    name: str
    files: tuple[str, ...]
    found: Found
    suffix: str = "T1w"


def usual(*names: str, home: str = "sub-01", kind: str = "T1w") -> tuple[str, ...]:
    """Return where images of a participant or session lie."""
    return tuple(f"{home}/{FOLDERS[kind]}/{name}" for name in names)


def plain(name: str, *images: str, kind: str = "T1w") -> Case:
    """Return a case of one participant, all of whose images count."""
    return Case(name, usual(*images, kind=kind), {"sub-01": set(images)}, kind)


T1, MAP = "sub-01_T1w.nii.gz", "sub-01_stiffness.nii.gz"
DATED = "sub-01_ses-a_T1w.nii.gz"
CASES = [
    plain("one T1", T1),
    plain("not compressed", "sub-01_T1w.nii"),
    plain("both endings", T1, "sub-01_T1w.nii"),
    plain("a stiffness map", MAP, kind="stiffness"),
    plain("a damping ratio", "sub-01_dampingratio.nii.gz", kind="dampingratio"),
    plain("a brain mask", "sub-01_desc-brain_mask.nii.gz", kind="mask"),
    plain("runs 2 and 10", "sub-01_run-2_T1w.nii.gz", "sub-01_run-10_T1w.nii.gz"),
    plain("a run that is no number", "sub-01_run-A_T1w.nii.gz"),
    plain("acq, ce and rec", "sub-01_acq-a_ce-gad_rec-norm_T1w.nii.gz", T1),
    plain("frequencies by acq", "sub-01_acq-30Hz_stiffness.nii", kind="stiffness"),
    plain("frequencies by freq", "sub-01_freq-30_stiffness.nii",
          "sub-01_freq-50_stiffness.nii", kind="stiffness"),
    plain("a phase", "sub-01_part-phase_T1w.nii.gz", T1),
    Case("sessions", usual(DATED, home="sub-01/ses-a") + usual("sub-01_ses-b_T1w.nii.gz",
         home="sub-01/ses-b"), {"sub-01_ses-a": {DATED}, "sub-01_ses-b":
         {"sub-01_ses-b_T1w.nii.gz"}}),
    Case("a session without images", (*usual(DATED, home="sub-01/ses-a"), "sub-01/ses-b/anat/"),
         {"sub-01_ses-a": {DATED}, "sub-01_ses-b": set()}),
    Case("ids of digits", usual("sub-000123456789_T1w.nii", home="sub-000123456789"),
         {"sub-000123456789": {"sub-000123456789_T1w.nii"}}),
    Case("an empty folder", (*usual(T1), "sub-02/"), {"sub-01": {T1}, "sub-02": set()}),
    Case("a folder that is a link to nowhere", (*usual(T1), "sub-02 -> gone"),
         {"sub-01": {T1}, "sub-02": set()}),
    Case("a folder that is a link", (f".store/anat/{T1}", "sub-01 -> .store"),
         {"sub-01": {T1}}),
    Case("an image that is a link", (".store/x", f"sub-01/anat/{T1} -> ../../.store/x"),
         {"sub-01": {T1}}),
    Case("an image that is a link to nowhere", (f"sub-01/anat/{T1} -> ../../.git/annex/x",),
         {"sub-01": {T1}}),
    Case("mre/ in .bidsignore", (*usual(MAP, kind="stiffness"), ".bidsignore"),
         {"sub-01": {MAP}}, "stiffness"),
    Case("a folder within anat/", usual(T1, f"old/{T1}"), {"sub-01": {T1}}),
    Case("derivatives and sourcedata", (*usual(T1), *usual("sub-01_space-MNI_T1w.nii.gz",
         home="derivatives/x/sub-01"), *usual(T1, home="sourcedata/sub-01")), {"sub-01": {T1}}),
    Case("another participant's image", usual("sub-20_T1w.nii.gz"), {"sub-01": set()}),
    Case("another session's image", usual("sub-01_ses-b_T1w.nii.gz", home="sub-01/ses-a"),
         {"sub-01_ses-a": set()}),
    Case("an underscore too many", usual(T1, "sub-01_acq-pre_op_T1w.nii.gz"), {"sub-01": {T1}}),
    Case("two underscores", usual(T1, "sub-01__T1w.nii.gz"), {"sub-01": {T1}}),
    Case("an entity twice", usual(T1, "sub-01_run-1_run-2_T1w.nii.gz"), {"sub-01": {T1}}),
    Case("a dot in a label", usual(T1, "sub-01_acq-a.b_T1w.nii.gz"), {"sub-01": {T1}}),
    Case("a suffix in capitals", usual("sub-01_T1W.nii.gz"), {"sub-01": set()}),
    Case("an ending in capitals", usual("sub-01_T1w.NII.GZ"), {"sub-01": set()}),
    Case("another format and a sidecar", usual("sub-01_T1w.mgz", "sub-01_T1w.json"),
         {"sub-01": set()}),
]  # fmt: skip


def write(folder: Path, case: Case) -> None:
    """Write a case's files, with the tables and the description that every data set has."""
    for file in case.files:
        name, _, target = file.partition(" -> ")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if target:
            path.symlink_to(target)
        elif name.endswith("/"):
            path.mkdir(parents=True)
        else:
            path.write_text("**/mre/\n" if name == ".bidsignore" else "")
    people = sorted({name.partition("_")[0] for name in case.found})
    rows = "".join(f"{person}\t30\n" for person in people)
    (folder / "participants.tsv").write_text(f"participant_id\tage\n{rows}")
    describe(folder)


def describe(folder: Path) -> None:
    text = '{"Name": "x", "BIDSVersion": "1.10.0", "DatasetType": "raw"}'
    (folder / "dataset_description.json").write_text(text)
