"""Small models, made without a training: networks of random weights, facts that fit them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from given import config
from targets import AGE
from tiny_maps import CONFIG as MAPS
from tiny_maps import brain

from contrage.bundle.distance import reference
from contrage.bundle.export import write_model
from contrage.bundle.facts import (
    BinFacts,
    BundleFacts,
    GroupFacts,
    IntervalFacts,
    LearnedFacts,
    LineFacts,
    LooksFacts,
    MemberFacts,
    MethodFacts,
    NetworkFacts,
    TestedFacts,
)
from contrage.bundle.gathered import GatheredMember, Row
from contrage.bundle.mean import MeanImage
from contrage.bundle.residuals import Residuals
from contrage.imaging.template.source import NILEARN
from contrage.learning.model import Model
from contrage.plan.model import seen
from contrage.target_words import TargetInWords

FEATURES = ("lh_thick", "rh_thick", "volume")
TABLE = {
    "experiment": "made-up",
    "cohort": {"source": "table", "name": "regions", "path": "x.csv", "image": "table"},
    "training": {"encoder": "mlp"},
}
ARRAYS = {
    "experiment": "made-up",
    "cohort": {"source": "arrays", "name": "desikan", "path": "x", "image": "desikan"},
    "training": {"encoder": "mlp"},
}
GRID = (23, 28, 23)
HIDDEN = "with random weights its map stays much the same"
WIDTH = 128


def facts_of(
    asked: dict[str, Any],
    network: NetworkFacts,
    features: tuple[str, ...] = (),
    target: TargetInWords = AGE,
    **changes: Any,
) -> BundleFacts:
    """Return facts of 40 people of two sites aged 20 to 80."""
    is_age = target.is_age
    found = BundleFacts(
        version="0.1.0",
        versions={"torch": "2.13.0"},
        experiment="made-up",
        cohort="made-up",
        row="exp",
        loss={"loss": "exp", "sigma": 2.0},
        target=target,
        seen=seen(config(**asked), NILEARN.settings()),
        features=features,
        network=network,
        members=tuple(MemberFacts(seed, 0, 30, "float32", 32, 8) for seed in (0, 1)),
        learned=LearnedFacts(
            people=40,
            scans=44,
            low=None if target.is_binary else 20,
            high=None if target.is_binary else 80,
            bins=(BinFacts(20, 50, 22, None, None), BinFacts(50, 80, 18, None, None)),
            sexes={"F": 20, "M": 20},
            sites=(GroupFacts("a", 20, None, None), GroupFacts("b", 20, None, None)),
        ),
        tested=TestedFacts(
            people=40,
            measure=target.measure,
            value=0.7 if target.is_binary else 4.5,
            baseline=None if target.is_binary else 14.2,
            bins=(BinFacts(20, 50, 22, 4.1, 0.95), BinFacts(50, 80, 18, 4.9, 0.83)),
            sites=(GroupFacts("a", 20, 4.2, 0.95), GroupFacts("b", 20, 4.8, None)),
            rows=3,
            scheme="kfold",
        ),
        line=LineFacts(10.0, 0.8, 40) if is_age else None,
        interval=IntervalFacts(0.9, "people", 40, ("a", "b"), False, 0.9, None),
        quality={},
        looks=None,
    )
    if target.is_binary:
        found = replace(found, interval=IntervalFacts(0.9, "people", 0, (), False, None, None))
    return replace(found, **changes)


def looks(people: int, *shown: str) -> LooksFacts:
    """Return facts of two methods, of which some may be shown."""
    methods = (
        MethodFacts(name, name in shown, "" if name in shown else HIDDEN, 0.3, 0.8)
        for name in ("integrated_gradients", "occlusion")
    )
    return LooksFacts(people, 4, tuple(methods))


def write(
    folder: Path, facts: BundleFacts, scores: dict[str, np.ndarray], mean: MeanImage | None = None
) -> Path:
    """Write a model whose members differ in weights and in coefficients."""
    rng, of = np.random.default_rng(11), facts.network
    members = []
    for number in range(len(facts.members)):
        torch.manual_seed(number)
        network = Model(of.encoder, of.shape, list(of.head), channels=of.channels)
        near = rng.normal(0, 0.2, (32, WIDTH)), rng.normal(0, 0.2, (8, WIDTH))
        arrays = {
            **scores,
            "coef": rng.normal(0, 2.0, WIDTH),
            "intercept": np.float64(45 if not facts.target.is_binary else 0),
            "coef_mean": np.zeros(WIDTH),
            "coef_scale": np.ones(WIDTH),
            **reference(*near).arrays(),
        }
        states = network.encoder.state_dict(), network.head.state_dict()
        members.append(GatheredMember(*states, arrays))
    errors = {name: np.sort(rng.normal(0, 5, 20)) for name in facts.interval.sites}
    every = np.sort(np.concatenate([*errors.values()] or [np.array([])]))
    write_model(folder, Row(facts, tuple(members), Residuals(every, errors), mean=mean))
    return folder


def table_model(folder: Path, target: TargetInWords = AGE, **changes: Any) -> Path:
    """Write a model of three features, whose training means are 2.5, 2.4 and 1200."""
    network = NetworkFacts("mlp", (4, 2), 1, (len(FEATURES),), "probe", False)
    mean, sd = np.array([2.5, 2.4, 1200.0]), np.array([0.2, 0.3, 100.0])
    scores = {"mean": mean, "sd": sd, "median": mean + 0.1 * sd}
    facts = facts_of(TABLE, network, FEATURES, target, **changes)
    return write(folder, facts, scores)


def array_model(folder: Path) -> Path:
    """Write a model of prepared arrays (7, 68)."""
    network = NetworkFacts("mlp", (4, 2), 7, (68,), "probe", False)
    scores = {"mean": np.arange(7.0), "sd": np.ones(7)}
    return write(folder, facts_of(ARRAYS, network), scores)


def map_model(folder: Path, shown: tuple[str, ...] = (), **preprocessing: Any) -> Path:
    """Write a model of stiffness maps on a grid of 8 mm, brain-only and in MNI152.

    Its mean image is that of people aged 50.
    """
    network = NetworkFacts("small", (4, 2), 1, GRID, "probe", False)
    asked = {**MAPS, "preprocessing": {**MAPS["preprocessing"], **preprocessing}}
    scores = {"mean": np.array([2.6]), "sd": np.array([0.4])}
    images = np.stack([brain(50, 100 + number) for number in range(8)])[:, None]
    mean = MeanImage(images.mean(0), (images != 0).mean(0, dtype=np.float32))
    return write(folder, facts_of(asked, network, looks=looks(8, *shown)), scores, mean)


def write_rows(path: Path, *rows: dict[str, Any]) -> Path:
    """Write a table of the three features; what a row does not say is usual."""
    usual = {"participant_id": "p", "age": 50, "lh_thick": 2.5, "rh_thick": 2.4, "volume": 1200}
    names = list(dict.fromkeys([*usual, *(name for row in rows for name in row)]))
    lines = ["\t".join(names)]
    for number, row in enumerate(rows, 1):
        told = {**usual, "participant_id": f"p{number}", **row}
        lines.append("\t".join(str(told.get(name, "n/a")) for name in names))
    path.write_text("\n".join(lines) + "\n")
    return path
