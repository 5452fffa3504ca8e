"""Features of a table become an array, and z-scores that know nothing of test rows."""

from __future__ import annotations

import numpy as np
import pytest
from cohorts import asked as asked_of_cohort
from dataset_steps import scores, split_step
from forms import TABLE as FORM

from contrage.cohort.register import register
from contrage.dataset.features import features
from contrage.dataset.load import Loader
from contrage.dataset.normalise import feature_statistics, standardise
from contrage.dataset.select import select
from contrage.dataset.split import split
from contrage.files import read_json, sha256
from contrage.settings.steps.dataset import FeaturesStep, SelectStep
from contrage.tables import read_tsv

TABLE = {"participant": "id", "missing": "median"}


@pytest.fixture
def values(rng):
    return rng.normal(3, 2, (12, 5))


def prepare(folder, values, ages=None):
    """Write a table and run the steps up to the split; return the folds."""
    ages = range(20, 20 + len(values)) if ages is None else ages
    lines = ["id,age," + ",".join(f"f{i}" for i in range(values.shape[1]))]
    for number, (age, row) in enumerate(zip(ages, values, strict=True)):
        cells = ["" if np.isnan(value) else repr(float(value)) for value in row]
        lines.append(f"{len(values) - number:03d},{age}," + ",".join(cells))
    table = folder / "table.csv"
    table.write_text("\n".join(lines) + "\n")
    cohort = {"source": "table", "path": str(table), "on_bad_scan": "fail", "table": TABLE}
    settings = asked_of_cohort(**cohort)
    files = {name: folder / f"{name}.tsv" for name in ("scans", "excluded", "rows", "columns")}
    register(settings, scans=files["scans"], excluded=files["excluded"])
    features(
        FeaturesStep(settings.table, settings.columns, None),
        table=table,
        array=folder / "array.npy",
        **{name: files[name] for name in ("scans", "rows", "columns")},
    )
    select(
        SelectStep(None, {}, None, None),
        derivatives=folder,
        selected=folder / "selected.tsv",
        left_out=folder / "left_out.tsv",
        **{name: files[name] for name in ("scans", "excluded", "rows")},
    )
    split(
        split_step(form=FORM, split={"scheme": "kfold", "folds": 4}, batch_size=2),
        scans=folder / "selected.tsv",
        array=folder / "array.npy",
        output=folder / "split.json",
    )
    return read_json(folder / "split.json")["folds"]


def test_every_scan_has_its_own_row_though_the_cohort_is_sorted_by_name(tmp_path, values):
    prepare(tmp_path, values)
    rows = read_tsv(tmp_path / "selected.tsv").set_index("scan_id")["row"]
    array = np.load(tmp_path / "array.npy")
    for number, row in enumerate(values):
        np.testing.assert_array_equal(array[rows[f"sub-{12 - number:03d}"]], row)


def test_statistics_agree_with_scikit_learn_on_the_training_rows(tmp_path, values):
    from sklearn.preprocessing import StandardScaler

    for fold in prepare(tmp_path, values):
        array = np.load(tmp_path / "array.npy")
        scaler = StandardScaler().fit(array[fold["train_rows"]])
        np.testing.assert_allclose(fold["mean"], scaler.mean_)
        np.testing.assert_allclose(fold["sd"], scaler.scale_)
        found = Loader(tmp_path / "array.npy", fold, scores(form=FORM))(np.arange(12))[:, 0]
        np.testing.assert_allclose(found, scaler.transform(array), rtol=1e-5, atol=1e-6)


def test_other_values_in_the_test_rows_change_no_statistic(tmp_path, values):
    before = prepare(tmp_path, values)[0]
    names = [f"sub-{12 - number:03d}" for number in range(12)]
    tested = [number for number, name in enumerate(names) if name in before["test"]]
    values[tested] = 1e6 + np.arange(len(tested))[:, None]
    assert prepare(tmp_path, values)[0] == before


def test_a_constant_feature_is_zero_everywhere_and_never_nan(values):
    values[:, 2] = 0.1
    values[11, 2] = 7.0
    fold = feature_statistics(values, np.arange(8))
    assert fold["sd"][2] == 0
    scores = standardise(values, fold)
    assert (scores[:, 2] == 0).all()
    assert np.isfinite(scores).all()


def test_a_missing_value_gets_the_median_of_the_training_rows(values):
    values[0, 1] = values[10, 1] = np.nan
    fold = feature_statistics(values, np.arange(8))
    median = np.median(values[1:8, 1])
    assert fold["median"][1] == median
    scores = standardise(values, fold)
    expected = (median - fold["mean"][1]) / fold["sd"][1]
    np.testing.assert_allclose(scores[[0, 10], 1], expected, rtol=1e-6)
    assert scores[:8, 1].mean() == pytest.approx(0, abs=1e-6)


def test_a_feature_that_no_training_row_has_is_zero(values):
    values[:8, 1] = np.nan
    scores = standardise(values, feature_statistics(values, np.arange(8)))
    assert (scores[:, 1] == 0).all()


def test_missing_and_constant_features_are_counted(tmp_path, values):
    values[:, 0] = 5
    values[3, 1] = values[4, 1] = np.nan
    prepare(tmp_path, values)
    columns = read_tsv(tmp_path / "columns.tsv").set_index("feature")
    assert columns["missing"].tolist() == [0, 2, 0, 0, 0]
    assert columns["constant"].tolist() == [True, False, False, False, False]


def test_beside_the_array_stands_the_checksum_of_the_table(tmp_path, values):
    prepare(tmp_path, values)
    told = read_json(tmp_path / "array.json")["contrage"]
    assert told["inputs"]["table"]["sha256"] == sha256(tmp_path / "table.csv")
    assert told["output"]["sha256"] == sha256(tmp_path / "array.npy")
