"""What methods tell of test people, by the trainings that did not learn from them."""

from __future__ import annotations

from collections.abc import Iterator

from contrage.evaluation.saliency import methods
from contrage.evaluation.saliency.found import Gathered
from contrage.evaluation.saliency.members import Explainer, Members
from contrage.evaluation.saliency.places import NamedPlaces
from contrage.learning.folds import Scans
from contrage.settings.blocks.evaluations import SaliencySettings


def attributed(
    members: Members, people: Scans, regions: NamedPlaces, asked: SaliencySettings
) -> dict[str, Gathered]:
    """Return method → what it tells of these people, added up.

    Parameters
    ----------
    members : Members
    people : Scans
    regions : NamedPlaces
    asked : SaliencySettings
        methods and steps are used.
    """
    gathered = {name: Gathered(regions, people.ids) for name in asked.methods}
    for member in _that_test(members, people):
        with member.repeatable():
            for name, into in gathered.items():
                _add(member, name, people, asked.steps, into)
    return gathered


def _that_test(members: Members, people: Scans) -> Iterator[Explainer]:
    """Yield one training after the other, of the folds that test somebody of these."""
    for key in members.models:
        if not set(members.fold(key).test.ids).isdisjoint(people.ids):
            yield members.load(key)


def _add(member: Explainer, name: str, people: Scans, steps: int, into: Gathered) -> None:
    """Add what a method tells of those whom a training's fold tests."""
    tested = set(member.fold.test.ids)
    given = {"baseline": member.baseline, "regions": into.regions.labels, "steps": steps}
    for place, (scan, row) in enumerate(zip(people.ids, people.rows, strict=True)):
        if scan in tested:
            image = member.image(int(row))
            values = methods.attributions(member.predictor, image, name, **given)
            wanted = methods.difference(member.predictor, image, member.baseline)
            into.add(member.seed, place, values, wanted, (image != member.baseline).numpy()[0])
