"""What a model is made of, gathered from an experiment's files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import contrage
from contrage.bundle import people
from contrage.bundle.distance import reference
from contrage.bundle.facts import (
    BundleFacts,
    IntervalFacts,
    LearnedFacts,
    LineFacts,
    MemberFacts,
    NetworkFacts,
    TestedFacts,
)
from contrage.bundle.looks import looks
from contrage.bundle.mean import MeanImage
from contrage.bundle.people import HeldOut
from contrage.bundle.portable import features, package_versions, portable, region
from contrage.bundle.residuals import Residuals
from contrage.bundle.usual import usual_quality
from contrage.dataset.load import image_shape, open_images
from contrage.dataset.normalise import common_field
from contrage.dataset.roles import LEARNED_FROM, REPORTED
from contrage.errors import TableError
from contrage.evaluation.alpha import Features
from contrage.evaluation.coefficients import read_coefficients
from contrage.evaluation.predictions import read
from contrage.evaluation.statistics.conformal import PEOPLE, SITE
from contrage.evaluation.statistics.gap.correct import fit_line
from contrage.evaluation.statistics.sides import side_scores
from contrage.files import read_json
from contrage.learning.checkpoint import read_model
from contrage.learning.embed import STORED
from contrage.learning.folds import Scans, read_scans
from contrage.learning.model import LOGIT
from contrage.settings.steps.model import ExportModelsStep
from contrage.tables import read_tsv


@dataclass(frozen=True)
class GatheredMember:
    """What is written of one training."""

    encoder: Mapping[str, Any]
    head: Mapping[str, Any]
    arrays: dict[str, np.ndarray]


@dataclass(frozen=True)
class Row:
    """What is written of a row."""

    facts: BundleFacts
    members: tuple[GatheredMember, ...]
    residuals: Residuals
    region: np.ndarray | None = None
    mean: MeanImage | None = None


@dataclass(frozen=True)
class _Trainings:
    """All trainings of a row, and the network that each of them is."""

    members: tuple[GatheredMember, ...]
    facts: tuple[MemberFacts, ...]
    network: NetworkFacts


def gather(
    settings: ExportModelsStep,
    row: str,
    among: int,
    patterns: Mapping[str, str],
    files: Mapping[str, Path | None],
) -> Row:
    """Gather what a row's model is made of.

    Parameters
    ----------
    settings : ExportModelsStep
    row : str
    among : int
        Among how many rows it was chosen by its test error.
    patterns : mapping
        models, features, coefficients, predictions, splits: see `contrage.bundle.export`.
    files : mapping
        scans, array, columns, quality, reference: the same.
    """
    trainings = _trainings(settings, row, patterns, files)
    frames = [
        read(Path(patterns["predictions"].format(row=row, seed=seed)), settings.target)
        for seed in settings.seeds
    ]
    tested = people.held_out(frames, read_tsv(files["scans"]))
    looked, mean = looks(settings, row, patterns, files)
    told = BundleFacts(
        version=contrage.__version__,
        versions=package_versions(),
        experiment=settings.experiment,
        cohort=settings.cohort,
        row=row,
        loss=settings.losses[row],
        target=settings.target,
        seen=portable(settings.seen, files["array"]),
        features=features(files["columns"]),
        network=trainings.network,
        members=trainings.facts,
        learned=_learned(settings, people.learned(frames), files["scans"]),
        tested=_tested(settings, tested, among),
        line=_line(settings, tested),
        interval=_interval(settings, tested),
        quality=usual_quality(files["quality"]),
        looks=looked,
    )
    of_volumes = region(settings.seen, files["array"], files.get("reference"))
    return Row(told, trainings.members, _residuals(settings, tested), of_volumes, mean)


def _trainings(
    settings: ExportModelsStep,
    row: str,
    patterns: Mapping[str, str],
    files: Mapping[str, Path | None],
) -> _Trainings:
    """Return what the trainings of a row left: a member for each seed and fold."""
    scans, array = read_scans(files["scans"]), Path(files["array"])
    channels, shape = image_shape(array, settings.seen.scores.form)
    members, facts, saved = [], [], {}
    for seed in settings.seeds:
        coefficients = _coefficients(settings, row, seed, patterns)
        for entry in read_json(Path(patterns["splits"].format(seed=seed)))["folds"]:
            at = {"row": row, "seed": seed, "fold": entry["fold"]}
            saved = read_model(Path(patterns["models"].format(**at)))
            known = Features(Path(patterns["features"].format(**at)))
            arrays = _arrays(settings, saved, entry, coefficients, array)
            near = reference(*(_of_role(known, scans, entry, r) for r in (LEARNED_FROM, REPORTED)))
            members.append(GatheredMember(saved["encoder"], saved["head"], arrays | near.arrays()))
            facts.append(_member(saved, known, entry, seed, len(near.distances)))
    network = _network(settings, row, saved, channels, shape)
    return _Trainings(tuple(members), tuple(facts), network)


def _member(
    saved: Mapping[str, Any], known: Features, entry: Mapping[str, Any], seed: int, held_out: int
) -> MemberFacts:
    if STORED not in known.arrays:
        raise TableError(f"{known.path}: of an earlier version; make the features again")
    return MemberFacts(
        seed=seed,
        fold=int(entry["fold"]),
        epoch=int(saved["epoch"]),
        stored=str(known.arrays[STORED]),
        learned=len(entry[LEARNED_FROM]),
        held_out=held_out,
    )


def _coefficients(
    settings: ExportModelsStep, row: str, seed: int, patterns: Mapping[str, str]
) -> dict[int, dict[str, np.ndarray]]:
    if row in settings.heads:
        return {}
    return read_coefficients(Path(patterns["coefficients"].format(row=row, seed=seed)))


def _arrays(
    settings: ExportModelsStep,
    saved: Mapping[str, Any],
    entry: Mapping[str, Any],
    coefficients: Mapping[int, Mapping[str, np.ndarray]],
    array: Path,
) -> dict[str, np.ndarray]:
    """Return a member's arrays but for the reference of distances."""
    asked, found = settings.seen.scores, {}
    if not asked.form.has_channels or asked.normalisation != "image":
        names = ("mean", "sd") if asked.form.has_channels else ("mean", "sd", "median")
        found = {name: np.array(entry[name], float) for name in names}
    if asked.field_of_view == "common":
        field = common_field(open_images(array, asked.form), np.asarray(entry["train_rows"]))
        found["field"] = np.packbits(field)
    if not coefficients:
        names = ("target_mean", "target_sd")
        return found | {name: np.float64(saved[name]) for name in names}
    probe = coefficients[int(entry["fold"])]
    found |= {"coef": probe["coef"], "intercept": probe["intercept"]}
    return found | {"coef_mean": probe["mean"], "coef_scale": probe["scale"]}


