"""A page on a target with two sides, made by the steps themselves on real measures."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from cohorts import asked as asked_of_cohort
from sklearn.datasets import load_breast_cancer

from contrage.cohort.read import read_cohort
from contrage.cohort.register import register
from contrage.dataset.features import features
from contrage.dataset.select import select
from contrage.dataset.split import split
from contrage.evaluation.baselines import baselines
from contrage.evaluation.probe import probe
from contrage.files import read_npz
from contrage.learning.embed import embed
from contrage.learning.train import train
from contrage.plan import jobs, report
from contrage.plan.experiment import Experiment
from contrage.plan.kinds import form_of
from contrage.plan.refuse import check
from contrage.report.figures import figures
from contrage.report.page import page
from contrage.report.tables import tables
from contrage.settings import door
from contrage.settings.build import as_plain
from contrage.tables import read_tsv
from contrage.target_words import TargetInWords

ROWS = ["bce", "supcon"]
FOLDS = [0, 1]
NOT_OF_SIDES = re.compile(r"\b(MAE|RMSE|absolute error|years?|ages?|aged|mean diagnosis)\b")
CONFIG = """
experiment: tumours
cohort: {source: table, name: wisconsin, image: table, path: table.csv, duplicates: keep}
target: {column: diagnosis, kind: binary, positive: malignant, negative: benign}
benchmark: {losses: [bce, supcon], norms: [], pretrained: []}
dataset: {split: {scheme: kfold, folds: 2}}
training: {seeds: [0], epochs: 3, batch_size: 32, encoder: mlp, device: cpu, learning_rate: 1.0e-3}
statistics: {bootstrap: 200, permutations: 200}
report: {embedding_rows: []}
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory, root) -> Path:
    """Run the steps on 180 women with 30 measures each; return the folder of results."""
    folder = tmp_path_factory.mktemp("sides")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        _run(folder, root)
    return folder / "results"


def _table(path: Path) -> None:
    found = load_breast_cancer(as_frame=True)
    frame = found.frame.drop(columns="target").iloc[:180].round(5)
    frame.columns = [f"x{number}" for number in range(30)]
    frame.insert(0, "participant_id", [f"p{number:03d}" for number in range(len(frame))])
    # Three whom nobody has looked at have no part.
    frame["diagnosis"] = found.target.iloc[:180].map({0: "malignant", 1: "benign"})
    frame.loc[:2, "diagnosis"] = "unclear"
    frame.to_csv(path, index=False)


def _run(folder: Path, root: Path) -> None:
    _table(folder / "table.csv")
    (folder / "own.yaml").write_text(CONFIG, encoding="utf-8")
    schema = door.load_schema(root / "workflow/schemas/config.schema.yaml")
    config = door.read([root / "config/config.yaml", folder / "own.yaml"], [], schema)
    check(config)
    stated = TargetInWords(**config["target"])
    target = as_plain(stated.learned)
    results, derivatives = folder / "results", folder / "derivatives"
    cohort = asked_of_cohort(**config["cohort"], target=config["target"])
    of = Experiment.of(config, read_cohort(cohort))
    outputs = {name: derivatives / f"{name}.tsv" for name in ("scans", "excluded")}
    register(cohort, **outputs, notes=derivatives / "notes.txt")
    array = {"array": derivatives / "features.npy", "rows": derivatives / "features.tsv"}
    columns = derivatives / "features_columns.tsv"
    features(
        {"table": config["cohort"]["table"], "columns": list(cohort.columns), "target": target},
        table=folder / "table.csv", scans=outputs["scans"], **array, columns=columns,
    )  # fmt: skip
    scans, out = results / "dataset/scans.tsv", results / "dataset/excluded.tsv"
    select(
        {"quality_action": None}, **outputs, derivatives=derivatives, rows=array["rows"],
        selected=scans, left_out=out,
    )  # fmt: skip
    common = {"scans": scans, "array": array["array"]}
    dataset = {key: config["dataset"][key] for key in ("normalisation", "field_of_view")}
    dataset["form"] = form_of(config)
    roles = {key: config["dataset"][key] for key in ("learn_from", "subset", "missing_targets")}
    asked = {"target": target, "seed": 0, "batch_size": 32}
    folds = results / "splits.json"
    of_split = {**asked, **dataset, **roles, "split": config["dataset"]["split"]}
    split(of_split, **common, output=folds)
    for row in ROWS:
        _train(row, of, {**asked, "dataset": dataset}, common, folds, results)
    baselines(
        jobs.baselines(of), **common, split=folds, predictions=results / "baselines/seed-0.tsv"
    )
    _report(of, results, derivatives, columns)


def _train(row, of, asked, common, folds, results) -> None:
    found = []
    for fold in FOLDS:
        home = results / "training" / row / "seed-0" / f"fold-{fold}"
        found.append(results / "features" / row / "seed-0" / f"fold-{fold}.npz")
        train(
            {**asked, "row": row, "loss": {"loss": row}, "training": of.config["training"]}
            | {"snapshot_epochs": []},
            **common, split=folds, fold=fold, features=found[-1], model=home / "model.pt",
            curve=home / "curve.tsv", resume=home / "resume.pt",
        )  # fmt: skip
    probe(
        jobs.probe(of, row), features=found, scans=[common["scans"]], splits=[folds],
        predictions=[results / "predictions" / row / "seed-0.tsv"],
        metrics=[results / "metrics" / row / "seed-0.json"],
    )  # fmt: skip


