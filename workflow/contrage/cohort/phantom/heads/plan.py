"""Who is in the phantom cohort: ages, sexes and studies as in the paper's Table 2.

Imported while Snakemake reads the workflow, in every process: numpy and the standard library only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import exp, log, sqrt
from statistics import NormalDist

import numpy as np

from contrage.errors import SettingsError

AGE_RANGE = (18.0, 90.0)
_SMALL = 10
_STANDARD = NormalDist()


@dataclass(frozen=True)
class PhantomParticipant:
    """One participant: age in years with one decimal, sex F or M, site study1 to study5."""

    participant_id: str
    age: float
    sex: str
    site: str
    index: int


@dataclass(frozen=True)
class Site:
    """A row of Table 2: its size, women among them, age mean and SD (years), age quantiles."""

    name: str
    size: int
    women: int
    mean: float
    sd: float
    quantile: Callable[[float], float]


def _young(u: float, start: float, mean: float, sd: float) -> float:
    """Quantile of a log-normal that starts at `start`: students, few of them older, none old."""
    spread = log(1 + (sd / (mean - start)) ** 2)
    return start + exp(log(mean - start) - spread / 2 + sqrt(spread) * _STANDARD.inv_cdf(0.98 * u))


def _normal(u: float, mean: float, sd: float) -> float:
    return mean + sd * _STANDARD.inv_cdf(u)


def _two_groups(u: float, share: float, young: tuple[float, float], old: tuple[float, float]):
    """Quantile of a young and an old group that do not overlap to speak of."""
    if u < share:
        return _young(u / share, 18.0, *young)
    return _normal((u - share) / (1 - share), *old)


STUDIES = (
    Site("study1", 134, 78, 23.4, 4.0, partial(_young, start=17.5, mean=23.4, sd=4.0)),
    # 37.8 ± 20.9 over one broad hump would put most participants where Fig. 3 has its valley.
    Site(
        "study2",
        60,
        34,
        37.8,
        20.9,
        partial(_two_groups, share=0.68, young=(23.9, 4.5), old=(67.3, 8.0)),
    ),
    Site("study3", 12, 6, 69.4, 2.4, partial(_normal, mean=69.4, sd=2.4)),
    Site("study4", 68, 49, 69.3, 5.8, partial(_normal, mean=69.3, sd=5.8)),
    Site("study5", 37, 16, 49.1, 16.6, partial(_normal, mean=49.1, sd=16.6)),
)


def plan(participants: int, seed: int) -> list[PhantomParticipant]:
    """List the participants of a phantom cohort.

    Parameters
    ----------
    participants : int
        Size of the cohort; 311 gives the counts of Table 2, other numbers its proportions.
    seed : int
        Seed; the list is the same for the same two numbers.

    Returns
    -------
    list of PhantomParticipant
        Studies in random order, indices 0 to participants − 1.

    Raises
    ------
    SettingsError
        Fewer than one participant, or a negative seed.
    """
    if participants < 1:
        raise SettingsError("cohort.phantom.participants: must be 1 or more")
    if seed < 0:
        raise SettingsError("cohort.phantom.seed: must be 0 or more")
    rng = np.random.default_rng([seed, participants])
    rows: list[tuple[float, str, str]] = []
    for study, size in zip(STUDIES, study_sizes(participants), strict=True):
        women = round(size * study.women / study.size)
        sexes = rng.permutation(["F"] * women + ["M"] * (size - women))
        rows += [
            (age, str(sex), study.name)
            for age, sex in zip(_ages(study, size, rng), sexes, strict=True)
        ]
    digits = max(3, len(str(participants)))
    return [
        PhantomParticipant(f"sub-{index + 1:0{digits}d}", *rows[row], index)
        for index, row in enumerate(rng.permutation(participants))
    ]


def study_sizes(participants: int) -> list[int]:
    """Share participants among the five studies by largest remainder, each one at least from 10."""
    total = sum(study.size for study in STUDIES)
    exact = [participants * study.size / total for study in STUDIES]
    sizes = [int(share) for share in exact]
    order = sorted(range(len(exact)), key=lambda k: sizes[k] - exact[k])
    for k in order[: participants - sum(sizes)]:
        sizes[k] += 1
    if participants >= _SMALL:
        for k, size in enumerate(sizes):
            if size == 0:
                sizes[int(np.argmax(sizes))] -= 1
                sizes[k] = 1
    return sizes


def _ages(study: Site, size: int, rng: np.random.Generator) -> list[float]:
    """Draw one age from each of `size` equal slices of the study's distribution."""
    if size == 0:
        return []
    ages = np.array([study.quantile((k + rng.uniform(0.1, 0.9)) / size) for k in range(size)])
    # Ages are cut to whole tenths and to 18-90, which moves the moments: hence the repetition.
    for _ in range(8 if size >= _SMALL else 0):
        ages = study.mean + (ages - ages.mean()) * (study.sd / ages.std(ddof=1))
        ages = np.clip(ages, *AGE_RANGE)
    ages = np.clip(ages, *AGE_RANGE)
    return [round(float(age), 1) for age in rng.permutation(ages)]
