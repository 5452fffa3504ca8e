"""Who beside training and test people there is, and what of them stands where: sentences."""

from __future__ import annotations

import pandas as pd

from contrage.dataset.roles import ALWAYS, APART, CHOSEN_BY, UNSCORED
from contrage.report.findings import Study
from contrage.report.text import count

FLAG = "out_of_range"


def others(study: Study, predicted: pd.DataFrame) -> list[str]:
    """Return a sentence for each role beside training and test that is asked for or played.

    Parameters
    ----------
    study : Study
    predicted : DataFrame
        The predictions of one row and seed: participant_id, scan_id, split, and out_of_range where
        some are only predicted.
    """
    if not len(predicted):
        return []
    stop = study.config.training.early_stop
    chooses = stop is not None and stop.on == CHOSEN_BY
    told = {
        CHOSEN_BY: "chose the epochs" if chooses else "had no part in a choice",
        APART: "were predicted as external people; their errors stand in a table of their own",
        UNSCORED: "were predicted alone; no error of theirs stands in a table",
    }
    asked, found = _asked(study), []
    for role, words in told.items():
        part = predicted[predicted["split"] == role]
        if len(part):
            found.append(f"{_people(part)} of role {role} {words}.{_beyond(part)}")
        elif role in asked:
            found.append(f"Nobody has the role {role}, which the configuration asks for.")
    left = len(study.tables["scans"]) - predicted["scan_id"].nunique()
    if left > 0 and (asked or _removes(study)):
        found.append(
            f"{count(left, 'scan')} of the data set had no part: role none, dataset.subset or "
            "dataset.missing_targets."
        )
    return found


def _people(part: pd.DataFrame) -> str:
    people, scans = part["participant_id"].nunique(), part["scan_id"].nunique()
    told = count(people, "participant")
    return told if scans == people else f"{told} ({scans} scans)"


def _beyond(part: pd.DataFrame) -> str:
    """Say of how many who are only predicted the target lies where nobody was learned from."""
    if FLAG not in part or (part["split"] != UNSCORED).any():
        return ""
    number = int((part[FLAG].astype(str).str.lower() == "true").sum())
    if not number:
        return ""
    return (
        f" Of {count(number, 'scan')} the target lies outside the range that was learned from "
        f"(column {FLAG} of the predictions)."
    )


def _asked(study: Study) -> set[str]:
    """Return the roles that the configuration names, beside those of every split."""
    dataset = study.config.dataset
    roles = {*dataset.split.roles.values()} if study.scheme == "given" else set()
    predicted = {UNSCORED} if dataset.learn_from else set()
    apart = {APART} if dataset.external else set()
    return (roles | predicted | apart) - {*ALWAYS}


def _removes(study: Study) -> bool:
    dataset = study.config.dataset
    return bool(dataset.missing_targets) or dataset.subset.fraction < 1
