"""MODEL.md: what a model is, on whom it was tested and what it refuses, for people."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import jinja2

from contrage.bundle.facts import BinFacts, BundleFacts, GroupFacts, has_region
from contrage.bundle.mean import FEWEST
from contrage.settings.steps.model import ArraysOfModel

TEMPLATE = "model.md"


def card(facts: BundleFacts) -> str:
    """Return the model card of a bundle: every number of it stands in its facts."""
    home = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(
        loader=home,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        facts=facts,
        target=facts.target,
        takes=_takes(facts),
        seeds=len({each.seed for each in facts.members}),
        folds=len({each.fold for each in facts.members}),
        learned=_count(facts.learned.bins, facts),
        tested_by=_errors(facts.tested.bins, facts),
        sites=_sites(facts.tested.sites),
        learned_sites=", ".join(f"{_name(s)} ({s.people})" for s in facts.learned.sites),
        sexes=", ".join(f"{name} {count}" for name, count in facts.learned.sexes.items()),
        versions=", ".join(f"{name} {version}" for name, version in facts.versions.items()),
        chain=_chain(facts),
        fewest=FEWEST,
        percent=lambda share: "n/a" if share is None else f"{share:.1%}",
    )


def _takes(facts: BundleFacts) -> str:
    """Return the files of a scan that are read, in words."""
    seen = facts.seen
    if seen.table is not None:
        return f"a row of {len(facts.features)} features, by the names of their columns"
    if seen.arrays is not None:
        return f"a prepared array, {seen.arrays.kind.expected}{_prepared(seen.arrays)}"
    imaging = seen.imaging
    names = {"anatomical": imaging.anatomical, "mask": "brain mask"}
    names |= {imaging.map: f"map of {seen.title}"} if imaging.map is not None else {}
    return " and ".join(f"a {names.get(name, name)} (NIfTI)" for name in imaging.takes)


def _prepared(of: ArraysOfModel) -> str:
    """Return what an array must be beside its shape, and what is done to its values."""
    told = ""
    if of.affine is not None:
        told += ", registered to the same template as those learned from (its grid is compared)"
    if has_region(of):
        told += f", divided by its mean in {of.own.reference}, which the model holds"
    if of.divided_by is not None:
        told += f", divided by the total intracranial volume ({of.divided_by}), which a table tells"
    return told


def _chain(facts: BundleFacts) -> str:
    """Return what is done to a raw scan, in a sentence; empty where nothing is."""
    imaging = facts.seen.imaging
    if imaging is None:
        return ""
    fit = imaging.register.registration
    bias = imaging.correct.bias_correction if imaging.correct else None
    return (
        f"skull stripping by {imaging.strip.skull_strip.method}, "
        f"bias correction of {bias.target if bias else 'none'}, registration {fit.transform} to "
        f"MNI152 at {fit.voxel_mm} mm ({fit.quality or 'no'} quality), means over blocks of "
        f"{imaging.stack.voxel_mm:g} mm"
    )


def _span(each: BinFacts, facts: BundleFacts) -> str:
    target = facts.target
    if target.is_binary:
        return target.said(each.low)
    return f"{each.low:g} to below {each.high:g}"


def _count(bins: Iterable[BinFacts], facts: BundleFacts) -> list[tuple[str, int]]:
    return [(_span(each, facts), each.people) for each in bins]


def _errors(bins: Iterable[BinFacts], facts: BundleFacts) -> list[tuple[str, ...]]:
    return [(_span(each, facts), *_told(each)) for each in bins]


def _sites(groups: Iterable[GroupFacts]) -> list[tuple[str, ...]]:
    return [(_name(each), *_told(each)) for each in groups]


def _told(each: BinFacts | GroupFacts) -> tuple[str, str, str]:
    mae = "n/a" if each.mae is None else f"{each.mae:.2f}"
    return str(each.people), mae, "n/a" if each.covered is None else f"{each.covered:.0%}"


def _name(group: GroupFacts) -> str:
    return group.name or "sites of fewer than five, or not known"
