"""`cohort` by name and by list: the block, or the merged blocks, that it comes to."""

from __future__ import annotations

import copy

import pytest

from contrage.settings.door import complete

COHORTS = """
experiment: mine
cohorts:
  openbhb: {source: table, image: table, path: /data/a.csv, columns: [group]}
  adni: {source: table, image: table, path: /data/b.csv, name: adni-3}
  everyone: [openbhb, adni]
"""


def test_a_cohort_is_named_and_has_its_key_as_name(read):
    config = read(COHORTS + "cohort: openbhb")
    assert config["cohort"]["path"] == "/data/a.csv"
    assert config["cohort"]["name"] == "openbhb"
    assert config["cohort"]["on_bad_scan"] == "fail"  # with all defaults
    assert read(COHORTS + "cohort: adni")["cohort"]["name"] == "adni-3"


def test_cohorts_that_nothing_names_leave_no_trace(read):
    named = read(COHORTS + "cohort: openbhb")
    plain = read(
        "experiment: mine\ncohort: {source: table, image: table, path: /data/a.csv, "
        "columns: [group], name: openbhb}"
    )
    assert named == plain
    assert named["cohorts"] == {}


def test_nothing_of_what_was_said_before_stays_in_a_named_cohort(read):
    config = read(
        COHORTS, "cohort: {source: bids, path: /scans, on_bad_scan: exclude}", "cohort: openbhb"
    )
    assert config["cohort"]["on_bad_scan"] == "fail"
    assert config["cohort"]["source"] == "table"


def test_what_is_said_later_is_laid_over_a_named_cohort(read):
    config = read(COHORTS + "cohort: openbhb", arguments=("cohort={on_bad_scan: exclude}",))
    assert config["cohort"]["on_bad_scan"] == "exclude"
    assert config["cohort"]["path"] == "/data/a.csv"
    line = read(COHORTS, arguments=("cohort=openbhb",))
    assert line["cohort"]["name"] == "openbhb"


def test_a_list_is_merged_of_whole_blocks(read):
    config = read(COHORTS + "cohort: [openbhb, {name: own, source: table, image: table, path: x}]")
    cohort = config["cohort"]
    assert (cohort["source"], cohort["name"]) == ("merged", "openbhb-own")
    assert [each["name"] for each in cohort["members"]] == ["openbhb", "own"]
    alone = read(COHORTS + "cohort: openbhb")["cohort"]
    assert cohort["members"][0] == alone
    assert cohort["image"] == "table"
    assert cohort["path"] == ""
    assert config["merge"] == {"same_ids": "refuse"}


def test_members_stand_beside_other_keys_and_a_group_has_a_name(read):
    text = "cohort: {members: [openbhb, adni], name: both, duplicates: keep}"
    cohort = read(COHORTS + text)["cohort"]
    assert (cohort["source"], cohort["name"], cohort["duplicates"]) == ("merged", "both", "keep")
    assert [each["name"] for each in cohort["members"]] == ["openbhb", "adni-3"]
    assert read(COHORTS + "cohort: everyone")["cohort"]["name"] == "everyone"
    over = read(COHORTS + "cohort: everyone", arguments=("cohort={name: all}",))["cohort"]
    assert (over["name"], len(over["members"])) == ("all", 2)


def test_a_list_of_one_is_that_cohort(read):
    assert read(COHORTS + "cohort: [openbhb]") == read(COHORTS + "cohort: openbhb")


def test_an_image_said_once_is_that_of_members_that_say_none(read):
    text = "cohorts: {a: {source: openbhb, path: x}, b: {source: adni, path: y}}\nexperiment: m\n"
    cohort = read(text + "cohort: {members: [a, b], image: vbm}")["cohort"]
    assert [each["image"] for each in cohort["members"]] == ["vbm", "vbm"]


def test_what_the_door_has_completed_passes_it_again_unchanged(read, schema):
    for text in ("cohort: openbhb", "cohort: [openbhb, adni]"):
        config = read(COHORTS + text)
        assert complete(copy.deepcopy(config), schema) == config


def test_two_merged_cohorts_of_one_configuration_share_no_block(read):
    first = read(COHORTS + "cohort: [openbhb, adni]")
    first["cohort"]["members"][0]["path"] = "changed"
    assert read(COHORTS + "cohort: openbhb")["cohort"]["path"] == "/data/a.csv"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("cohort: opnbhb", "cohort: cohorts has no 'opnbhb'; did you mean openbhb?"),
        (
            "cohort: zzz",
            "cohort: cohorts has no 'zzz'; there are openbhb, adni, everyone",
        ),
        ("cohort: [openbhb, openbhb]", "cohort: openbhb stands there twice; name each member once"),
        (
            "cohort: [openbhb, everyone]",
            "cohort: everyone is merged itself; name its members in its place",
        ),
        (
            "cohort: [openbhb, {source: table, image: table, path: x}]",
            "cohort: each block of a list needs a name; its people's ids begin with it",
        ),
        (
            "cohort: [openbhb, {name: other, source: arrays, image: vbm, path: x}]",
            "cohort.image: other has vbm, openbhb has table; only cohorts of one kind of data can "
            "be merged",
        ),
        (
            "cohort: [{name: a, source: openbhb, image: vbm_roi, path: x, features_scale: tiv}, "
            "{name: b, source: oasis3, image: vbm_roi, path: y}]",
            "cohort.features_scale: b has none, a has tiv; say the same of all members",
        ),
        (
            "cohort: {members: [openbhb, adni], image: vbm}",
            "cohort.image: openbhb has table, adni-3 has table; only",
        ),
        (
            "cohort: {members: [openbhb, adni], name: openbhb}",
            "cohort.name: openbhb is the name of a member; give the merged cohort another",
        ),
        (
            "cohort: {members: [openbhb, adni], source: bids}",
            "cohort.source: bids, but it has members; remove one of the two",
        ),
        (
            "cohort: {members: [openbhb, adni], path: /data}",
            "cohort.path: does nothing for a merged cohort; say it of its members",
        ),
        (
            "cohort: {source: merged}",
            "cohort.members: there are none to merge; name some of cohorts, or choose another",
        ),
    ],
)
def test_what_cannot_be_merged_is_refused(said, text, sentence):
    lines = said(COHORTS + text)
    assert lines[0].startswith(sentence)


def test_a_mistake_in_a_named_block_is_told_once_where_it_stands(said):
    text = "experiment: m\ncohorts: {a: {source: table, imag: table}, b: {on_bad_scan: keep}}\n"
    for asked in ("a", "[a, b]"):
        keys = sorted(line.partition(":")[0] for line in said(f"{text}cohort: {asked}"))
        assert keys == ["cohorts.a.imag", "cohorts.b.on_bad_scan"]


def test_a_name_without_cohorts_is_told(said):
    assert said("cohort: adni") == ["cohort: cohorts has no 'adni'; cohorts is empty"]


def test_neither_another_name_nor_a_path_names_a_cohort(said):
    assert said("cohorts: {a/b: {source: bids}}")[0].startswith("cohorts.a/b: not possible as a")
    assert said("cohorts: {a: b}")[0].startswith("cohorts.a: b is not possible; it takes")
