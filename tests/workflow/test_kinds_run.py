"""Pictures, videos, volumes and time series go from files to a study's page: phantoms of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from small_study import Workflow, checkout

from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import predict_subjects, subjects
from contrage.files import read_json
from contrage.layout import Results
from contrage.tables import read_tsv

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("kinds")]

PEOPLE = 32
MONTHS = {"column": "boneage", "unit": "months", "range": [0, 300]}
OF_RSNA = {"train": "train", "val": "val", "test": "test", "validation": "none"}
OF_ECHONET = {"TRAIN": "train", "VAL": "val", "TEST": "test"}


def given(column: str, roles: dict[str, str]) -> dict[str, Any]:
    return {"split": {"scheme": "given", "column": column, "roles": roles}}


STUDY: dict[str, Any] = {
    "study": "kinds",
    "base": {
        "benchmark": {"losses": ["l1", "supremix"], "norms": [], "pretrained": [], "null": []},
        "training": {
            **{"seeds": [0], "epochs": 2, "batch_size": 8, "device": "cpu", "ema": 0.9},
            **{"encoder": "small", "head": [8, 4]},
        },
        "statistics": {"bootstrap": 100, "permutations": 100},
        "report": {"embedding_rows": []},
    },
    "cohorts": {
        "hands": {"source": "images", "image": "xray", "xray": {"size": [32, 24]}},
        "hearts": {"source": "echonet", "image": "video"},
        "brains": {"source": "a4", "image": "pet", "pet": {"grid": [20, 20, 20], "edge_mm": 8}},
        "signals": {
            **{"source": "hcp", "image": "series", "series": {"regions": 20, "length": 64}}
        },
    },
    "overlays": {
        "hands": {
            **{"cohort": "hands", "target": {**MONTHS, "bin": 12}},
            "dataset": given("split", OF_RSNA),
            "training": {"augmentation": {"affine": {}, "flip": {}, "brightness": {}, "zoom": {}}},
        },
        "hearts": {
            "cohort": "hearts",
            "target": {"column": "EF", "unit": "%", "range": [0, 100], "bin": 5},
            "dataset": given("Split", OF_ECHONET),
            "training": {"augmentation": {"jitter": {}}},
        },
        "brains": {
            "cohort": "brains",
            "target": {"column": "suvr_cer", "unit": "SUVR", "range": [0, 4], "bin": 0.1},
            "dataset": {"voxel_mm": 8},
        },
        "signals": {"cohort": "signals"},
    },
    "tables": {"all": {"overlays": ["*"], "rows": ["overlay", "row"], "columns": [],
                       "values": ["mae", "mse", "gm"]}},
}  # fmt: skip
PHANTOMS = {"hands": "rsna", "hearts": "echonet", "brains": "a4", "signals": "hcp"}


@pytest.fixture(scope="module")
def kinds(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    workflow = checkout(root, tmp_path_factory.mktemp("kinds") / "contrage")
    for name, of in PHANTOMS.items():
        STUDY["cohorts"][name]["phantom_files"] = {"of": of, "people": PEOPLE}
    own = {"frames": 16, "every": 2, "pixels": [16, 16]}
    STUDY["cohorts"]["hearts"]["video"] = own
    (workflow.folder / "kinds.yaml").write_text(yaml.safe_dump(STUDY))
    done = workflow.run(config="kinds.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    return workflow


def test_every_kind_is_trained_and_judged(kinds):
    found = read_tsv(kinds.folder / "results/kinds/tables/all.tsv")
    assert len(found) == 2 * len(PHANTOMS)
    assert (found["gm"] <= found["mae"]).all() and (found["mae"] ** 2 <= found["mse"]).all()
    assert np.isfinite(found[["mae", "mse", "gm"]].to_numpy()).all()


@pytest.mark.parametrize("name, shape", [
    ("hands", (1, 32, 24)), ("hearts", (1, 16, 16, 16)),
    ("brains", (1, 20, 20, 20)), ("signals", (20, 64)),
])  # fmt: skip
def test_arrays_have_the_channels_and_shape_that_are_asked_for(kinds, name, shape):
    (array,) = (kinds.folder / f"results/derivatives/{name}/array").glob("*.npy")
    values = np.load(array, mmap_mode="r")
    assert values.shape[1:] == shape and len(values) <= PEOPLE
    told = read_json(array.with_suffix(".json"))["contrage"]["steps"][0]["parameters"]["own"]
    assert told is not None, "with which settings files were brought to one shape"


def test_pages_say_what_of_preprocessing_did_not_run(kinds):
    for name in PHANTOMS:
        text = (kinds.folder / f"results/kinds-{name}/report.html").read_text()
        assert "did not run" in text or "nothing." in text, name


@pytest.mark.parametrize("name", PHANTOMS)
def test_who_was_tested_is_predicted_from_files_as_in_the_run(kinds, name):
    results = Results.at(str(kinds.folder / f"results/kinds-{name}"))
    (row,) = read_json(Path(results.exported))["rows"]
    bundle = open_bundle(Path(results.models) / row)
    (array,) = (kinds.folder / f"results/derivatives/{name}/array").glob("*.json")
    files = read_json(array)["contrage"]["inputs"]
    frame = read_tsv(Path(results.predictions.format(row=row, seed=0)))
    member = bundle.members[0].facts
    tested = frame[(frame["split"] == "test") & (frame["fold"] == member.fold)].head(3)
    paths = [kinds.folder / files[scan]["path"] for scan in tested["scan_id"]]
    found = list(predict_subjects(bundle, subjects(bundle, paths), members=[0]))
    assert [each.refused for each in found] == [None] * len(paths) and len(paths)
    expected = tested[bundle.facts.target.predicted].to_numpy()
    # Targets are in years, months, per cent and SUVR: what they have in common is their SD.
    off = np.abs([each.predicted for each in found] - expected)
    assert off.max() < 1e-4 * max(1.0, frame[bundle.facts.target.column].std())
