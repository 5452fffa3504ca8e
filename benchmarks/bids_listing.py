"""What indexing a BIDS folder by a library gives and costs, beside contrage's own listing.

    python benchmarks/bids_listing.py [--participants 20000]

Needs pybids and bids2table, which contrage itself does without. First a cohort of empty files,
a T1 and a stiffness map each: seconds, CPU seconds and the largest resident memory of a cold
process that lists it and finds both images of everyone, and how many times contrage's each is.
contrage's process also reads and checks participants.tsv. Then small folders as people have them:
for every scan the images of one suffix must be found, each with the entities of its own name, and
nothing else. Ends with status 1 where contrage is wrong.
"""

from __future__ import annotations

import argparse
import importlib.util
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from bids_cases import CASES, Found, describe, write
from scale import LARGEST, make_cohort
from settings_of_run import with_defaults

from contrage.cohort.bids_folder.images import FOLDERS, _candidates
from contrage.cohort.bids_folder.sessions import _session_labels
from contrage.cohort.snapshot import cohort_of_run
from contrage.cohort.sources.bids import _folders
from contrage.plan.cohort_settings import settings_of
from contrage.settings.build import as_plain
from contrage.settings.steps.cohort import CohortStep

COHORT = {"source": "bids", "name": "study", "on_bad_scan": "fail"}
NEEDS = {"needs_anatomical": True, "needs_mask": False, "needs_magnitude": False}
NAMES_ALONE = {"validate": False, "config": ["bids", "derivatives"]}
IMAGES = [".nii", ".nii.gz"]


def by_contrage(folder: Path, suffix: str) -> Found:
    """List a folder as a run does, as far as before one image of each kind is chosen."""
    people, lost, _ = _folders(folder)
    found: Found = {name: set() for name in lost}
    for label, name in people.items():
        with os.scandir(folder / name) as entries:
            sessions = _session_labels(name, list(entries), [])
        for session in sessions or [None]:
            home = folder / name / (f"ses-{session}" if session else "") / FOLDERS[suffix]
            own = {"sub": label, **({"ses": session} if session else {})}
            good, _ = _candidates(os.listdir(home) if home.is_dir() else [], suffix, own)
            scan = f"{name}_ses-{session}" if session else name
            found[scan] = {told(each.file, each.entities) for each in good}
    return found


def layout_of(folder: Path, metadata: bool, **options: Any) -> Any:
    """Return pybids's index of a folder."""
    from bids.layout import BIDSLayout, BIDSLayoutIndexer

    indexer = BIDSLayoutIndexer(validate=options["validate"], index_metadata=metadata)
    return BIDSLayout(folder, indexer=indexer, **options)


def by_pybids(folder: Path, suffix: str) -> Found:
    """Index a folder by pybids without its validator, to which there are no maps."""
    layout = layout_of(folder, False, **NAMES_ALONE)
    patterns = {name: each.pattern or "" for name, each in layout.entities.items()}
    keys = {name: re.search(r"([a-z]+)-\(", text) for name, text in patterns.items()}
    rows = []
    for image in layout.get(suffix=suffix, extension=IMAGES):
        labels = image.get_entities().items()
        entities = {keys[name][1]: str(label) for name, label in labels if keys.get(name)}
        rows.append((image.filename, entities))
    return by_scan([f"sub-{label}" for label in layout.get_subjects()], rows)


def by_bids2table(folder: Path, suffix: str) -> Found:
    """Index a folder by bids2table."""
    import bids2table

    index = bids2table.index_dataset(folder)
    others = {"dataset", "datatype", "suffix", "ext", "extra_entities", "root", "path"}
    rows, people = [], set()
    for row in index.to_pylist():
        people.add(f"sub-{row['sub']}")
        if row["suffix"] == suffix and row["ext"] in IMAGES:
            entities = {k: str(v) for k, v in row.items() if k not in others and v is not None}
            rows.append((Path(row["path"]).name, entities | dict(row["extra_entities"] or ())))
    return by_scan(sorted(people), rows)


def by_scan(people: list[str], rows: list[tuple[str, dict[str, str]]]) -> Found:
    """Sort images by the participant and session that their entities name."""
    found: dict[str, list[str]] = {}
    for name, entities in rows:
        session = f"_ses-{entities['ses']}" if entities.get("ses") else ""
        found.setdefault(f"sub-{entities.get('sub')}{session}", []).append(told(name, entities))
    seen = {scan.partition("_ses-")[0] for scan in found}
    twice = {scan: {*names, *(f"{n} twice" for n in names if names.count(n) > 1)}
             for scan, names in found.items()}  # fmt: skip
    return twice | {person: set() for person in people if person not in seen}


def told(name: str, entities: dict[str, str]) -> str:
    """Return an image's name, and its entities where they are not those of the name."""
    parts = [part for part in name.split(".nii")[0].split("_")[:-1] if "-" in part]
    own = {tuple(part.split("-", 1)) for part in parts}
    same = {(k, v.lstrip("0")) for k, v in own} == {(k, v.lstrip("0")) for k, v in entities.items()}
    return name if same else f"{name} as {entities}"


