"""One site after the other is tested on, by a model of all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from contrage.dataset.roles import Parts, Visit, dealt, tested_on
from contrage.dataset.shares import Training
from contrage.errors import LeakageError, SettingsError, few
from contrage.target import Target

DRAWN = False
IGNORES = {
    **{"column": "split", "roles": {}, "allow_shared_sites": False},
    **{"new_split_per_seed": False, "stratify_by_age": False},
}
KEY = "dataset.split.scheme: leave-site-out"


def folds(visits: Sequence[Visit], split: Mapping[str, Any], seed: int) -> list[Parts]:
    """Test on each site in turn; a fold bears its name.

    Raises
    ------
    SettingsError
        If there are not two sites, or somebody has none.
    LeakageError
        If a participant was scanned at several.
    """
    site_of = _sites(visits)
    return [
        tested_on(site, visits, {person for person, own in site_of.items() if own == site})
        for site in sorted(set(site_of.values()))
    ]


def place(
    others: Sequence[Visit], made: Sequence[Parts], split: Mapping[str, Any], seed: int
) -> dict[str, int]:
    """Give those who are not learned from to the model that has not seen their site.

    Whose site nobody is learned from is dealt to any.
    """
    number = {parts.name: fold for fold, parts in enumerate(made)}
    fold = dealt({each.participant_id for each in others}, len(made), split["seed"])
    for each in reversed(others):  # of someone at several sites the first counts
        fold[each.participant_id] = number.get(each.site or "", fold[each.participant_id])
    return {each.scan_id: fold[each.participant_id] for each in others}


def count(visits: Sequence[Visit], split: Mapping[str, Any]) -> int:
    """Return how many sites there are; one where none is told, which `folds` refuses."""
    return max(1, len({each.site for each in visits if each.site}))


def at_best(visits: Sequence[Visit], split: Mapping[str, Any], target: Target) -> Training:
    """Return what is learned from where the largest site is left out."""
    site_of = _sites(visits)
    _check_other_sites(visits, site_of, target)
    people, scans = Counter(site_of.values()), Counter(site_of[v.participant_id] for v in visits)
    smallest = tuple(sorted(Counter(each.participant_id for each in visits).values()))
    left = len(smallest) - max(people.values()), len(visits) - max(scans.values())
    return Training(*left, smallest)


def most(visits: Sequence[Visit], split: Mapping[str, Any], held_out: float) -> int:
    """Return how many scans are learned from, were the smallest site one person's."""
    people = len({each.participant_id for each in visits})
    return len(visits) - 1 - round(held_out * (people - 1))


def _sites(visits: Sequence[Visit]) -> dict[str, str]:
    """Return participant_id → site; refuse what has no site, two sites, or one site only."""
    sites: dict[str, set[str]] = {}
    for each in visits:
        sites.setdefault(each.participant_id, set()).update({each.site} if each.site else ())
    without = [person for person, found in sites.items() if not found]
    if without and len(without) == len(sites):
        raise SettingsError(f"{KEY} needs two sites or more, and the table names none")
    if without:
        raise SettingsError(
            f"{KEY}, but {few(without)} {'has' if len(without) == 1 else 'have'} no site"
        )
    several = [person for person, found in sites.items() if len(found) > 1]
    if several:
        raise LeakageError(
            f"{KEY}, but {few(several)} {'was' if len(several) == 1 else 'were'} scanned at "
            "several sites, which cannot be parted"
        )
    everywhere = sorted(set().union(*sites.values()))
    if len(everywhere) < 2:
        raise SettingsError(f"{KEY} needs two sites or more, there is one ({everywhere[0]})")
    return {person: next(iter(found)) for person, found in sites.items()}


def _check_other_sites(visits: Sequence[Visit], site_of: Mapping[str, str], target: Target) -> None:
    """Refuse a site without which everybody has one value."""
    values: dict[float, set[str]] = {}
    for each in visits:
        values.setdefault(each.target, set()).add(site_of[each.participant_id])
    for site in sorted(set(site_of.values())):
        left = [value for value, sites in values.items() if sites != {site}]
        if len(left) == 1:
            raise SettingsError(
                f"{KEY}, but without {site} everybody has the {target.column} "
                f"{left[0]:g}, so there is nothing to learn"
            )
