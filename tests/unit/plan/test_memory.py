"""What a training asks of memory follows what it holds."""

from __future__ import annotations

import copy
from pathlib import Path

import pytest

from contrage.cohort.scans import Cohort, Scan
from contrage.learning import encoders
from contrage.plan import memory
from contrage.plan.experiment import Experiment
from contrage.settings.door import complete, load_schema

IMAGE = (1, 46, 55, 46)


@pytest.fixture(scope="module")
def demo(root: Path) -> dict:
    schema = load_schema(root / "workflow/schemas/config.schema.yaml")
    return complete({"experiment": "x"}, schema)


def experiment(demo: dict, **changes) -> Experiment:
    config = copy.deepcopy(demo)
    for block, change in changes.items():
        config[block] |= change
    scans = [Scan(f"sub-{n:02d}", None, 20.0 + n, None, "A") for n in range(20)]
    return Experiment.of(config, Cohort(scans, [], []))


def asked(demo: dict, **training) -> int:
    return memory.of_training(experiment(demo, training={"device": "cpu", **training}), "exp")


def test_it_grows_with_the_batch_and_with_the_grid_and_with_the_scans():
    small = memory.training_mb("resnet18", IMAGE, 8, 100)
    assert memory.training_mb("resnet18", IMAGE, 16, 100) > small
    assert memory.training_mb("resnet18", (1, 91, 109, 91), 8, 100) > 2 * small
    assert memory.training_mb("resnet18", IMAGE, 8, 1000) > small
    assert memory.training_mb("resnet18", IMAGE, 8, 10**6) == memory.training_mb(
        "resnet18", IMAGE, 8, 10**5
    ), "that many are read from disk"


def test_images_are_counted_where_they_are_kept(demo):
    many = [
        memory.training_mb("small", (1, 91, 109, 91), 4, 2000, storage)
        for storage in ("disk", "auto", "device")
    ]
    assert many == sorted(many) and len({*many}) == 3
    assert asked(demo, storage="disk") < asked(demo, storage="device")


def test_images_that_are_counted_fit_into_the_half_that_storage_auto_gives_them():
    from contrage.learning.images import CHUNK, SHARE

    whole_mb = 1000 * 4 * 91 * 109 * 91 / 2**20
    asked = memory.training_mb("small", (1, 91, 109, 91), 4, 1000)
    assert whole_mb < memory.MOST_IMAGES_MB["auto"]
    assert whole_mb <= SHARE * (asked - memory.LIBRARIES_MB) + 1
    assert memory.LOADED_AT_ONCE == CHUNK


@pytest.mark.parametrize(
    ("encoder", "shape", "batch", "peak_mb"),
    [
        ("small", (46, 55, 46), 16, 535),
        ("small", (91, 109, 91), 4, 934),
        ("resnet18", (46, 55, 46), 16, 1564),
        ("resnet18", (91, 109, 91), 2, 1696),
        ("resnet18", (91, 109, 91), 4, 2073),
        ("sfcn", (46, 55, 46), 16, 1469),
        ("sfcn", (91, 109, 91), 4, 2400),
    ],
)
def test_asked_for_is_between_the_measured_peak_and_half_as_much_again(
    encoder, shape, batch, peak_mb
):
    """Peaks are of benchmarks/memory.py, with 64 scans besides the batch."""
    asked = memory.training_mb(encoder, (1, *shape), batch, batch + 64)
    assert peak_mb <= asked <= 1.5 * peak_mb


def test_views_that_are_augmented_are_encoded_each(demo):
    plain = asked(demo, views=2, batch_size=64)
    assert asked(demo, views=2, batch_size=64, augmentation=["noise"]) > plain
    assert asked(demo, views=4, batch_size=64) == plain


def test_processes_share_the_batch_and_hold_all_else_each(demo):
    one, two = (asked(demo, batch_size=64, gpus_per_job=number) for number in (1, 2))
    assert one < two < 2 * one


def test_a_row_is_asked_by_its_own_batch(demo):
    rows = {"own": {"loss": "exp", "batch_size": 512}}
    of = experiment(demo, training={"device": "cpu"}, rows=rows)
    assert memory.of_training(of, "own") > memory.of_training(of, "exp")


@pytest.mark.parametrize(
    "changes", [{"device": "auto"}, {"device": "cuda"}, {"encoder": "densenet121"}]
)
def test_what_was_not_measured_asks_for_what_it_always_did(demo, changes):
    assert asked(demo, gpus_per_job=2, **changes) == 2 * memory.UNMEASURED_MB


def test_what_was_measured_are_encoders_that_there_are():
    for stated in encoders.families().values():
        assert set(stated["MEMORY"]) <= set(stated["NAMES"])
    assert {"small", "resnet18", "sfcn"} <= {
        name for name in encoders.available() if encoders.memory(name)
    }
