"""Cosines of pairs over the epochs, from the files of trainings."""

from __future__ import annotations

from pathlib import Path

import pytest
from evaluation_steps import evaluation_of
from forms import TABLE

from contrage.errors import TableError
from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.tables import read_tsv, write_rows

SUPCON = [(1, 0.4, 0.9), (2, 0.96, 0.5), (3, 0.99, 0.31)]
SLOW = [(1, 0.3, 0.9), (2, 0.5, 0.8), (3, 0.9, 0.7)]
COLUMNS = ("epoch", "positives", "negatives")


@pytest.fixture
def run(tmp_path):
    """Write what trainings of supcon leave; l1 leaves nothing."""

    def table(name: str, trainings, columns=COLUMNS):
        place, files = Results.at(str(tmp_path / "x")), []
        for seed, lines in enumerate(trainings):
            file = Path(place.logits.format(row="supcon", seed=seed, fold=0))
            rows = [dict(zip(columns, line, strict=False)) for line in lines]
            write_rows(file, list(columns), rows)
            files.append(file)
        step = evaluation_of(name, TABLE, ("supcon", "l1"), {"evaluations.logits": {}})
        evaluate(step, table=tmp_path / "t.tsv", logits=files)
        return read_tsv(tmp_path / "t.tsv")

    return table


def test_the_epoch_is_of_those_trainings_that_saturate(run):
    found = run("logits", [SUPCON, SLOW]).set_index("row").loc["supcon"]
    assert (found["saturated"], found["epoch"], found["n_trainings"]) == (1, 2, 2)
    assert found["positives_first"] == pytest.approx(0.35)
    assert found["positives_last"] == pytest.approx(0.945)
    assert found["negatives_first"] == pytest.approx(0.9)
    assert found["negatives_last"] == pytest.approx(0.505) and found["n_epochs"] == 3


def test_a_row_that_contrasts_no_pairs_says_so(run):
    found = run("logits", [SLOW]).set_index("row")
    assert found.loc["l1", "note"].startswith("no cosines were noted of it")
    assert found.loc["l1", "n_trainings"] == 0
    assert found.loc["supcon", "saturated"] == 0 and found["epoch"].isna().all()


def test_the_curves_are_the_files(run):
    found = run("logits_curves", [SUPCON, SLOW])
    assert found["seed"].tolist() == [0, 0, 0, 1, 1, 1] and set(found["row"]) == {"supcon"}
    assert found["positives"].tolist() == [line[1] for line in SUPCON + SLOW]


def test_a_file_without_a_column_is_named(run):
    with pytest.raises(TableError, match=r"logits\.tsv: no column negatives; train the row again"):
        run("logits", [SUPCON], COLUMNS[:2])
