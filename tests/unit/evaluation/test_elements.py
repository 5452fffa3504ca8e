"""Evaluations: a file in the folder is a table of the report; nothing else registers it."""

from __future__ import annotations

import importlib
import sys

import pytest
from cohorts import asked
from given import config

from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError
from contrage.evaluation import elements
from contrage.evaluation.evaluate import evaluate
from contrage.layout import Results
from contrage.plan import jobs, report
from contrage.plan.experiment import Experiment
from contrage.run import code
from contrage.settings.schema import child, load_schema, resolve
from contrage.tables import read_tsv

WORST = '''
"""The largest error of each loss."""

import pandas as pd

TITLE = "Largest error"
NEEDS = ("predictions",)
SETTINGS = ("statistics.seed",)
COLUMNS = {"loss": "loss", "worst": "largest error {unit}"}
HIDDEN = 3


def evaluate(given):
    lines = []
    for row in given.rows:
        tests = [frame[frame["split"] == "test"] for frame in given.frames(row)]
        worst = max((frame["predicted"] - frame["target"]).abs().max() for frame in tests)
        lines.append({"loss": row, "worst": worst, "seed": given.told["statistics.seed"]})
    return pd.DataFrame(lines)
'''
OWN = {"benchmark": {"losses": ["exp", "l1"], "pretrained": [], "norms": [], "null": []}}
HEAD = "participant_id\tage\tpredicted_age\tsplit\tscan_id\tsite\tfold"


@pytest.fixture
def worst(tmp_path, monkeypatch):
    """A metric of somebody's own, in one file."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "worst.py").write_text(WORST)
    monkeypatch.setattr(elements, "__path__", [*elements.__path__, str(folder)])
    importlib.invalidate_caches()
    yield "worst"
    sys.modules.pop(elements.module("worst"), None)


@pytest.fixture
def experiment(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = config(**OWN)
    phantom = {"participants": 12, "seed": 1}
    cohort = read_cohort(asked(source="phantom", phantom=phantom))
    return Experiment.of(own, cohort)


def schema():
    from given import SCHEMA

    return load_schema(SCHEMA)


@pytest.mark.parametrize("name", elements.available())
def test_an_evaluation_states_what_it_needs_and_says_what_it_is(name):
    stated = elements.element(name)
    module = importlib.import_module(elements.module(name))
    assert stated.title and stated.needs and module.__doc__ and callable(module.evaluate)
    for key in stated.settings:
        part = schema()
        for step in key.split("."):
            part = resolve(schema(), child(part, step))
            assert part is not None, key


def test_a_file_in_the_folder_is_an_evaluation(worst, experiment):
    assert worst in elements.available() and worst in experiment.tables
    assert jobs.evaluation(experiment, worst).told == {"statistics.seed": 0}
    asked = jobs.evaluated(experiment, worst)
    assert asked["features"] == asked["scans"] == [] and len(asked["predictions"]) == 6
    assert not jobs.reads_array(worst)
    assert report.page(experiment).evaluations[worst].title == "Largest error"


def test_its_table_is_made_of_the_predictions_that_it_asks_for(worst, experiment, tmp_path):
    files = []
    for row, error in (("exp", 2.0), ("l1", 5.5)):
        file = tmp_path / Results.of("demo").predictions.format(row=row, seed=0)
        file.parent.mkdir(parents=True)
        lines = [("train", 90.0), ("test", 50 + error), ("test", 49.0)]
        text = [f"sub-{i}\t50\t{lines[i][1]}\t{lines[i][0]}\tsub-{i}\ta\t0" for i in range(3)]
        file.write_text("\n".join([HEAD, *text]) + "\n")
        files.append(file)
    evaluate(jobs.evaluation(experiment, worst), table=tmp_path / "worst.tsv", predictions=files)
    found = read_tsv(tmp_path / "worst.tsv")
    assert found["loss"].tolist() == ["exp", "l1"] and found["worst"].tolist() == [2.0, 5.5]


def test_an_evaluation_of_images_alone_is_not_told_of_rows(worst, experiment):
    assert jobs.evaluation(experiment, "site").rows == ()
    assert jobs.evaluation(experiment, worst).rows == ("exp", "l1")


def test_an_evaluation_of_anything_that_rows_have_is_told_of_rows(experiment):
    for name in ("ordinality", "against_diagnosis", "lipschitz", "shots"):
        assert jobs.evaluation(experiment, name).rows == ("exp", "l1"), name


def test_models_are_those_of_all_rows_seeds_and_folds(experiment):
    asked = jobs.evaluated(experiment, "ordinality")
    assert len(asked["models"]) == len(asked["features"]) == 6
    assert asked["models"][0] == "results/demo/training/exp/seed-0/fold-0/model.pt"
    assert jobs.evaluated(experiment, "shots")["models"] == []


def test_logits_are_asked_of_rows_that_note_them(experiment):
    assert jobs.evaluated(experiment, "logits")["logits"] == []
    noting = config(**{**OWN, "training": {"logits": {}}})
    of = Experiment(**{**vars(experiment), "config": noting})
    asked = jobs.evaluated(of, "logits")["logits"]
    assert asked == [f"results/demo/training/exp/seed-{s}/fold-0/logits.tsv" for s in (0, 1, 2)]


def test_another_evaluation_is_no_code_of_one():
    files = {file.stem for file in code.closure(*jobs.evaluation_modules(None, "site"))}
    others = set(elements.available()) - {"site"}
    assert "site" in files and not files & others


def test_the_report_is_no_code_of_an_evaluation_and_training_is_none_either():
    files = {str(file) for file in code.closure("contrage.evaluation.evaluate")}
    assert not any("/report/" in file or "/learning/loop/" in file for file in files)


def test_an_evaluation_of_images_is_left_out_where_there_are_none(experiment):
    assert "site" in experiment.tables
    of_table = {"source": "table", "image": "table", "path": "t.csv", "name": "regions"}
    table = config(experiment="mine", cohort=of_table)
    without = Experiment(**{**vars(experiment), "config": table})
    assert "site" not in without.tables


def test_a_need_that_nothing_fills_is_named_with_the_file(tmp_path, monkeypatch):
    (tmp_path / "wrong.py").write_text(WORST.replace('("predictions",)', '("weights",)'))
    monkeypatch.setattr(elements, "__path__", [str(tmp_path)])
    with pytest.raises(SettingsError, match=r"wrong\.py: NEEDS weights, but there are predictions"):
        elements.element("wrong")


def test_an_evaluation_without_a_title_is_refused_with_what_it_lacks(tmp_path, monkeypatch):
    (tmp_path / "wrong.py").write_text(WORST.replace("TITLE", "NAME"))
    monkeypatch.setattr(elements, "__path__", [str(tmp_path)])
    with pytest.raises(SettingsError, match=r"wrong\.py: an evaluation states TITLE"):
        elements.element("wrong")
