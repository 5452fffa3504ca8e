"""People of a finished experiment, predicted once more: from their raw files, by its model."""

from __future__ import annotations

from pathlib import Path

from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import predict_subjects, subjects
from contrage.layout import Results
from contrage.tables import read_tsv


def differences(folder: Path, experiment: str, row: str, given: Path, most: int = 2) -> list[float]:
    """Return how far predictions of test scans are from those of the run.

    Each is predicted by the one member that has not seen the person.

    Parameters
    ----------
    folder : Path
        In which the workflow ran.
    experiment, row : str
    given : Path
        Raw data: a BIDS folder, or a table.
    most : int
        Scans of each member.
    """
    results = Results.at(str(folder / f"results/{experiment}"))
    bundle = open_bundle(Path(results.models) / row)
    by_name = {subject.name: subject for subject in subjects(bundle, [given])}
    found = []
    for number, member in enumerate(bundle.facts.members):
        frame = read_tsv(Path(results.predictions.format(row=row, seed=member.seed)))
        tested = frame[(frame["split"] == "test") & (frame["fold"] == member.fold)].head(most)
        asked = [by_name[scan] for scan in tested["scan_id"]]
        again = predict_subjects(bundle, asked, members=[number])
        for true, one in zip(tested["predicted_age"], again, strict=True):
            assert one.refused is None, one.refused
            found.append(abs(one.predicted - true))
    return found
