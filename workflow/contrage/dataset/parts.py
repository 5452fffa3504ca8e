"""From scans to folds: everyone's part in each, whatever the scheme.

Light: a plan asks this before its first job, where the scheme leaves nothing to chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from contrage.dataset import schemes
from contrage.dataset.apart import check_sites, external_people
from contrage.dataset.roles import (
    EXTERNAL,
    LEARNED_FROM,
    NONE,
    PREDICT,
    Parts,
    Visit,
    learners,
    outside,
    subset,
)
from contrage.errors import SettingsError
from contrage.settings.blocks.roles import RolesSettings
from contrage.settings.build import as_plain


def make_folds(visits: Sequence[Visit], dataset: RolesSettings, seed: int) -> list[Parts]:
    """Give every scan its part in each fold, by participant.

    Folds are made of those who may be learned from; whoever else there is is dealt to the folds
    afterwards, and is predicted once. External people are predicted in every fold.

    Parameters
    ----------
    visits : sequence of Visit
    dataset : RolesSettings
    seed : int
        The training's seed; it changes the split only with `new_split_per_seed`.

    Returns
    -------
    list of Parts
        One for "holdout" (the first of the 1/test_fraction shuffled folds, as the authors do) and
        for "given", `folds` for "kfold", one per site for "leave-site-out". In the last two every
        scan of those who are learned from is tested exactly once.

    Raises
    ------
    SettingsError, LeakageError
        As the scheme, and if nothing is left to learn from.
    """
    own, others, external = divide(visits, dataset)
    scheme = schemes.load(dataset.split.scheme)
    made = scheme.folds(own, dataset.split, seed)
    fold_of = scheme.place(others, made, dataset.split, seed)
    if not dataset.split.allow_shared_sites:
        check_sites(may_be_learned_from(own, made, scheme.DRAWN), external)
    apart = {each.scan_id: EXTERNAL for each in external}
    return [
        Parts(
            parts.name,
            {
                **parts.roles,
                **apart,
                **{scan: PREDICT for scan, at in fold_of.items() if at == number},
            },
        )
        for number, parts in enumerate(_without(parts, own, dataset) for parts in made)
    ]


class Divided(NamedTuple):
    """Scans of those who may be learned from, of those predicted alone, of external people."""

    own: list[Visit]
    others: list[Visit]
    external: list[Visit]


def divide(visits: Sequence[Visit], dataset: RolesSettings) -> Divided:
    """Divide scans by people: who may be learned from, who is predicted alone, who is external.

    Raises
    ------
    SettingsError
        As `contrage.dataset.roles.learners` and `contrage.dataset.apart.external_people`.
    """
    own = learners(visits, dataset.learn_from)
    external = external_people(visits, dataset.external, own)
    folded = own - external
    return Divided(
        [each for each in visits if each.participant_id in folded],
        [each for each in visits if each.participant_id not in own],
        [each for each in visits if each.participant_id in external],
    )


def may_be_learned_from(
    own: Sequence[Visit], made: Sequence[Parts], is_drawn: bool
) -> Sequence[Visit]:
    """Return the scans whose sites are learned from: where folds are drawn, all."""
    if is_drawn:
        return own
    return [e for e in own if any(parts.roles[e.scan_id] == LEARNED_FROM for parts in made)]


def _without(parts: Parts, visits: Sequence[Visit], dataset: RolesSettings) -> Parts:
    """Take out of the training part what `missing_targets` and `subset` leave out of it."""
    learned = [each for each in visits if parts.roles[each.scan_id] == LEARNED_FROM]
    kept = {each.scan_id for each in left_of(learned, dataset)}
    roles = {
        scan: NONE if role == LEARNED_FROM and scan not in kept else role
        for scan, role in parts.roles.items()
    }
    return Parts(parts.name, roles)


def left_of(learned: Sequence[Visit], dataset: RolesSettings) -> list[Visit]:
    """Return what `missing_targets`, then `subset` leave of scans that would be learned from.

    Raises
    ------
    SettingsError
        If nothing is left.
    """
    gaps, chosen = dataset.missing_targets, dataset.subset
    left = [each for each in learned if outside(each.target, gaps)]
    if gaps and not left:
        raise SettingsError(
            f"dataset.missing_targets: all {len(learned)} training scans are in "
            f"{as_plain(gaps)}, so that none is left to learn from; remove an interval"
        )
    if chosen.fraction == 1:
        return left
    stratum_of: dict[str, str | None] = {}
    for each in sorted(left, key=lambda each: each.scan_id):  # of several scans the first counts
        stratum = each.columns[chosen.stratify] if chosen.stratify else None
        stratum_of.setdefault(each.participant_id, stratum)
    kept = subset(stratum_of, chosen)
    return [each for each in left if each.participant_id in kept]
