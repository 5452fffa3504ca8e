"""EchoNet-Dynamic as its owners hand it out: FileList.csv, and Videos/*.avi.

What is predicted is a column of the table, as EF (the ejection fraction, per cent); who learns and
who is tested says the column Split (Ouyang et al., Nature 580:252, 2020).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contrage.cohort.owners.columns import KeptColumns
from contrage.cohort.owners.files import read_newest
from contrage.cohort.owners.labels import label_of
from contrage.cohort.owners.persons import Listed, check_target, cohort_of, files_by_label, stored
from contrage.cohort.scans import Cohort
from contrage.cohort.stored import StoredArrays
from contrage.prepared import Cut
from contrage.settings.steps.cohort import CohortStep, WhereArrays

COMES_AS, IMAGES = "arrays", ("video",)
SETTINGS = ("path", "on_bad_scan", "image", "echonet")
ARRAYS = ("echonet",)
FILE, FRAMES, KEY, AVI = "FileName", "NumberOfFrames", "cohort.echonet.table", ".avi"


def read(settings: CohortStep) -> Cohort:
    """Read the list of files, and find the videos.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `path` (the folder), `echonet`, `image`, `on_bad_scan`, `columns`.

    Raises
    ------
    TableError
        If the list or a column is not there; with `on_bad_scan` fail if a video is not.
    SettingsError
        If age is asked for.
    """
    check_target(settings, "EchoNet-Dynamic", "EF", "per cent")
    notes: list[str] = []
    folder = Path(settings.path)
    table = read_newest(folder, settings.echonet.table, KEY, notes)
    name, kept = table.column(FILE, KEY), KeptColumns(settings, (), (table,))
    people = [
        Listed(label_of(_bare(cells[name])), kept.of({}, (cells,)), line)
        for line, cells in zip(table.numbers, table.rows, strict=True)
    ]
    return cohort_of(settings, people, _files(folder), table.path, [table.path], notes)


def find(where: WhereArrays) -> StoredArrays:
    """Return where the videos lie and how long each is to be, for the step `arrays`."""
    folder = Path(where.path)
    table = read_newest(folder, where.echonet.table, KEY, [])
    name, frames = table.column(FILE, KEY), table.find(FRAMES)
    told = {
        f"sub-{label_of(_bare(cells[name]))}": Cut("whole", None, (int(cells[frames]),))
        for cells in table.rows
        if frames is not None and cells[frames].isdecimal()
    }
    found = stored(_files(folder)).of_scan
    return StoredArrays(
        {scan: replace(each, cut=told.get(scan)) for scan, each in found.items()}, []
    )


def _files(folder: Path) -> dict[str, list[Path]]:
    return files_by_label(folder, [AVI])


def _bare(name: str) -> str:
    return name[: -len(AVI)] if name.lower().endswith(AVI) else name
