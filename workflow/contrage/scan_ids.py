"""Names of scans, after BIDS: "sub-X", or "sub-X_ses-Y" of one session among several."""

from __future__ import annotations

import re

LABEL = re.compile(r"^[A-Za-z0-9]+$")


def scan_id(participant_id: str, session: str | None) -> str:
    """Return "sub-X" or "sub-X_ses-Y".

    Parameters
    ----------
    participant_id : str
        With its prefix, "sub-X".
    session : str or None
        Without prefix; None where a participant was scanned once.
    """
    return f"{participant_id}_ses-{session}" if session else participant_id


def folder(scan: str) -> str:
    """Return the folder of a scan inside a BIDS tree: "sub-X" or "sub-X/ses-Y"."""
    return scan.replace("_ses-", "/ses-")


def participant(scan: str) -> str:
    """Return the participant of a scan: "sub-X"."""
    return scan.partition("_ses-")[0]


def bare(label: str) -> str:
    """Return what stays of a label when zeros before numbers and capitals are lost: 07A is 7a."""
    return re.sub(r"(?<!\d)0+(?=\d)", "", label).casefold()