def _report(of: Experiment, results: Path, derivatives: Path, columns: Path) -> None:
    names = {name: results / f"tables/{name}.tsv" for name in ("norms", "baselines", "alphas")}
    names |= {"mae": results / "tables/bacc.tsv", "cohort": results / "tables/cohort.tsv"}
    excluded = results / "tables/excluded.tsv"
    predictions = [results / f"predictions/{row}/seed-0.tsv" for row in ROWS]
    metrics = [results / f"metrics/{row}/seed-0.json" for row in ROWS]
    scans = results / "dataset/scans.tsv"
    tables(
        report.tables(of), predictions=predictions, metrics=metrics, scans=scans,
        of_baselines=[results / "baselines/seed-0.tsv"], excluded_table=excluded,
        excluded=results / "dataset/excluded.tsv", **names,
    )  # fmt: skip
    written = [*names.values(), excluded]
    curves = str(results / "training/{row}/seed-{seed}/fold-{fold}/curve.tsv")
    figures(
        report.figures(of), predictions=predictions, curves=curves,
        tables=written, scans=scans, derivatives=derivatives, output=results / "figures",
    )  # fmt: skip
    page(
        report.page(of), tables=written, figures=results / "figures", predictions=predictions,
        metrics=metrics, curves=curves, scans=scans, output=results / "report.html",
        columns=columns, notes=derivatives / "notes.txt", splits=[results / "splits.json"],
    )  # fmt: skip


def words(made: Path) -> str:
    html = (made / "report.html").read_text(encoding="utf-8")
    html = re.sub(r"<(style|details).*?</\1>", "", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_the_main_table_is_bacc(made):
    assert not (made / "tables/mae.tsv").exists()
    table = read_tsv(made / "tables/bacc.tsv").set_index("loss")
    wanted = {"bacc_mean", "bacc_sd", "auc_mean", "auc_sd", "n_seeds", "ci_low", "ci_high"}
    assert wanted | {"bacc_baseline", "bacc_own"} <= set(table)
    assert set(table.index) == set(ROWS)
    assert (table["bacc_baseline"] == 0.5).all()
    assert (table["bacc_mean"] > 0.8).all()
    assert (table["ci_low"] < table["bacc_mean"]).all()
    assert table["bacc_own"].notna().sum() == 1
    assert table.loc["bce", "bacc_own"] > 0.7


def test_baselines_are_those_of_sides(made):
    table = read_tsv(made / "tables/baselines.tsv").set_index("baseline")
    assert 0.4 < table.loc["mean", "bacc_mean"] <= 0.5  # in either fold it says one side
    assert table.loc["logistic-features", "bacc_mean"] > 0.85


def test_everyone_is_tested_once_and_the_unclear_are_not(made):
    frame = read_tsv(made / "predictions/bce/seed-0.tsv")
    tested = frame[frame["split"] == "test"]
    assert len(tested) == tested["participant_id"].nunique() == 177
    assert list(frame)[:5] == ["participant_id", "diagnosis", "score", "probability", "split"]


def test_the_page_speaks_of_sides_and_of_no_error_or_age(made):
    text = words(made)
    found = [text[max(0, m.start() - 50) : m.end() + 20] for m in NOT_OF_SIDES.finditer(text)]
    assert found == []
    assert "contrage · diagnosis by contrastive learning from region features" in text
    assert "had the highest balanced accuracy in telling malignant from benign" in text
    assert "a logistic regression on its frozen features" in text
    assert re.search(r"\d+ with diagnosis malignant and \d+ with benign", text)
    assert "3 scans have neither malignant nor benign" in text
    assert "Say the more frequent side" in text
    assert "without the logistic probe its balanced accuracy is" in text
    assert "n/a n/a" not in text


def test_the_head_of_bce_predicts_a_probability_alike_after_the_training(made, tmp_path):
    own = read_tsv(made / "predictions/bce/seed-0.tsv")["own_prediction"]
    assert own.between(0, 1).all()
    assert own.max() - own.min() > 0.3
    again = tmp_path / "again.npz"
    embed(
        {}, array=made.parent / "derivatives/features.npy", scans=made / "dataset/scans.tsv",
        split=made / "splits.json", fold=0, features=again,
        model=made / "training/bce/seed-0/fold-0/model.pt",
    )  # fmt: skip
    first, second = read_npz(made / "features/bce/seed-0/fold-0.npz"), read_npz(again)
    assert np.array_equal(first["prediction"], second["prediction"])


def test_figures_that_show_numbers_are_left_out(made):
    assert {file.stem for file in (made / "figures").glob("*.png")} == {"training_curves"}


def test_who_is_on_which_side_stands_in_the_table_of_the_cohort(made):
    line = read_tsv(made / "tables/cohort.tsv").iloc[-1]
    assert line["n_positive"] + line["n_negative"] == line["n_participants"] == 177
