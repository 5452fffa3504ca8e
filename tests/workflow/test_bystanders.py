"""Whom nothing is learned from changes no bit of what is learned: patients, and external people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from small_study import Workflow, checkout

from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("bystanders")]

CONFIG: dict[str, Any] = {
    "cohort": {"source": "table", "image": "table"},
    "dataset": {
        "split": {"scheme": "kfold", "folds": 2},
        "learn_from": {"group": ["HC"]},
        "external": {"site": ["far", "away"]},
    },
    "benchmark": {"losses": ["l1", "exp"], "norms": []},
    "training": {"seeds": [0], "epochs": 3, "batch_size": 8, "device": "cpu", "encoder": "mlp"},
}


COLUMNS = ["row", "fold", "split", "scan_id", "age", "predicted_age"]


def people() -> pd.DataFrame:
    """Return 40 healthy people, 10 patients among them, and 8 people of two other sites."""
    rng = np.random.default_rng(8)
    site, group = ["near"] * 50 + ["far", "away"] * 4, ["HC"] * 58
    for number in range(0, 50, 5):
        group[number] = "AD"
    ages = rng.uniform(30, 80, 58).round(1)
    features = {
        f"region_{n}": (2.5 - 0.01 * ages + rng.normal(0, 0.1, 58)).round(4) for n in range(8)
    }
    names = [f"{number:03d}" for number in range(58)]
    told = {"participant_id": names, "age": ages, "site": site, "group": group}
    return pd.DataFrame({**told, **features})


def without_patients(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["group"] == "HC"]


def with_external_people_at_other_sites(table: pd.DataFrame) -> pd.DataFrame:
    dealt = table["site"].replace({"far": "away", "away": "far"})
    return table.assign(site=dealt.where(table.index != 57, "far"))


@pytest.fixture(scope="module")
def workflow(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    return checkout(root, tmp_path_factory.mktemp("bystanders") / "contrage")


@pytest.fixture(scope="module")
def learned(workflow: Workflow):
    """Run on a table and return the weights of each training, and predictions of healthy people."""

    def of(name: str, table: pd.DataFrame) -> tuple[dict[str, torch.Tensor], pd.DataFrame]:
        table.to_csv(workflow.folder / f"{name}.csv", index=False)
        cohort = {**CONFIG["cohort"], "name": name, "path": f"{name}.csv"}
        config = {**CONFIG, "experiment": name, "cohort": cohort}
        (workflow.folder / f"{name}.yaml").write_text(yaml.safe_dump(config))
        rows = CONFIG["benchmark"]["losses"]
        results = workflow.folder / "results" / name
        predictions = [results / f"predictions/{row}/seed-0.tsv" for row in rows]
        asked = [str(each.relative_to(workflow.folder)) for each in predictions]
        done = workflow.run(*asked, config=f"{name}.yaml")
        assert done.returncode == 0, done.stdout + done.stderr
        weights = {}
        for row in rows:
            for fold in (0, 1):
                file = results / f"training/{row}/seed-0/fold-{fold}/model.pt"
                encoder = torch.load(file, weights_only=True)["encoder"]
                weights |= {f"{row} {fold} {key}": each for key, each in encoder.items()}
        frames = pd.concat([read_tsv(file).assign(row=file.parent.name) for file in predictions])
        healthy = frames[frames["split"].isin(["train", "test"])]
        return weights, healthy[COLUMNS].reset_index(drop=True)

    return of


@pytest.fixture(scope="module")
def before(learned):
    return learned("everybody", people())


@pytest.mark.parametrize("change", [without_patients, with_external_people_at_other_sites])
def test_models_and_predictions_of_healthy_people_keep_their_bits(learned, before, change):
    weights, predicted = learned(change.__name__, change(people()))
    assert weights.keys() == before[0].keys()
    assert [name for name in weights if not torch.equal(weights[name], before[0][name])] == []
    assert set(predicted["split"]) == {"train", "test"} and len(predicted) == 2 * 2 * 40
    pd.testing.assert_frame_equal(predicted, before[1])
