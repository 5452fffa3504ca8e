"""What a model is asked to be: what the run's own steps were asked, for one image alone."""

from __future__ import annotations

import pytest
from cohorts import asked
from given import config

from contrage.bundle.facts import has_region
from contrage.cohort.read import read_cohort
from contrage.errors import SettingsError
from contrage.imaging.template.source import NILEARN
from contrage.plan import imaging, model
from contrage.plan.experiment import Experiment

TEMPLATE = NILEARN.settings()


def experiment(**blocks) -> Experiment:
    people = read_cohort(asked(source="phantom", phantom={"participants": 12, "seed": 1}))
    return Experiment.of(config(**blocks), people)


def test_the_steps_are_asked_as_in_the_run():
    of = experiment()
    found = model.seen(of.config, TEMPLATE).imaging
    assert found.check == imaging.check_settings(of.config, TEMPLATE)
    assert found.strip == imaging.strip_settings(of.config, TEMPLATE)
    assert found.correct == imaging.correct_settings(of.config)
    assert found.register == imaging.register_settings(of.config, TEMPLATE)
    assert found.quality == imaging.quality_settings(of.config, TEMPLATE)
    assert (found.anatomical, found.map, found.takes) == (
        "T1w",
        "stiffness",
        ("anatomical", "stiffness"),
    )
    assert found.corrects == ("corrected",)
    names = {"preproc_mask", "preproc_anatomical", "preproc_stiffness", "transform"}
    assert set(found.registers) == names


def test_maps_that_are_not_learned_from_are_no_part_of_it():
    cohort = {"image": "T1w", "maps": ["stiffness", "dampingratio"], "name": "heads"}
    found = model.seen(experiment(cohort=cohort).config, TEMPLATE).imaging
    assert (found.map, found.takes) == (None, ("anatomical",))
    assert set(found.registers) == {"preproc_mask", "preproc_anatomical", "transform"}


def test_a_mask_and_a_magnitude_are_taken_where_the_steps_read_them():
    asked_for = {
        "skull_strip": {"method": "mask"},
        "registration": {"map_pose": "magnitude", "transform": "syn"},
    }
    found = model.seen(experiment(preprocessing=asked_for).config, TEMPLATE).imaging
    assert found.takes == ("anatomical", "stiffness", "mask", "magnitude")
    assert {"map_transform", "warp"} <= set(found.registers)


def test_of_a_table_names_of_columns_are_told_and_nobody_who_is_left_out():
    table = {"participant": "who", "exclude": {"who": ["x"]}, "missing": "median"}
    cohort = {"source": "table", "image": "table", "name": "t", "path": "t.csv", "table": table}
    asked_for = config(experiment="t", cohort=cohort, training={"encoder": "mlp"})
    found = model.seen(asked_for, TEMPLATE)
    assert found.imaging is None and found.table.participant == "who"
    assert "x" not in vars(found.table).values() and not hasattr(found.table, "exclude")


def test_a_row_of_another_table_is_refused():
    of = experiment(model={"rows": ["exp", "none"]})
    with pytest.raises(SettingsError, match=r"model\.rows: none is no row of the table of errors"):
        model.check(of)
    assert model.candidates(experiment(model={"rows": ["exp"]})) == ["exp"]
    everyone = experiment()
    assert model.candidates(everyone) == everyone.rows


def test_of_prepared_data_is_told_what_divides_them_and_no_folder_of_this_machine():
    own = {"grid": [6, 5, 4], "edge_mm": 2, "reference": "/data/masks/cerebellum.nii"}
    volumes = {"source": "a4", "image": "pet", "name": "a4", "path": "a4", "pet": own}
    target = {"column": "suvr_cer", "unit": "SUVR", "range": [0, 4]}
    of_pet = model.seen(config(experiment="x", cohort=volumes, target=target), TEMPLATE).arrays
    assert of_pet.own.reference == "cerebellum.nii" and has_region(of_pet)
    assert (of_pet.affine, of_pet.divided_by) == (None, None)
    mlp = {"encoder": "mlp"}
    regions = {"source": "adni", "image": "vbm_roi", "name": "adni", "path": "x"}
    for scale, column in (("tiv", "eTIV"), ("none", None)):
        cohort = {**regions, "features_scale": scale, "regions": {"tiv": "eTIV"}}
        found = model.seen(config(experiment="x", cohort=cohort, training=mlp), TEMPLATE).arrays
        assert found.divided_by == column and not has_region(found)
