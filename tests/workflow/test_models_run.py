"""A run ends with a model: of the best row, of nobody's id, age or image, and made anew alone."""

from __future__ import annotations

import copy
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml
from predicted_again import differences
from small_study import Workflow, checkout, edited
from tiny_maps import CONFIG, Study

from contrage import cli
from contrage.bundle.opened import open_bundle
from contrage.files import read_json
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("models")]

PEOPLE = {f"zq{number:02d}k": 20.137 + 4.913 * number for number in range(12)}
ASKED = copy.deepcopy(CONFIG)
ASKED["benchmark"]["losses"] = ["l1", "exp"]
MAKING = "Making models for new scans"


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("models") / "contrage")
    study = Study(workflow.folder / "study")
    for number, (label, age) in enumerate(PEOPLE.items()):
        study.add(label, age, number)
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(ASKED))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


@pytest.fixture(scope="module")
def home(done: Workflow) -> Path:
    return done.folder / "results/x/models"


def best(done: Workflow) -> str:
    table = read_tsv(done.folder / "results/x/tables/mae.tsv")
    return table.loc[table["mae_mean"].idxmin(), "loss"]


def test_the_row_that_errs_least_is_exported_and_the_card_says_how_it_was_chosen(done, home):
    row = best(done)
    assert sorted(path.name for path in home.iterdir()) == sorted([row, "exported.json"])
    assert read_json(home / "exported.json")["rows"] == {row: row}
    bundle = open_bundle(home / row)
    assert len(bundle.members) == 2 and bundle.facts.tested.rows == 2
    table = read_tsv(done.folder / "results/x/tables/mae.tsv").set_index("loss")
    assert bundle.facts.tested.value == pytest.approx(table.loc[row, "mae_mean"], abs=1e-4)
    assert "This row was chosen among 2 rows by this very error" in bundle.card
    assert f"{bundle.facts.tested.value:.2f} years" in bundle.card


def test_the_model_is_judged_on_where_it_looks_and_has_the_mean_of_its_people(done, home):
    bundle = open_bundle(home / best(done))
    told = bundle.facts.looks
    assert told.people == len(PEOPLE) and 0 < told.checked <= len(PEOPLE)
    assert [each.name for each in told.methods] == ["integrated_gradients", "occlusion"]
    for each in told.methods:
        assert each.shown is not bool(each.why)
        assert f"- {each.name.replace('_', ' ')}: " in bundle.card
    array = np.load(done.folder / "results/derivatives/x/array/stiffness_res-8.npy")
    np.testing.assert_allclose(bundle.mean.values, array.mean(0) * kept(array), rtol=1e-4)


def kept(array: np.ndarray) -> np.ndarray:
    return (array != 0).sum(0) >= 5


def test_a_map_is_predicted_by_the_model_as_in_the_run(done):
    found = differences(done.folder, "x", best(done), done.folder / "study")
    assert len(found) == 4 and max(found) < 1e-4


def test_nothing_in_the_folder_is_of_one_person(done, home):
    folder = home / best(done)
    array = np.load(done.folder / "results/derivatives/x/array/stiffness_res-8.npy")
    content = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert len(content) == 8
    for name, whole in content.items():
        text = whole.decode("latin-1")
        for label, age in PEOPLE.items():
            assert label not in text, name
            assert not re.search(rf"(?<![\d.]){re.escape(f'{age:.3f}'.rstrip('0'))}(?!\d)", text), (
                name
            )
            for kind in (np.float32, np.float64):
                assert kind(age).tobytes() not in whole, name
        for image in array:
            inside = image[image != 0]
            for kind in (np.float32, np.float64):
                assert inside[100:108].astype(kind).tobytes() not in whole, name
        assert "study" not in text and str(done.folder) not in text, name


def test_a_search_of_bytes_would_find_an_age(done, tmp_path):
    age = next(iter(PEOPLE.values()))
    np.savez(tmp_path / "a.npz", age=np.array([1.0, age]))
    assert np.float64(age).tobytes() in (tmp_path / "a.npz").read_bytes()


def test_it_works_elsewhere_without_the_run_or_snakemake(done, home, tmp_path):
    model = shutil.copytree(home / best(done), tmp_path / "model")
    scan = done.folder / "study/sub-zq03k/mre/sub-zq03k_stiffness.nii.gz"
    shutil.copy(scan, tmp_path / "someone.nii.gz")
    away = done.folder / "results.away"
    (done.folder / "results").rename(away)
    code = (
        "import sys; sys.modules['snakemake'] = None\n"
        "from contrage.cli import main\n"
        f"main(['predict', {str(model)!r}, 'someone.nii.gz', '--output', 'p.tsv'])\n"
    )
    path = str(Path(cli.__file__).parents[1])
    try:
        ended = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "HOME": str(tmp_path)},
            capture_output=True,
            text=True,
        )
    finally:
        away.rename(done.folder / "results")
    assert ended.returncode == 0, ended.stderr
    (line,) = read_tsv(tmp_path / "p.tsv").to_dict("records")
    assert line["scan"] == "someone" and 0 < line["predicted_age"] < 120