def _of_role(features: Features, scans: Scans, entry: Mapping[str, Any], role: str) -> np.ndarray:
    """Return the features of a fold's scans of a role; of those of role test, a person's first."""
    some = scans.pick(entry[role], features.path)
    if role == REPORTED:
        _, first = np.unique(some.participants, return_index=True)
        some = some.take(np.sort(first))
    return features.of(some)


def _network(
    settings: ExportModelsStep,
    row: str,
    saved: Mapping[str, Any],
    channels: int,
    shape: tuple[int, ...],
) -> NetworkFacts:
    asked = saved["settings"]["training"]
    head = (*asked["head"][:-1], saved["outputs"]) if asked["head"] else ()
    reads = "head" if row in settings.heads else "probe"
    return NetworkFacts(
        asked["encoder"], tuple(map(int, head)), channels, tuple(shape), reads, LOGIT in saved
    )


def _learned(settings: ExportModelsStep, scans: pd.DataFrame, table: Path) -> LearnedFacts:
    first = scans.drop_duplicates("participant_id")
    values, target = scans["target"].to_numpy(float), settings.target
    of_person = first["target"].to_numpy(float)
    told = people.bins(of_person, target, people.WIDTH)
    ends = people.edges(values, target, people.WIDTH, people.FEWEST)
    low, high = (None, None) if target.is_binary else (ends[0], ends[-1])
    known = read_tsv(table).drop_duplicates("participant_id").set_index("participant_id")
    sexes = known["sex"].reindex(first["participant_id"]) if "sex" in known else [None] * len(first)
    return LearnedFacts(
        people=len(first),
        scans=len(scans),
        low=low,
        high=high,
        bins=told,
        sexes=people.sexes(sexes),
        sites=people.groups(first["site"]),
    )


def _tested(settings: ExportModelsStep, tested: HeldOut, among: int) -> TestedFacts:
    frame, target = tested.people, settings.target
    true = frame["target"].to_numpy(float)
    errors = covered = baseline = None
    if target.is_binary:
        value = side_scores(frame)["bacc"]
    else:
        errors, covered = np.abs(tested.residuals), tested.covered(settings.level, PEOPLE)
        value = errors.mean()
        baseline = float(np.abs(frame["baseline"] - true).mean())
    return TestedFacts(
        people=len(frame),
        measure=settings.measure,
        value=float(value),
        baseline=baseline,
        bins=people.bins(true, target, people.BAND, errors, covered),
        sites=people.groups(frame["site"], errors, covered),
        rows=among,
        scheme=settings.scheme,
    )


def _line(settings: ExportModelsStep, tested: HeldOut) -> LineFacts | None:
    """Return the line of ages; None of another target, or of people of one age."""
    if not settings.target.is_age:
        return None
    frame = tested.people
    try:
        found = fit_line(frame["target"], frame["predicted"], frame["participant_id"])
    except TableError:
        return None
    return LineFacts(found.intercept, found.slope, found.people)


def _interval(settings: ExportModelsStep, tested: HeldOut) -> IntervalFacts:
    asked, own = (settings.level, settings.interval), _residuals(settings, tested)
    if settings.target.is_binary:
        return IntervalFacts(*asked, 0, (), False, None, None)
    shares = [_share(tested.covered(settings.level, interval)) for interval in (PEOPLE, SITE)]
    return IntervalFacts(
        *asked, len(own.residuals), tuple(own.sites), tested.sites_are_new, *shares
    )


def _share(covered: np.ndarray) -> float | None:
    """Return the share of those who have an interval whom it holds, if anybody has one."""
    known = np.isfinite(covered)
    return float(covered[known].mean()) if known.any() else None


def _residuals(settings: ExportModelsStep, tested: HeldOut) -> Residuals:
    if settings.target.is_binary:
        return Residuals(np.array([]), {})
    return Residuals(np.sort(tested.residuals), tested.sites())
