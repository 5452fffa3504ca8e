"""Who may be in an experiment and in its pre-training, under two ids: a page of their pictures."""

from __future__ import annotations

from pathlib import Path

from contrage.files import atomic, read_json
from contrage.report.quality.numbers import called_in
from contrage.report.quality.pairs import pairs
from contrage.report.render import render
from contrage.settings.steps.report import SamePersonPageStep
from contrage.tables import read_tsv

HERE = Path(__file__).parent


def same_person_page(
    settings: SamePersonPageStep,
    *,
    pairs_found: Path,
    compared: Path,
    numbered: Path,
    derivatives: Path,
    page: Path,
) -> None:
    """Write the page of an experiment's pairs, with those of the cohort alone.

    Parameters
    ----------
    settings : SamePersonPageStep
    pairs_found, compared : Path
        The pairs, and by which limit (`contrage.dataset.same_person`).
    numbered : Path
        What the numbers of the cohort's quality page mean.
    derivatives : Path
        The folder with pictures of the cohort's scans; those of others lie beside it.
    page : Path
        Output.
    """
    names = called_in(read_tsv(numbered), settings.show_ids)
    style = [(HERE.parent / "style.css"), HERE / "page.css"]
    content = {
        "experiment": settings.experiment,
        "style": "".join(file.read_text(encoding="utf-8") for file in style),
        "is_numbered": names.is_numbered,
        "pairs": pairs(read_tsv(pairs_found), read_json(compared), derivatives, names),
    }
    with atomic(page) as temporary:
        temporary.write_text(render(HERE / "same_person.html", content), encoding="utf-8")
