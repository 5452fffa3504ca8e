"""What an experiment's page has written down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from contrage.errors import SettingsError
from contrage.files import read_json
from contrage.layout import Results, StudyResults
from contrage.settings.build import build
from contrage.settings.steps.record import Recorded

RESULTS = "results"
KNOWN = 1
"""Version of the file."""


@dataclass(frozen=True)
class Provenance:
    """A record, read.

    Attributes
    ----------
    experiment : Path
        The experiment's folder.
    root : Path
        The folder from which the paths in the record are seen: that in which the run was.
    content : dict
        All of it.
    recorded : Recorded
        What the plan has told.
    """

    experiment: Path
    root: Path
    content: dict[str, Any]
    recorded: Recorded


def open_provenance(experiment: Path) -> Provenance:
    """Read the record of an experiment.

    Raises
    ------
    SettingsError
        There is none, or it cannot be used from here.
    """
    home = Path(experiment).resolve()
    file = home / Results.provenance
    if not file.is_file():
        is_study = (home / StudyResults.page).is_file()
        advice = (
            "it is a study's folder: give that of one of its experiments"
            if is_study
            else "a run writes it beside report.html: give the experiment's folder, run it first"
        )
        raise SettingsError(f"{file}: no such file; {advice}")
    content = read_json(file)
    if not isinstance(content, dict) or content.get("version") != KNOWN:
        raise SettingsError(f"{file}: of another version of contrage; run the experiment again")
    if "experiment" not in content:
        raise SettingsError(f"{file}: names no experiment; run the experiment again")
    if home.parent.name != RESULTS or home.name != content["experiment"]:
        raise SettingsError(
            f"{experiment}: is not {RESULTS}/{content['experiment']}, where a run has put it; its "
            "files cannot be found from here"
        )
    try:
        recorded = build(Recorded, content["settings"]["recorded"])
    except (KeyError, TypeError) as error:
        raise SettingsError(f"{file}: cannot be used ({error}); run the experiment again") from None
    return Provenance(home, home.parents[1], content, recorded)
