"""What is true of the demo alone is said of no other data."""

from __future__ import annotations

from contrage.target import Target

OWN = "experiment: mine\ncohort: {source: table, image: table, name: mine, path: a.csv}\n"


def test_the_demo_describes_itself(read):
    assert read()["description"] == "Digital phantom, the workflow's own demonstration."
    assert read("description: mine")["description"] == "mine"


def test_other_data_have_the_description_that_was_given_or_none(read):
    assert read(OWN)["description"] == ""
    assert read(OWN + "description: Ages of mice\n")["description"] == "Ages of mice"


def test_other_data_are_not_kept_under_the_names_of_the_demo(said):
    words = "is the name of the demo's digital phantom; give your data one of their own"
    assert said("cohort: {source: bids, path: a}") == [
        f"experiment: demo {words}",
        f"cohort.name: phantom {words}",
    ]
    assert said("pretraining: {cohort: {source: bids}}") == [
        f"pretraining.cohort.name: phantom-t1 {words}"
    ]


def test_another_target_does_not_inherit_unit_and_range_of_age(said, read):
    assert said(OWN + "target: {column: bdi}") == [
        "target.unit: years and the range [0, 120] are those of age; give bdi its own "
        '(unit: "" for none, range: null for any)'
    ]
    assert read(OWN + 'target: {column: bdi, unit: "", range: [0, 63]}')["target"]["unit"] == ""
    assert read(OWN + "target: {column: bdi, range: null}")["target"]["range"] is None


def test_a_target_of_two_sides_has_no_unit_and_is_compared_by_balanced_accuracy(read):
    asked = "target: {column: diagnosis, kind: binary, positive: AD, negative: HC}"
    config = read(OWN + asked)
    assert Target(**config["target"]).label() == "diagnosis"
    assert config["statistics"]["primary"] == "bacc"
    assert read(OWN)["statistics"]["primary"] == "mae"
