"""Time of one new scan through a model, from raw files to the number, after imports.

    python benchmarks/predict.py [--encoder resnet18] [--members 5] [--scans 3]

Generates phantom participants (a T1 of 2 mm, a stiffness map of 2 mm) and two models on the grid of
2 mm, whose networks have random weights, as time does not depend on these: one that takes a T1, one
that takes a T1 and a map. Each scan is predicted as `contrage predict` does, with skull stripping,
bias correction and registration of the defaults, on one thread of ITK.

Prints seconds by the clock of the first scan, which opens model and template as well, and of the
others; of these, what the network took; and, as ratio, the same scan through the four steps of
preprocessing alone. The goal is 15 seconds for a scan on two cores.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from imaging import make_phantoms
from one_scan import configuration, preprocess
from settings_of_run import SCHEMA

from contrage.settings.door import complete, load_schema

GOAL = 15.0
GRID = (91, 109, 91)
KINDS = {"T1": "T1w", "T1 and map": "stiffness"}


def asked(image: str, encoder: str) -> dict[str, Any]:
    """Return the demo's configuration for a kind of image, on the grid of 2 mm."""
    config = configuration()
    config["cohort"] |= {"image": image, "maps": []}
    config["dataset"]["voxel_mm"] = 2
    config["training"]["encoder"] = encoder
    return complete(config, load_schema(SCHEMA))


def make_model(folder: Path, image: str, encoder: str, members: int) -> Path:
    """Write a model of untrained networks."""
    import torch

    from contrage.bundle import facts as of
    from contrage.bundle.distance import reference
    from contrage.bundle.export import write_model
    from contrage.bundle.gathered import GatheredMember, Row
    from contrage.bundle.residuals import Residuals
    from contrage.imaging.template.source import NILEARN
    from contrage.learning.model import Model
    from contrage.plan.model import seen
    from contrage.target_words import TargetInWords

    settings, rng = asked(image, encoder), np.random.default_rng(1)
    found = []
    for number in range(members):
        torch.manual_seed(number)
        network = Model(encoder, GRID, [16, 8])
        width = network.layers[0]
        near = reference(rng.normal(0, 1, (32, width)), rng.normal(0, 1, (8, width)))
        probe = {"coef": np.zeros(width), "coef_mean": np.zeros(width)}
        probe |= {"coef_scale": np.ones(width), "intercept": np.float64(45)}
        scores = {"mean": np.array([500.0 if image == "T1w" else 2.6])}
        scores |= {"sd": scores["mean"] / 4}
        states = network.encoder.state_dict(), network.head.state_dict()
        found.append(GatheredMember(*states, {**scores, **probe, **near.arrays()}))
    told = of.BundleFacts(
        version="benchmark",
        versions={},
        experiment="benchmark",
        cohort="benchmark",
        row="exp",
        loss={"loss": "exp"},
        target=TargetInWords(**settings["target"]),
        seen=seen(settings, NILEARN.settings()),
        features=(),
        network=of.NetworkFacts(encoder, (16, 8), 1, GRID, "probe", False),
        members=tuple(of.MemberFacts(k, 0, 1, "float32", 32, 8) for k in range(members)),
        learned=of.LearnedFacts(32, 32, 18, 90, (), {}, ()),
        tested=of.TestedFacts(8, "mae", 5.0, 15.0, (), (), 1, "kfold"),
        line=None,
        interval=of.IntervalFacts(0.9, "people", 0, (), False, None, None),
        quality={},
    )
    write_model(folder, Row(told, tuple(found), Residuals(np.array([]), {})))
    return folder


def taken(scan: Path, kind: str) -> list[Path]:
    """Return what is given to the command: one image, or both by what they are."""
    images = {name: scan / f"{name}.nii.gz" for name in ("anatomical", "stiffness")}
    if KINDS[kind] == "T1w":
        return [images["anatomical"]]
    return [Path(",".join(f"{name}={path}" for name, path in images.items()))]


def times(model: Path, scans: list[Path], kind: str) -> list[tuple[float, float]]:
    """Return seconds by the clock of each scan, and of these what the network took."""
    from contrage.bundle.opened import open_bundle
    from contrage.bundle.predict import predict_subjects
    from contrage.bundle.subjects import subjects

    found, start = [], time.perf_counter()
    bundle, network = open_bundle(model), [0.0]

    def tell(name: str, stage: str) -> None:
        network[0] = time.perf_counter()

    given = [path for scan in scans for path in taken(scan, kind)]
    for prediction in predict_subjects(bundle, subjects(bundle, given), tell=tell):
        assert prediction.refused is None, prediction.refused
        now = time.perf_counter()
        found.append((now - start, now - network[0]))
        start = now
    return found


def alone(scan: Path) -> float:
    """Return seconds by the clock of the steps of preprocessing on a scan's T1 and map."""
    images = {name: scan / f"{name}.nii.gz" for name in ("anatomical", "stiffness")}
    with tempfile.TemporaryDirectory(prefix="contrage-") as folder:
        start = time.perf_counter()
        preprocess(configuration(), images, Path(folder))
        return time.perf_counter() - start


def main() -> None:
    """Time both kinds and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", default="resnet18")
    parser.add_argument("--members", type=int, default=5, help="networks of a model")
    parser.add_argument("--scans", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="contrage-") as temporary:
        folder = Path(temporary)
        scans = make_phantoms(folder, given.scans, 2.0)
        alone(scans[0])  # imports, and reads the template
        steps = median(alone(scan) for scan in scans)
        print("| | first scan [s] | others [s] | network [s] | ratio to the steps alone | goal |")
        print("|---|---|---|---|---|---|")
        for kind, image in KINDS.items():
            model = make_model(folder / image, image, given.encoder, given.members)
            (first, _), *others = times(model, scans, kind)
            later = median(each for each, _ in others) if others else first
            network = median(each for _, each in others) if others else float("nan")
            met = "met" if max(first, later) <= GOAL else "missed"
            print(
                f"| {kind} | {first:.1f} | {later:.1f} | {network:.1f} | {later / steps:.2f} | "
                f"{GOAL:g} s: {met} |"
            )


if __name__ == "__main__":
    main()
