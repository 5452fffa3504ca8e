"""What maps of where rows look depend on: random weights, the baseline, other trainings.

    python benchmarks/saliency.py            # the tables of docs/evaluation.md, under a minute
    python benchmarks/saliency.py --scans 4  # of so many test people, in place of those that decide

Maps of 8 mm whose age is in a tenth of the brain, and tables of 60 features with age in six, are
learned by three trainings of a row, as the workflow does, with permuted ages as well: these learn
nothing that new people have. Each training is then judged as `contrage.evaluation.saliency.judge`
does, beside the other two, against the mean image and against 0. The second table has what the
places with age explain of new people's predictions, beside their share of absolute values.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from generated_maps import GRIDS
from settings_of_run import with_defaults

from contrage import modalities
from contrage.dataset.normalise import feature_statistics, statistics
from contrage.evaluation.probe import probe
from contrage.evaluation.saliency import judge
from contrage.evaluation.saliency.attribute import attributed
from contrage.evaluation.saliency.members import Explainer, Members, spread
from contrage.evaluation.saliency.methods import METHODS
from contrage.evaluation.saliency.places import NamedPlaces, cells
from contrage.evaluation.saliency.randomise import CELLS
from contrage.evaluation.saliency.verdict import Judged
from contrage.evaluation.statistics.saliency import explained, shares
from contrage.layout import Results
from contrage.learning.folds import read_scans
from contrage.learning.train import train
from contrage.settings.blocks.evaluations import SaliencySettings
from contrage.settings.blocks.training import OneTrainingSettings
from contrage.settings.build import fields_of
from contrage.settings.steps.evaluation import ProbeStep
from contrage.settings.steps.learning import TrainStep
from contrage.settings.steps.scores import ScoresSettings

SEEDS, TRAIN, TEST, ROW = (0, 1, 2), 160, 40, "exp"
KINDS = {"maps": ("stiffness", "small"), "table": ("table", "mlp")}
HEAD = "| data | baseline | ages | method | with random weights | between trainings | shown |"
OUTPUTS = ("model", "curve", "resume", "features")


def maps(rng: np.random.Generator, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return maps (N, 1, X, Y, Z) that soften with age in a tenth of the brain, and where."""
    shape = GRIDS[8]
    axes = np.meshgrid(*(np.linspace(-1.3, 1.3, size) for size in shape), indexing="ij")
    brain = sum(axis**2 for axis in axes) < 1
    planted = brain & (axes[0] > 0.1) & (axes[1] > -0.1) & (axes[2] > 0.05)
    images = np.zeros((len(ages), 1, *shape), np.float32)
    for image, age in zip(images, ages, strict=True):
        waves = sum(
            rng.normal(0, 0.06) * np.cos(rng.uniform(1, 6) * axis + rng.uniform(0, 6))
            for axis in axes
            for _ in range(3)
        )
        stiffness = 2.7 * (1 + waves) * (1 - 0.005 * (age - 50) * planted)
        image[0] = brain * np.maximum(stiffness + rng.normal(0, 0.3, shape), 0.1)
    return images, planted[None]