def test_another_card_makes_models_anew_and_trains_nothing(done):
    assert not done.jobs()
    for file in ("card.py", "model.md", "export.py"):
        with edited(done.folder / "workflow/contrage/bundle" / file, "\n"):
            assert done.jobs() == {MAKING}, file


def test_what_predicts_repeats_nothing_of_a_run(done):
    for file in ("predict.py", "command.py", "subjects.py", "images.py"):
        with edited(done.folder / "workflow/contrage/bundle" / file, "\n"):
            assert not done.jobs(), file


def test_rows_that_are_named_are_exported_and_others_removed(done, home, tmp_path):
    before = {path: path.read_bytes() for path in sorted(home.rglob("*")) if path.is_file()}
    other = "exp" if best(done) == "l1" else "l1"
    asked = {**ASKED, "model": {"rows": [other], "interval": "site"}}
    (done.folder / "named.yaml").write_text(yaml.safe_dump(asked))
    assert done.jobs("named.yaml") == {MAKING, "Writing the page"}  # which shows the settings
    made = done.run(config="named.yaml")
    assert made.returncode == 0, made.stdout + made.stderr
    assert sorted(path.name for path in home.iterdir()) == sorted([other, "exported.json"])
    facts = open_bundle(home / other).facts
    assert facts.tested.rows == 1 and facts.interval.whom == "site"
    assert "was chosen among" not in open_bundle(home / other).card
    again = done.run()
    assert again.returncode == 0
    assert {path: path.read_bytes() for path in before} == before


def test_a_model_of_another_row_is_made_by_hand(done, home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(done.folder)
    other = "exp" if best(done) == "l1" else "l1"
    cli.main(["export", "results/x", "--rows", other, "--output", str(tmp_path / "out")])
    assert open_bundle(tmp_path / "out" / other).facts.row == other
    with pytest.raises(SystemExit, match="1"):
        cli.main(["export", "results/x", "--rows", "no", "--output", str(tmp_path / "out")])
    assert "no is no row of the table of errors" in capsys.readouterr().err


def test_a_row_that_is_none_is_refused_before_the_first_job(done):
    (done.folder / "wrong.yaml").write_text(yaml.safe_dump({**ASKED, "model": {"rows": ["no"]}}))
    failed = done.run("-n", config="wrong.yaml")
    printed = failed.stdout + failed.stderr
    assert failed.returncode != 0 and "Traceback" not in printed
    assert "model.rows: no is no row of the table of errors; choose from l1, exp" in printed


def test_the_table_of_the_command_is_as_the_json(done, home, tmp_path):
    given = [
        str(home / best(done)),
        str(done.folder / "study"),
        "--output",
        str(tmp_path / "p.tsv"),
    ]
    cli.main(["predict", *given, "--json", str(tmp_path / "p.json"), "--quiet"])
    frame, plain = read_tsv(tmp_path / "p.tsv"), json.loads((tmp_path / "p.json").read_text())
    assert frame["scan"].tolist() == [f"sub-{label}" for label in PEOPLE]
    assert frame["age"].tolist() == pytest.approx(list(PEOPLE.values()))
    found = [each["gap"] for each in plain["predictions"]]
    assert frame["gap"].tolist() == pytest.approx(found, abs=1e-6)


def test_many_scans_are_predicted_through_the_workflow_as_by_the_command(done, home, tmp_path):
    model, study = home / best(done), done.folder / "study"
    asked = {"model": str(model), "scans": str(study), "jobs": 3, "name": "again"}
    (done.folder / "new.yaml").write_text(yaml.safe_dump({**ASKED, "predict": asked}))
    made = done.run("predictions", config="new.yaml")
    assert made.returncode == 0, made.stdout + made.stderr
    table = done.folder / "results/predicted/again/predictions.tsv"
    cli.main(["predict", str(model), str(study), "--output", str(tmp_path / "p.tsv"), "--quiet"])
    assert table.read_bytes() == (tmp_path / "p.tsv").read_bytes()
    plain = read_json(table.with_suffix(".json"))
    assert len(plain["predictions"]) == len(PEOPLE) and "written" not in plain
    planned = done.run("-n", "predictions", config="new.yaml")
    assert "Nothing to be done" in planned.stdout + planned.stderr


def test_scans_to_predict_that_are_not_there_are_named_before_the_first_job(done, home):
    for asked, said in (
        ({"model": "nowhere", "scans": "study"}, "predict.model: nowhere is no model"),
        ({"model": str(home / best(done)), "scans": "no"}, "predict.scans: there is no no"),
        (
            {"model": str(home / best(done)), "scans": "study", "atlas": "small.yaml"},
            "predict.atlas: names the regions of predict.explain",
        ),
    ):
        (done.folder / "wrong.yaml").write_text(yaml.safe_dump({**ASKED, "predict": asked}))
        failed = done.run("-n", "predictions", config="wrong.yaml")
        assert failed.returncode != 0 and said in failed.stdout + failed.stderr