BY = {"contrage": by_contrage, "pybids": by_pybids, "bids2table": by_bids2table}


def check_cases() -> dict[str, list[str]]:
    """Return by method the cases in which it is wrong, printing what it found there."""
    wrong: dict[str, list[str]] = {name: [] for name in BY}
    print()
    for case in CASES:
        for method, find in BY.items():
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), case)
                found = find(Path(folder), case.suffix)
            if found != case.found:
                wrong[method].append(case.name)
                print(f"{case.name}: {method} finds {found}")
    print("\n| | right | wrong |\n|---|---|---|")
    for method, names in wrong.items():
        right = len(CASES) - len(names)
        print(f"| {method} | {right} of {len(CASES)} | {'; '.join(names) or '-'} |")
    return wrong


def settings_of_folder(folder: Path) -> CohortStep:
    """Return what the step cohort is asked for of a folder."""
    asked = as_plain(with_defaults(experiment="listing", cohort={**COHORT, "path": str(folder)}))
    return settings_of(asked["cohort"], target=asked["target"], asked_by={}, raw="", **NEEDS)


def count_contrage(folder: Path, is_first: bool) -> list[int]:
    kept_in = folder.parent / "kept"
    scans = cohort_of_run(settings_of_folder(folder), kept_in, is_first).cohort.scans
    return [
        sum("stiffness" in scan.images for scan in scans),
        sum("T1w" in s.images for s in scans),
    ]


def count_pybids(folder: Path, metadata: bool = False, **options: Any) -> list[int]:
    layout = layout_of(folder, metadata, **options)
    return [len(layout.get(suffix=suffix, extension=IMAGES)) for suffix in ("stiffness", "T1w")]


def count_bids2table(folder: Path) -> list[int]:
    import bids2table

    suffixes = bids2table.index_dataset(folder)["suffix"].to_pylist()
    return [suffixes.count("stiffness"), suffixes.count("T1w")]


def count_kept(folder: Path) -> list[int]:
    return count_pybids(folder, **NAMES_ALONE, database_path=folder.parent / "pybids")


COUNTS = {
    "contrage": lambda folder: count_contrage(folder, True),
    "contrage, its list kept": lambda folder: count_contrage(folder, False),
    "bids2table": count_bids2table,
    "pybids": lambda folder: count_pybids(folder, True, validate=True),
    "pybids, no validator": lambda folder: count_pybids(folder, True, **NAMES_ALONE),
    "pybids, names alone": lambda folder: count_pybids(folder, **NAMES_ALONE),
    "pybids, makes its database": count_kept,
    "pybids, its database kept": count_kept,
}
"""What a process does, in this order: maps and T1 that are found in a folder."""


def measure(what: str, folder: Path) -> tuple[float, float, float, str]:
    """Return seconds, CPU seconds and GB of a process of its own, and what it found."""
    began = time.monotonic()
    command = [sys.executable, __file__, "--count", what, str(folder)]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    printed = running.stdout.read()
    _, status, used = os.wait4(running.pid, 0)  # the usage of this child alone
    running.returncode = os.waitstatus_to_exitcode(status)
    if running.returncode:
        sys.exit(f"{what}: could not list {folder}")
    kilobytes = used.ru_maxrss / (1024 if sys.platform == "darwin" else 1)
    seconds = time.monotonic() - began
    return seconds, used.ru_utime + used.ru_stime, kilobytes * 1024 / 1e9, printed.strip()


def compare(participants: int) -> None:
    """Print what each way takes for a cohort of empty files, and how many times contrage's."""
    print("| | maps, T1 found | seconds | CPU seconds | GB | × CPU seconds | × GB |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made, "study")
        make_cohort(folder, participants)
        describe(folder)
        taken = [(what, *measure(what, folder)) for what in COUNTS]
    own = taken[0]
    for what, seconds, cpu, size, found in taken:
        times = f"{cpu / own[2]:.1f} | {size / own[3]:.1f}"
        print(f"| {what} | {found} | {seconds:.1f} | {cpu:.1f} | {size:.2f} | {times} |")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--participants", type=int, default=LARGEST)
    parser.add_argument("--count", nargs=2, metavar=("WHAT", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    if asked.count:
        print(*COUNTS[asked.count[0]](Path(asked.count[1])), sep=", ")
        return
    if lost := [name for name in ("bids", "bids2table") if not importlib.util.find_spec(name)]:
        sys.exit(f"{' and '.join(lost)} not there; pip install pybids==0.22.0 bids2table==2.3.1")
    logging.disable(logging.WARNING)
    compare(asked.participants)  # first: a child's memory begins with what this process has
    wrong = check_cases()
    sys.exit(bool(wrong["contrage"]))


if __name__ == "__main__":
    main()