def table(rng: np.random.Generator, ages: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return features (N, 60) of which six change with age, and which."""
    values, planted = rng.normal(0, 1, (len(ages), 60)), np.arange(60) % 10 == 3
    values += planted * 0.04 * (ages - 50)[:, None]
    return values.astype(np.float32), planted[None]


def trained(folder: Path, kind: str, permuted: bool) -> tuple[Members, np.ndarray]:
    """Train a row as the workflow does; return its trainings, and where age is."""
    rng, place = np.random.default_rng(3), Results.at(str(folder))
    ages = rng.uniform(18, 90, TRAIN + TEST).round(1)
    values, planted = {"maps": maps, "table": table}[kind](rng, ages)
    np.save(folder / "array.npy", values)
    told = ages.copy()
    if permuted:
        told[:TRAIN] = rng.permutation(told[:TRAIN])
    names = [f"sub-{n:03d}" for n in range(len(ages))]
    lines = [f"{n}\t{n}\t{a}\tn/a\t{k}" for k, (n, a) in enumerate(zip(names, told, strict=True))]
    for file in (place.scans, place.split.format(seed=0)):
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    Path(place.scans).write_text("\n".join(["scan_id\tparticipant_id\tage\tsite\trow", *lines]))
    fold = {"fold": 0, "train": names[:TRAIN], "test": names[TRAIN:]}
    fold |= {"age_mean": float(told[:TRAIN].mean()), "age_sd": float(told[:TRAIN].std())}
    rows = np.arange(TRAIN)
    scores = feature_statistics(values, rows) if kind == "table" else None
    mean, sd = statistics(values, rows, rows, "own") if scores is None else (None, None)
    fold |= {"train_rows": rows.tolist(), **(scores or {"mean": mean, "sd": sd})}
    for seed in SEEDS:
        Path(place.split.format(seed=seed)).write_text(json.dumps({"folds": [fold]}))
    return learned(place, folder / "array.npy", kind), planted


def learned(place: Results, array: Path, kind: str) -> Members:
    """Train and probe; return the trainings."""
    each = [{"row": ROW, "seed": seed, "fold": 0} for seed in SEEDS]
    splits = [Path(place.split.format(**at)) for at in each]
    files = {name: [Path(getattr(place, name).format(**at)) for at in each] for name in OUTPUTS}
    files |= {n: [Path(getattr(place, n).format(**at)) for at in each] for n in ("coefficients",)}
    for at, split, *own in zip(each, splits, *(files[name] for name in OUTPUTS), strict=True):
        given = {"array": array, "scans": Path(place.scans), "split": split, "fold": 0}
        step = settings_of(kind, at["seed"])
        train(step, **given, **dict(zip(OUTPUTS, own, strict=True)))
    whole = with_defaults()
    predictions = [Path(place.predictions.format(**at)) for at in each]
    for file in [*predictions, *files["coefficients"]]:
        file.parent.mkdir(parents=True, exist_ok=True)
    probe(
        ProbeStep(ROW, SEEDS, whole.target.written, whole.probe),
        features=files["features"],
        scans=[Path(place.scans)],
        splits=splits,
        predictions=predictions,
        metrics=[file.with_suffix(".json") for file in predictions],
        coefficients=files["coefficients"],
    )
    everyone = read_scans(Path(place.scans), whole.target.learned)
    return Members.of(files["model"], files["coefficients"], splits, everyone, array)


def settings_of(kind: str, seed: int) -> TrainStep:
    """Return what a training is asked for: the defaults, on the CPU."""
    name, encoder = KINDS[kind]
    whole = with_defaults(training={"encoder": encoder, "device": "cpu", "epochs": 15})
    training = {field: getattr(whole.training, field) for field in fields_of(OneTrainingSettings)}
    return TrainStep(
        row=ROW,
        seed=seed,
        cohort=whole.cohort.name,
        target=whole.target.learned,
        loss={"loss": ROW},
        training=OneTrainingSettings(**training),
        dataset=ScoresSettings(modalities.load(name).form, "train", "own"),
        snapshot_epochs=(),
        probe=None,
        bin_width=None,
        permute_labels=False,
    )


def verdicts(members: Members, scans: int, against: str) -> Iterator[tuple[str, list[Judged]]]:
    """Yield each method with the verdicts on all trainings, each beside the others."""
    ready = [members.load(key) for key in members.models]
    if against == "0":
        ready = [replace(each, baseline=torch.zeros_like(each.baseline)) for each in ready]
    people = spread([ready[0].fold], scans, members.array, True)
    field = np.any([_differs(ready[0], int(row)) for row in people.rows], axis=0)
    parts = cells(field, CELLS)
    for name in METHODS:
        with ready[0].repeatable():
            yield (
                name,
                [
                    judge.compare(one, [o for o in ready if o is not one], name, people.rows, parts)
                    for one in ready
                ],
            )


def _differs(member: Explainer, row: int) -> np.ndarray:
    return (member.image(row) != 0).numpy()[0] | (member.baseline != 0).numpy()[0]


def span(values: list[float]) -> str:
    """Return the mean of some numbers, and their range."""
    return f"{np.mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def found_in(members: Members, planted: np.ndarray) -> Iterator[tuple[str, float, float]]:
    """Yield each method with what the places with age explain, and their absolute share."""
    people = spread(next(iter(members.folds.values())), 20, members.array, True)
    regions = NamedPlaces(("age",), planted.astype(np.int32))
    asked = SaliencySettings(None, tuple(METHODS), 20, None, 32)
    for name, own in attributed(members, people, regions, asked).items():
        both = [np.stack(list(each.values())) for each in (own.contributions, own.wanted)]
        sizes = own.absolute()
        share = float(sizes[planted].sum() / sizes.sum())
        yield (
            name,
            float(explained(*both)[0]),
            share if name != "occlusion" else float(shares(both[0])[0]),
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scans", type=int, default=judge.CHECKED)
    options = parser.parse_args()
    logging.disable(logging.INFO)
    lines, places = [HEAD, "|---|---|---|---|---|---|---|"], []
    for kind in KINDS:
        for permuted in (False, True):
            with tempfile.TemporaryDirectory() as folder:
                members, planted = trained(Path(folder), kind, permuted)
                for against in ("mean", "0") if kind == "maps" else ("mean",):
                    for name, own in verdicts(members, options.scans, against):
                        cells_of = [kind, against, "permuted" if permuted else "true"]
                        cells_of += [name.replace("_", " ")]
                        cells_of += [span([each.stages[-1].correlation for each in own])]
                        cells_of += [span([each.between for each in own])]
                        cells_of += [f"{sum(each.shown for each in own)} of {len(own)}"]
                        lines.append(f"| {' | '.join(cells_of)} |")
                if not permuted:
                    places += [(kind, *each) for each in found_in(members, planted)]
    print("\n".join(lines))
    print("\n| data | method | explained by the places with age | their share of absolute values |")
    print("|---|---|---|---|")
    for kind, name, part, share in places:
        print(f"| {kind} | {name.replace('_', ' ')} | {part:.2f} | {share:.2f} |")


if __name__ == "__main__":
    main()
