"""The order of embeddings and features, with targets as they are and permuted."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from tested_rows import RowsOnTest, halves
from torch import nn

from contrage.evaluation.elements._embedding import embedding
from contrage.evaluation.elements.ordinality import NULL
from contrage.evaluation.statistics.ordinality import ordinality, unit
from contrage.learning.model import Model
from contrage.plan import null

AGES = np.random.default_rng(2).uniform(20, 80, 40).round(1)


def on_an_arc(ages, chance):
    """An angle for an age: in order also once lengths are one."""
    angle = ages / 80
    return np.column_stack([np.cos(angle), np.sin(angle)]) * 5


def anywhere(ages, chance):
    return chance.normal(size=(len(ages), 2))


def head(*sizes: int, predicts: bool = False) -> dict:
    layers = [nn.Linear(a, b) for a, b in pairwise(sizes)]
    parts = [part for layer in layers for part in (nn.ReLU(), layer)][1:]
    return {"head": nn.Sequential(*parts).state_dict(), "predicts": predicts}


@pytest.fixture
def study(tmp_path):
    rows = {"exp": lambda ages, _: ages, "l1": lambda ages, _: ages}
    features = {"exp": on_an_arc, "l1": on_an_arc, f"exp{NULL}": anywhere}
    heads = {"exp": head(), f"exp{NULL}": head(), "l1": head(2, 1, predicts=True)}
    heads["exp"]["predicts"] = heads[f"exp{NULL}"]["predicts"] = False
    told = {"evaluations": {"ordinality": {}}}
    return RowsOnTest(tmp_path / "x", AGES, halves(40), rows, features, heads, 2, told)


def test_what_is_in_order_is_found_and_its_drop_is_against_the_permuted_row(study):
    found = study.table("ordinality").set_index(["row", "space"])
    exp = found.loc[("exp", "embedding")]
    assert exp["spearman"] > 0.99 and abs(exp["permuted"]) < 0.3
    assert exp["drop"] == pytest.approx(exp["spearman"] - exp["permuted"], abs=1e-6)
    assert exp["permuted_row"] == "exp-null"
    assert exp["n_participants"] == 40 and exp["n_seeds"] == 2
    wanted = np.mean([ordinality(on_an_arc(part, None), part) for part in (AGES[20:], AGES[:20])])
    assert found.loc[("exp", "features"), "spearman"] == pytest.approx(wanted, abs=1e-6)


def test_a_head_that_predicts_has_no_embedding_and_that_is_told(study):
    found = study.table("ordinality").set_index(["row", "space"])
    l1 = found.loc[("l1", "embedding")]
    assert np.isnan(l1["spearman"]) and l1["note"].startswith("the head predicts the target")
    assert found.loc[("l1", "features"), "spearman"] > 0.9
    assert np.isnan(found.loc[("l1", "features"), "drop"])


def test_a_row_that_is_named_as_the_permuted_one_comes_before_the_null(study):
    told = {"evaluations": {"ordinality": {"permuted": {"exp": "l1"}}}}
    found = replace(study, told=told).table("ordinality").set_index(["row", "space"])
    features = found.xs("features", level="space")
    assert features.loc["exp", "permuted_row"] == "l1"
    assert features.loc["exp", "permuted"] == pytest.approx(features.loc["l1", "spearman"])
    assert features.loc["exp", "drop"] == pytest.approx(0, abs=1e-9)


def test_at_most_so_many_people_of_a_fold_are_looked_at(study, monkeypatch):
    monkeypatch.setattr("contrage.evaluation.elements.ordinality.MOST", 5)
    assert (study.table("ordinality")["n_participants"] == 10).all()


@pytest.mark.parametrize("predicts_last", [False, True])
def test_the_embedding_is_what_the_head_makes_of_the_features(tmp_path, predicts_last):
    torch.manual_seed(0)
    sizes = [6, 4 + predicts_last]
    network = Model("mlp", (7,), sizes, unit=True, predicts_last=predicts_last)
    scans = torch.randn(5, 1, 7)
    network.eval()
    with torch.no_grad():
        features, wanted = network.encoder(scans), network(scans)[:, 0, :4]
    saved = {
        "settings": {"training": {"encoder": "mlp"}},
        "encoder": network.encoder.state_dict(),
        "head": network.head.state_dict(),
        "predicts": predicts_last,
    }
    torch.save(saved, tmp_path / "model.pt")
    found = embedding(tmp_path / "model.pt", features.double().numpy())
    assert found == pytest.approx(wanted.numpy(), abs=1e-6)


def test_without_a_head_the_features_are_the_embedding(tmp_path):
    saved = {"settings": {"training": {"encoder": "mlp"}}, "encoder": {}, "head": {}}
    torch.save({**saved, "predicts": False}, tmp_path / "model.pt")
    values = np.array([[3.0, 4.0], [1.0, 0.0]])
    assert embedding(tmp_path / "model.pt", values).tolist() == unit(values).tolist()


def test_a_permuted_row_is_called_as_the_plan_calls_it():
    assert NULL == null.NULL
