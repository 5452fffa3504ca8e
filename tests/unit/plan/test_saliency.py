"""Which rows are explained, from which files, in which places."""

from __future__ import annotations

from pathlib import Path

import pytest
from cohorts import asked
from given import config

from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError
from contrage.plan import jobs, saliency
from contrage.plan.experiment import Experiment
from contrage.plan.refuse import check

TABLES = {"saliency", "saliency_people", "saliency_sanity"}
TABLE = {"source": "table", "image": "table", "path": "t.csv", "name": "regions"}


def experiment(told: dict | None, **blocks) -> Experiment:
    phantom = {"participants": 12, "seed": 1}
    own = config(evaluations={"saliency": told}, **blocks)
    return Experiment.of(own, read_cohort(asked(source="phantom", phantom=phantom)))


def test_nothing_is_explained_unless_it_is_asked_for():
    assert saliency.explained(experiment(None)) == []
    assert not TABLES & set(experiment(None).tables)
    assert set(experiment({}).tables) >= TABLES


def test_the_first_row_of_the_table_is_explained_or_those_that_are_named():
    of = experiment({})
    assert saliency.explained(of) == of.rows[:1]
    assert saliency.explained(experiment({"rows": ["exp", "l1"]})) == ["exp", "l1"]


def test_where_prepared_volumes_lie_is_asked_for_an_atlas_alone(tmp_path):
    file = tmp_path / "a.nii.gz"
    file.touch()
    told = {"atlas": str(file)}
    vbm = {"source": "openbhb", "image": "vbm", "path": "x", "name": "x"}
    for cohort, asked_for, wanted in (
        (vbm, told, ["array/vbm.json"]),
        (vbm, {}, []),
        ({}, told, []),
    ):
        own = config(experiment="mine", evaluations={"saliency": asked_for}, cohort=cohort)
        of = Experiment(**{**vars(experiment({})), "config": own})
        assert saliency.place_file(of, "array/vbm.npy") == wanted


def test_models_and_probes_of_the_row_are_read_and_no_other():
    of = experiment({})
    row = of.rows[0]
    found = saliency.files(of, row)
    assert len(found["models"]) == len(of.seeds) * len(of.folds)
    assert all(f"/{row}/" in file for file in found["models"])
    assert found["coefficients"] == [
        of.results.coefficients.format(row=row, seed=s) for s in of.seeds
    ]
    for name in TABLES:
        told = jobs.evaluated(of, name)
        assert told["attributions"] == [of.results.attributions.format(row=row)]
        assert not told["models"] and not jobs.reads_array(name)


def test_an_edit_of_it_trains_nothing_and_probes_nothing():
    before = experiment(None)
    for told in ({}, {"scans": 5, "methods": ["occlusion"], "steps": 8}):
        after = experiment(told)
        row = after.rows[0]
        assert jobs.training(before, row, 0, 0) == jobs.training(after, row, 0, 0)
        assert jobs.probe(before, row) == jobs.probe(after, row)


def test_another_row_that_is_explained_repeats_no_other_rows_step():
    one, both = experiment({"rows": ["exp"]}), experiment({"rows": ["exp", "l1"]})
    assert saliency.step(one, "exp") == saliency.step(both, "exp")


@pytest.mark.parametrize(
    ("cohort", "by"),
    [
        ({}, "phantom"),
        ({"source": "bids", "path": "x", "name": "x"}, "tissue"),
        ({"source": "openbhb", "image": "vbm", "path": "x", "name": "x"}, "blocks"),
        ({"source": "openbhb", "image": "desikan", "path": "x", "name": "x"}, "regions"),
        (TABLE, "features"),
    ],
)
def test_places_are_those_that_the_data_have(cohort, by):
    own = {"experiment": "mine"} if cohort else {}
    found = saliency.regions(config(evaluations={"saliency": {}}, cohort=cohort, **own))
    assert found.by == by and (found.grid_mm is None) == (by not in ("phantom", "tissue"))
    if found.grid_mm:
        assert found.factor * found.grid_mm == config()["dataset"]["voxel_mm"]


def test_maps_are_written_of_images_that_have_a_place():
    found = saliency.maps(experiment({"methods": ["occlusion"]}))
    assert found == ["results/demo/saliency/{row}/occlusion.nii.gz"]
    of_table = Experiment(
        **{**vars(experiment({})), "config": config(experiment="mine", cohort=TABLE)}
    )
    assert saliency.maps(of_table) == []


def test_an_atlas_and_its_names_are_inputs(tmp_path):
    file, names = tmp_path / "a.nii.gz", tmp_path / "a.tsv"
    file.write_text("")
    of = experiment({"atlas": str(file)})
    assert saliency.regions(of.config).by == "atlas" and saliency.atlas_files(of) == [str(file)]
    names.write_text("")
    assert saliency.atlas_files(of) == [str(file), str(names)]


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"rows": ["sun"]}, r"evaluations\.saliency\.rows: sun is no row of the table of errors"),
        ({"atlas": "nowhere.nii"}, r"evaluations\.saliency\.atlas: there is no file nowhere\.nii"),
    ],
)
def test_rows_that_are_not_trained_and_an_atlas_that_is_not_there_are_refused(told, message):
    with pytest.raises(SettingsError, match=f"^{message}"):
        check(config(evaluations={"saliency": told}))


def test_an_atlas_of_a_table_is_refused(tmp_path):
    Path(tmp_path / "a.nii").write_text("")
    asked_for = {"saliency": {"atlas": str(tmp_path / "a.nii")}}
    own = config(experiment="mine", evaluations=asked_for, cohort=TABLE)
    with pytest.raises(SettingsError, match=r"^evaluations\.saliency\.atlas: an atlas is of vol"):
        saliency.check(own, ["exp"])
