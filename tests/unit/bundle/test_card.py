"""The model card says what the facts say, and nothing that was not measured."""

from __future__ import annotations

import re
from dataclasses import replace

from made_models import HIDDEN, looks, table_model
from targets import SIDES

from contrage.bundle.card import card
from contrage.bundle.opened import open_bundle

HEADS = ["What it predicts", "Whom it learned from", "How it was tested", "Intervals"]
HEADS += ["What it refuses and what it flags", "Versions and citation"]


def test_its_sections_stand_in_order_and_research_use_is_said_once(of_table):
    text = card(of_table.facts)
    assert re.findall(r"^## (.+)$", text, re.M) == HEADS
    assert text.count("Research use only") == 1
    assert not re.search(r"\n\n\n", text) and "None" not in text and "nan" not in text


def test_numbers_of_the_tests_are_those_of_the_facts(of_table):
    text = card(of_table.facts)
    assert "Mean absolute error 4.50 years; that of predicting the training mean: 14.20" in text
    assert "| 20 to below 50 | 22 | 4.10 | 95% |" in text
    assert "| b | 20 | 4.80 | n/a |" in text
    assert "chosen among 3 rows by this very error" in text
    assert "predicted = 10.000 + 0.8000 · age, of 40 held-out people" in text
    named = replace(of_table.facts, tested=replace(of_table.facts.tested, rows=1))
    assert "chosen among" not in card(named)


def test_a_new_site_is_promised_nothing_where_sites_were_learned_from(of_table):
    assert "of a new site an interval may hold less often" in card(of_table.facts)
    apart = replace(of_table.facts.interval, new_sites=True)
    assert "had seen nobody of their site" in card(replace(of_table.facts, interval=apart))


def test_what_holds_by_construction_is_not_called_measured(of_table):
    def text(**changes) -> str:
        interval = replace(of_table.facts.interval, **changes)
        return card(replace(of_table.facts, interval=interval))

    several, one = text(), text(sites=("a",))
    assert "these sites it holds so many by construction" in several
    assert "people of other sites it was measured, with the interval that all other" in several
    assert "By construction the interval that all others make holds 90.0% of them" in one
    assert "it was measured" not in one and "too few to say" in text(coverage=None)
    assert not any(re.search(r"\n\n\n", each) for each in (several, one, text(coverage=None)))


def test_what_numbers_are_of_people_is_said(of_table, of_maps):
    assert "a median of an odd number of scans is one scan's value" in card(of_table.facts)
    assert "Each residual is the error of one person" in card(of_maps.facts)


def test_of_two_sides_there_are_no_errors_and_no_intervals(tmp_path):
    facts = open_bundle(table_model(tmp_path / "sides", SIDES, line=None)).facts
    text = card(facts)
    assert "Balanced accuracy 0.700" in text and "what is predicted is a probability" in text
    assert "in their interval" not in text and "| n/a" not in text


def test_of_a_scan_the_preprocessing_is_told(of_maps):
    text = card(of_maps.facts)
    assert (
        "skull stripping by none" in text and "of a map of stiffness (NIfTI), values in kPa" in text
    )


def test_where_it_looks_is_said_of_methods_that_passed_and_why_not_of_others(of_table):
    text = card(replace(of_table.facts, looks=looks(8, "occlusion")))
    assert "## Where it looks" in text and "## Where it looks" not in card(of_table.facts)
    assert f"- integrated gradients: is not shown: {HIDDEN}." in text
    assert (
        "- occlusion: may be shown; on 4 test people its map has a rank correlation of 0.30" in text
    )
    assert "and of 0.80 with those of other networks of this row." in text
    assert "the mean image of 8 people" in text and "no voxel is of fewer than 5" in text
    assert not re.search(r"\n\n\n", text)
    features = card(replace(of_table.facts, looks=looks(0, "occlusion")))
    assert "mean image" not in features and not re.search(r"\n\n\n", features)
