"""Generated heads: who is there follows from a number of participants and a seed."""

from __future__ import annotations

from pathlib import Path

from contrage.cohort.scans import Cohort, Scan
from contrage.scan_ids import folder, scan_id
from contrage.settings.steps.cohort import CohortStep

COMES_AS, PATH, HAS_COLUMNS = "scans", None, False
IMAGES = ("T1w", "stiffness")
SETTINGS = ("phantom", "raw")


def read(settings: CohortStep) -> Cohort:
    """List the generated participants and where their images will lie.

    Parameters
    ----------
    settings : CohortStep
        Of which it reads `phantom` and `raw`, the folder of the images.
    """
    from contrage.cohort.phantom.heads.plan import plan

    raw = Path(settings.raw)
    truth = raw / "derivatives" / "truth"
    scans = []
    for person in plan(settings.phantom.participants, settings.phantom.seed):
        scan = scan_id(person.participant_id, None)
        home = raw / folder(scan)
        images = {
            "T1w": home / "anat" / f"{scan}_T1w.nii.gz",
            "stiffness": home / "mre" / f"{scan}_stiffness.nii.gz",
            "mask": truth / folder(scan) / f"{scan}_desc-brain_mask.nii.gz",
        }
        scans.append(
            Scan(
                participant_id=person.participant_id,
                age=person.age,
                sex=person.sex,
                site=person.site,
                images={name: str(path) for name, path in images.items()},
            )
        )
    return Cohort(scans)


def tables(settings: CohortStep) -> list[str]:
    """Return the table of participants, which the run writes itself."""
    return [f"{settings.raw}/participants.tsv"]
