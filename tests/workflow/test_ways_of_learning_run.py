"""Rare targets, mixtures, permuted labels and cosines of pairs, from a table to the page."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from small_study import Workflow, checkout
from test_table import CONFIG, write_table

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("learning")]

ROWS = {
    "l1-balanced": {"loss": "l1", "lds": {}, "fds": {"formulation": "paper"}},
    "l1-c-mixup": {"loss": "l1", "mixup": {"kind": "c-mixup"}},
    "permuted": {"loss": "supremix", "permute_labels": True},
    "linear": {"from": {"row": "supremix"}, "stage": {"loss": "l1", "train": "head", "lds": {}}},
    "again": {"from": {"row": "supremix"}, "stage": {"loss": "supcon", "epochs": 1}},
}
CONTRASTIVE = {"supremix": 2, "permuted": 2, "again": 1}
"""Rows that note cosines of pairs, and for how many epochs."""


def config(**changes: Any) -> dict[str, Any]:
    whole = copy.deepcopy(CONFIG)
    whole["dataset"] = {"split": {"scheme": "kfold", "folds": 2}}
    whole["target"] = {"bin": 5}
    whole["benchmark"]["losses"] = ["supremix", *ROWS]
    whole["losses"] = {"supremix": {"window": float("inf"), "window_in": "targets"}}
    whole["training"] |= {"logits": {"scans": 16}, **changes.pop("training", {})}
    whole["report"] = {"embedding_rows": ["supremix", "permuted"], "embedding_epochs": [1, 2]}
    return {**whole, "rows": copy.deepcopy(ROWS), **changes}


@pytest.fixture(scope="module")
def done(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("learning") / "contrage")
    write_table(workflow.folder / "regions.csv")
    (workflow.folder / "small.yaml").write_text(yaml.safe_dump(config()))
    finished = workflow.run()
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return workflow


def planned(workflow: Workflow, **changes: Any) -> set[str]:
    """Rows that would be trained again with these changes of the configuration."""
    (workflow.folder / "other.yaml").write_text(yaml.safe_dump(config(**changes)))
    found = (
        re.match(r"Training(?: the stage)? ([a-z0-9-]+)", line)
        for line in workflow.jobs("other.yaml")
    )
    return {each[1] for each in found if each}


def test_every_row_has_predictions_and_contrastive_ones_their_cosines(done):
    results = done.folder / "results/small"
    for row in ("supremix", *ROWS):
        assert len(read_tsv(results / f"predictions/{row}/seed-0.tsv")) > 40
        for fold in (0, 1):
            file = results / f"training/{row}/seed-0/fold-{fold}/logits.tsv"
            assert file.is_file() == (row in CONTRASTIVE)
            if row in CONTRASTIVE:
                lines = read_tsv(file)
                assert lines["epoch"].tolist() == list(range(1, CONTRASTIVE[row] + 1))
                assert lines["negatives"].between(-1, 1).all()
    assert len(list(results.glob("features/permuted/seed-0/fold-0_epoch-*.npz"))) == 2
    assert not list(results.glob("features/permuted/seed-0/fold-1_epoch-*.npz"))
    assert not done.jobs()


def test_each_setting_trains_its_rows_again_and_no_others(done):
    assert planned(done, training={"logits": {"scans": 17}}) == set(CONTRASTIVE) | {"linear"}
    assert planned(done, training={"logits": None}) == set(CONTRASTIVE) | {"linear"}
    for row, change in {
        "l1-balanced": {"fds": {"momentum": 0.5}},
        "l1-c-mixup": {"mixup": {"alpha": 1.0}},
        "permuted": {"permute_labels": False},
    }.items():
        assert planned(done, rows={**ROWS, row: {**ROWS[row], **change}}) == {row}
