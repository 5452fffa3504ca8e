"""What is true of the demo alone is said of no other data."""

from __future__ import annotations

from contrage.target_words import TargetInWords

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


def test_another_target_inherits_neither_unit_nor_range_of_age(said, read):
    unit = 'target.unit: years is that of age; give bdi its own ("" for none)'
    limits = "target.range: [0, 120] is that of age; give bdi its own (null for any)"
    assert said(OWN + "target: {column: bdi}") == [unit, limits]
    assert said(OWN + "target: {column: bdi, range: null}") == [unit]
    assert said(OWN + 'target: {column: bdi, unit: ""}') == [limits]
    assert read(OWN + 'target: {column: bdi, unit: "", range: [0, 63]}')["target"]["unit"] == ""


def test_another_target_may_have_the_unit_and_range_of_age_where_they_are_stated(read):
    stated = OWN + "target: {column: illness, unit: years, range: [0, 120]}"
    assert read(stated)["target"]["range"] == [0, 120]
    parts = OWN + "target: {column: illness, range: [0, 60]}", "target: {unit: years}"
    assert read(*parts)["target"]["unit"] == "years"


def test_a_target_of_two_sides_has_no_unit_and_is_compared_by_balanced_accuracy(read):
    asked = "target: {column: diagnosis, kind: binary, positive: AD, negative: HC}"
    config = read(OWN + asked)
    assert TargetInWords(**config["target"]).label() == "diagnosis"
    assert config["statistics"]["primary"] == "bacc"
    assert read(OWN)["statistics"]["primary"] == "mae"
