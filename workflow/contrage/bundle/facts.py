"""What bundle.json says: all of a model that is no array. Numbers of groups, never of a person."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.settings.blocks.kinds import PetSettings
from contrage.settings.steps.model import ArraysOfModel, SeenByModel
from contrage.target_words import TargetInWords

FORMAT = 1
"""Of the folder; another number where an older contrage could not read it."""


def has_region(of: ArraysOfModel | None) -> bool:
    """Return whether values are divided by their mean in a region, which the model holds."""
    return of is not None and isinstance(of.own, PetSettings) and of.own.reference is not None


@dataclass(frozen=True)
class MemberFacts:
    """A training: one of those whose predictions are averaged.

    Attributes
    ----------
    seed, fold : int
    epoch : int
        Of its weights.
    stored : str
        In which numbers images were kept when features were made of them: float32, or float16, to
        which a new one is rounded as well.
    learned, held_out : int
        Scans that it learned from, and people of role test whom it has not seen.
    """

    seed: int
    fold: int
    epoch: int
    stored: str
    learned: int
    held_out: int


@dataclass(frozen=True)
class NetworkFacts:
    """The network of every member.

    Attributes
    ----------
    encoder : str
    head : tuple of int
        Sizes of the head's layers; the last is its outputs.
    channels : int
        Of one image.
    shape : tuple of int
        Of one image, channels aside.
    reads : str
        What predicts: probe, or head.
    is_logit : bool
        Whether what a head says is a logit.
    """

    encoder: str
    head: tuple[int, ...]
    channels: int
    shape: tuple[int, ...]
    reads: str
    is_logit: bool


@dataclass(frozen=True)
class BinFacts:
    """People whose targets lie in an interval.

    Attributes
    ----------
    low, high : float
        From low to below high, in the target's unit.
    people : int
    mae : float or None
        Their mean absolute error, where they were tested; None of those who are only counted.
    covered : float or None
        Share of them whose target lay in the interval that others made.
    """

    low: float
    high: float
    people: int
    mae: float | None
    covered: float | None


@dataclass(frozen=True)
class GroupFacts:
    """People of one site.

    Attributes
    ----------
    name : str
        Of the site; empty of several with few people each.
    people : int
    mae, covered : float or None
        As of `BinFacts`.
    """

    name: str
    people: int
    mae: float | None
    covered: float | None


@dataclass(frozen=True)
class LearnedFacts:
    """Whom the members learned from, all together.

    Attributes
    ----------
    people, scans : int
    low, high : float or None
        Range of the target, rounded outwards; None of a binary one.
    bins : tuple of BinFacts
        How many there are by the target; of a binary one, low and high are the side.
    sexes : dict of str to int
        Sex → people, as the tables say it.
    sites : tuple of GroupFacts
        With fewer than five people, together.
    """

    people: int
    scans: int
    low: float | None
    high: float | None
    bins: tuple[BinFacts, ...]
    sexes: dict[str, int]
    sites: tuple[GroupFacts, ...]


@dataclass(frozen=True)
class TestedFacts:
    """How people fared whom the members had not seen: the seeds' mean, one scan a person.

    Attributes
    ----------
    people : int
    measure : str
        mae, or bacc.
    value : float
        Of the seeds' mean predictions.
    baseline : float or None
        The mean absolute error of the training mean; None of a binary target.
    bins : tuple of BinFacts
        By the target.
    sites : tuple of GroupFacts
    rows : int
        Among how many rows this one was chosen by this very error; 1 where it was named before, 0
        where it was named by hand after the test.
    scheme : str
        How people were split.
    """

    people: int
    measure: str
    value: float
    baseline: float | None
    bins: tuple[BinFacts, ...]
    sites: tuple[GroupFacts, ...]
    rows: int
    scheme: str


@dataclass(frozen=True)
class LineFacts:
    """The line of the held-out people's predictions over their ages: intercept + slope · age.

    Attributes
    ----------
    intercept : float
        In years.
    slope : float
    people : int
    """

    intercept: float
    slope: float
    people: int


@dataclass(frozen=True)
class IntervalFacts:
    """What intervals are made of.

    Attributes
    ----------
    level : float
        Share of people whose target one is to hold.
    whom : str
        people, or site: what is used where nobody says it.
    people : int
        Whose residuals stand in calibration.npz; 0 of a binary target, which has no intervals.
    sites : tuple of str
        Sites whose residuals stand there one by one; those of fewer than five people by numbers.
    new_sites : bool
        Whether nobody of the held-out people's sites was learned from by who predicted them.
    coverage, site_coverage : float or None
        Share of these people whose target lay in the interval that others made, of either kind:
        people of other sites, where there are several. None where there are too few.
    """

    level: float
    whom: str
    people: int
    sites: tuple[str, ...]
    new_sites: bool
    coverage: float | None
    site_coverage: float | None


@dataclass(frozen=True)
class MethodFacts:
    """Whether a method may say where the model looks.

    Attributes
    ----------
    name : str
    shown : bool
    why : str
        Why not; else empty.
    correlation, between : float or None
        Rank correlation of its map with that of random weights, and with those of other trainings
        of the row (1 where there is none). None where there was nothing to compare.
    """

    name: str
    shown: bool
    why: str
    correlation: float | None
    between: float | None


@dataclass(frozen=True)
class LooksFacts:
    """What is needed to say where the model looks.

    Attributes
    ----------
    people : int
        Of whom mean.npz is the mean; 0 of features, whose mean is a z-score of 0.
    checked : int
        Scans of test people on which methods were judged.
    methods : tuple of MethodFacts
    """

    people: int
    checked: int
    methods: tuple[MethodFacts, ...]


@dataclass(frozen=True)
class BundleFacts:
    """Everything that bundle.json says of a model, checksums aside.

    Attributes
    ----------
    version : str
        Of the contrage that wrote it.
    versions : dict of str to str
        Of the packages that decide results.
    experiment, cohort, row : str
    loss : dict
        The loss's name under `loss`, and its settings.
    target : TargetInWords
    seen : SeenByModel
        From the files of a scan to z-scores.
    features : tuple of str
        Names of a table's features, in order; empty of images.
    network : NetworkFacts
    members : tuple of MemberFacts
    learned : LearnedFacts
    tested : TestedFacts
    line : LineFacts or None
        Of ages alone.
    interval : IntervalFacts
    quality : dict of str to tuple of float
        Measure → its 1st and 99th percentile in the cohort.
    looks : LooksFacts or None
        None where nobody asked whether it may say where it looks.
    """

    version: str
    versions: dict[str, str]
    experiment: str
    cohort: str
    row: str
    loss: dict[str, Any]
    target: TargetInWords
    seen: SeenByModel
    features: tuple[str, ...]
    network: NetworkFacts
    members: tuple[MemberFacts, ...]
    learned: LearnedFacts
    tested: TestedFacts
    line: LineFacts | None
    interval: IntervalFacts
    quality: dict[str, tuple[float, ...]]
    looks: LooksFacts | None
