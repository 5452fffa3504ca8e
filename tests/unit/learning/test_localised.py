"""Settings that turn dynlocrep into exp are told, row by row."""

from __future__ import annotations

import pytest
import yaml
from training_steps import feasible_step

from contrage.files import read_json
from contrage.learning.feasible import check_feasible
from contrage.learning.localised import Repulsion, drawn, warnings
from contrage.plan import rows as experiment


def row(**settings) -> dict:
    return {"loss": "dynlocrep", **settings}


@pytest.mark.parametrize(
    ("settings", "batch", "epochs", "said"),
    [
        (row(nn_final=14), 12, 50, "repels from all 12 in every epoch (nn_final 14 is not below"),
        (row(nn_final=16), 16, 50, "repels from all 16 in every epoch"),
        (row(nn_step_size=60), 32, 50, "all 32 in every epoch (too few epochs: 50"),
        (row(nn_step_size=0), 32, 50, "all 32 in every epoch (nn_step_size is 0)"),
        (row(), 32, 1, "all 32 in every epoch (too few epochs: 1"),
        (row(formulation="released"), 16, 50, "formulation: released localises nothing"),
        (row(max_epochs=50), 32, 10, "repels from 28 of 32 at the end and never reaches nn_final"),
    ],
)
def test_what_makes_it_exp_or_breaks_its_schedule_is_told(settings, batch, epochs, said):
    found = warnings({"mine": settings}, Repulsion(batch, epochs))
    assert len(found) == 1 and found[0].startswith("losses.mine: repels from") and said in found[0]
    assert ("this row is exp" in found[0]) == ("in every epoch" in found[0])


@pytest.mark.parametrize(
    ("settings", "batch", "epochs"),
    [
        (row(), 32, 50),
        (row(nn_final=7), 16, 30),
        (row(nn_step_size=7), 32, 50),
        (row(nn_step_size=30), 32, 50),
        (row(max_epochs=10), 32, 50),
        (row(formulation="released"), 32, 50),
        ({"loss": "exp"}, 4, 1),
    ],
)
def test_a_schedule_that_arrives_is_no_matter(settings, batch, epochs):
    assert warnings({"mine": settings}, Repulsion(batch, epochs)) == []


@pytest.mark.parametrize("step", [1, 2, 3, 5])
@pytest.mark.parametrize("epochs", range(2, 60))
def test_the_default_schedule_always_arrives(step, epochs):
    for formulation in ("paper", "released"):
        settings = row(nn_final=7, nn_step_size=step, formulation=formulation)
        if epochs > step:
            assert warnings({"mine": settings}, Repulsion(32, epochs)) == []


def test_draws_of_a_search_are_counted_once_per_row():
    draws = [row(nn_final=n) for n in (4, 20, 30)]
    found = drawn("mine", draws, Repulsion(16, 30))
    assert len(found) == 1
    assert found[0].startswith("search.rows.mine: 2 of 3 draws; the first repels from all 16")
    assert drawn("mine", draws[:1], Repulsion(16, 30)) == []


def test_the_record_has_the_warnings_and_the_console_too(tmp_path, caplog):
    rows = {
        "exp": {"loss": "exp"},
        "dynlocrep": row(),
        "dynlocrep-cosine": row(norm="cosine"),
    }
    settings = feasible_step(batch_size=12, epochs=50, rows=rows)
    check_feasible(settings, output=tmp_path / "feasible.json")
    found = read_json(tmp_path / "feasible.json")["warnings"]
    assert [text.partition(":")[0] for text in found] == [
        "losses.dynlocrep",
        "losses.dynlocrep-cosine",
    ]
    assert all(text in caplog.text for text in found)


def test_the_default_configuration_has_no_warning(root):
    config = yaml.safe_load((root / "config/config.yaml").read_text(encoding="utf-8"))
    rows = {name: experiment.loss_settings(config, name) for name in experiment.all_rows(config)}
    assert sum(each["loss"] == "dynlocrep" for each in rows.values()) == 5
    training = config["training"]
    assert warnings(rows, Repulsion(training["batch_size"], training["epochs"])) == []
