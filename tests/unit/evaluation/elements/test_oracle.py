"""Nobody errs less than whoever knows the brain ages that were planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from evaluation_steps import evaluation_of
from forms import TABLE

from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.tables import read_tsv, write_rows

COLUMNS = ["participant_id", "age", "predicted_age", "split", "scan_id", "site", "fold"]
TOLD = {"evaluations.oracle": {}}


@pytest.fixture
def run(tmp_path):
    """Write people of ADNI with two sessions each and of OpenBHB with none, as a merged cohort."""

    def table(rows, merged=True, truth=True):
        rng = np.random.default_rng(4)
        place = Results.at(str(tmp_path / "x"))
        scans, planted = [], []
        for number in range(40):
            is_adni = number % 2 == 0
            name = f"002_S_{number:04d}" if is_adni else f"0{number:011d}"
            label, cohort = name.replace("_", ""), "adni" if is_adni else "openbhb"
            own, age = rng.normal(0, 1.5), rng.uniform(40, 80)
            for session in ("20010101", "20020101") if is_adni else ("1",):
                later = float(session == "20020101")
                told = {"cohort": cohort, "participant_id": name, "session": session}
                planted.append(told | {"brain_age": round(age + later, 4) + own})
                person = f"sub-{cohort}-{label}" if merged else f"sub-{label}"
                scan = {"participant_id": person, "age": round(age + later, 4), "off": own}
                scan |= {"session": session if is_adni else "n/a", "cohort": cohort}
                scans.append(scan | {"scan_id": f"{person}_ses-{session}"})
        kept = ["scan_id", "participant_id", "session", "age", *["cohort"] * merged]
        write_rows(_made(place.scans), kept, scans)
        write_rows(tmp_path / "truth.tsv", list(planted[0]), planted if truth else [])
        files = []
        for row, times in rows.items():
            lines = [
                {**scan, "predicted_age": scan["age"] + times * scan["off"]}
                | {"split": "test", "site": "a", "fold": 0}
                for scan in scans
            ]
            files.append(_made(place.predictions.format(row=row, seed=0)))
            write_rows(files[-1], COLUMNS, lines)
        step = evaluation_of("oracle", TABLE, tuple(rows), TOLD)
        given = {"scans": Path(place.scans), "truth": [tmp_path / "truth.tsv"]}
        evaluate(step, table=tmp_path / "t.tsv", predictions=files, **given)
        return read_tsv(tmp_path / "t.tsv")

    return table


def _made(path: str) -> Path:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return Path(path)


def test_who_knows_half_of_the_answer_is_told_from_who_knows_brain_ages(run):
    found = run({"leak": 0.4, "exp": 1.0, "l1": 2.0}).set_index(["cohort", "row"])
    own = found.loc["all"]
    assert own["mae"]["oracle"] == pytest.approx(own["oracle"]["exp"])
    assert own["mae"]["leak"] == pytest.approx(0.4 * own["oracle"]["leak"], rel=1e-4)
    assert own["difference"]["exp"] == pytest.approx(0, abs=1e-4)
    below = own["is_below"].astype(str).str.lower().to_dict()
    assert below == {"oracle": "false", "leak": "true", "exp": "false", "l1": "false"}
    assert own["n_participants"].to_dict() == dict.fromkeys(below, 40)


def test_each_cohort_of_a_merged_one_stands_by_itself(run):
    found = run({"exp": 1.0})
    assert found["cohort"].tolist() == ["all", "all", "adni", "adni", "openbhb", "openbhb"]
    assert found["n_participants"].tolist() == [40, 40, 20, 20, 20, 20]


def test_one_cohort_has_no_prefix(run):
    found = run({"exp": 2.0}, merged=False)
    assert found["row"].tolist() == ["oracle", "exp"] and (found["n_participants"] == 40).all()
    assert found["mae"][1] == pytest.approx(2 * found["oracle"][1], rel=1e-4)


def test_people_who_are_not_in_the_truth_are_told(run):
    found = run({"exp": 1.0}, truth=False)
    assert set(found["note"]) == {"nobody who was tested stands in the truth"}
    assert "oracle" not in set(found["row"])
