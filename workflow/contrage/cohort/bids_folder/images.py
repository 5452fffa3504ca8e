"""Which images of a scan are taken, and whether they belong together.

A BIDS name tells with its entities what an image is: acquisition, run, contrast, space. A mask
must be that of its T1, a magnitude and a second map those of the map; where there are several
images of a kind, `cohort.entities` chooses or the scan is a bad one.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from contrage import modalities
from contrage.bids import Name, parse
from contrage.cohort.unusable import why_unusable
from contrage.errors import few
from contrage.settings.steps.cohort import CohortStep

MAPS = modalities.maps()
FOLDERS = {
    **{name: modalities.load(name).folder for name in modalities.anatomicals()},
    "mask": "anat",
    **{name: modalities.load(name).folder for name in MAPS},
}
UNUSUAL = {
    "ce": "is contrast-enhanced",
    "space": "lies in a space of its own",
    "desc": "was made from another image",
    "part": "is one part of a complex image",
}
"""Entities of an image that is not taken unless `cohort.entities` asks for it."""
ANY, FIRST, LAST = "any", "first", "last"


@dataclass
class FoundImages:
    """What was found of a scan.

    Attributes
    ----------
    taken : dict of str to Name
        Kind of image → the one that is taken.
    problems : dict of str to str
        Kind of image → why none can be taken.
    others : dict of str to list of str
        Kind of image → what was there beside the one that is taken.
    lists : dict of str to list of str
        Folder → names in it.
    known : set of str
        The entities that the images there have, of any kind.
    """

    home: str
    taken: dict[str, Name] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    others: dict[str, list[str]] = field(default_factory=dict)
    lists: dict[str, list[str]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def strangers(self, kind: str) -> list[str]:
        """Return the images in a kind's folder that are none of the scan's."""
        mine = {each.file for each in self.taken.values()} | set().union(*self.others.values())
        return [name for name in self.lists[FOLDERS[kind]] if name not in mine and parse(name)]

    def path(self, kind: str) -> str | None:
        """Return where the image lies, None where there is none."""
        name = self.taken.get(kind)
        return None if name is None else f"{self.home}/{FOLDERS[kind]}/{name.file}"


def find_images(
    home: str, folders: list[str], own: dict[str, str], settings: CohortStep
) -> FoundImages:
    """Choose the images of a scan.

    Parameters
    ----------
    home : str
        The folder of the participant or session.
    folders : list of str
        Names in it.
    own : dict
        The entities that all files of the scan must have: sub, and ses or not.
    settings : CohortStep
        Its `entities` are entity → label, first, last, any or none; or kind of image → such a
        mapping.

    Returns
    -------
    FoundImages
    """
    images = FoundImages(home)
    for folder in dict.fromkeys(FOLDERS.values()):
        images.lists[folder] = _listing(images, folder) if folder in folders else []
    first, *others = dict.fromkeys([settings.image, *settings.maps, *MAPS])
    order = [name for name in (first, *others) if name in MAPS]
    leading = order[0]
    _choose(images, leading, own, settings)
    in_use = settings.image in MAPS or settings.maps
    of_map = images.taken.get(leading) if in_use else None
    for kind in (*order[1:], "magnitude"):
        _choose(images, kind, own, settings, of_map)
    _choose(images, "T1w", own, settings, runs_of=of_map)
    if settings.anatomical in images.taken:
        _choose(images, "mask", own, settings, images.taken[settings.anatomical])
    for kind in list(images.taken):
        reason = why_unusable(images.path(kind))
        if reason:
            images.problems[kind] = f"{images.taken[kind].file} {reason}"
    return images


def _listing(images: FoundImages, folder: str) -> list[str]:
    try:
        return sorted(os.listdir(f"{images.home}/{folder}"))
    except NotADirectoryError:
        return []
    except OSError as error:
        lost = isinstance(error, FileNotFoundError)
        reason = "is a link to nowhere; fetch it" if lost else f"may not be read ({error.strerror})"
        for kind in (kind for kind, place in FOLDERS.items() if place == folder):
            images.problems[kind] = f"{folder}/ {reason}"
        return []


def _choose(
    images: FoundImages,
    kind: str,
    own: dict[str, str],
    settings: CohortStep,
    must_agree: Name | None = None,
    runs_of: Name | None = None,
) -> None:
    """Take the one image of a kind, or note why there is none.

    `must_agree` is the image that it must be of: all entities but `desc` are equal. With `runs_of`
    only runs must be, where both have one.
    """
    there, odd = _candidates(images.lists[FOLDERS[kind]], kind, own)
    if not there and not odd:
        return
    images.known.update(*(each.entities for each in there))
    wanted = _wanted(kind, settings.entities)
    if len(there) == 1 and not wanted and not must_agree and there[0].entities == own:
        images.taken[kind] = there[0]  # the usual case: of 20,000 scans each step counts
        return
    left, problem = there, None
    for entity, (label, of_kind) in wanted.items():
        if of_kind or must_agree is None:
            left = _only(left, entity, label, of_kind, there)
    if there and not left:
        problem = _none_like(kind, there, wanted)
    elif must_agree is None:
        left, problem = _usual(left, kind, wanted)
    if problem:
        images.problems[kind] = problem
        return
    left = _agreeing(images, kind, left, wanted, must_agree, runs_of)
    if len(left) == 1:
        images.taken[kind] = left[0]
        images.others[kind] = [each.file for each in there if each is not left[0]]
    elif left:
        images.problems[kind] = _several(kind, left)
    elif odd and not there and kind not in images.problems:
        images.problems[kind] = (
            f"{odd[0].file} is no BIDS name ({odd[0].odd!r} is no entity-label); rename it"
        )


def _wanted(kind: str, entities: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is asked of a kind of image: (label, whether of this kind alone) by entity."""
    flat = {key: (label, False) for key, label in entities.items() if key not in FOLDERS}
    own = entities.get(kind, {})
    return flat | {key: (label, True) for key, label in own.items()}


def _candidates(names: list[str], kind: str, own: dict[str, str]) -> tuple[list[Name], list[Name]]:
    """Return the images of a kind and scan, and those among them whose names are none of BIDS."""
    good, odd = [], []
    for name in names:
        if kind not in name or not name.startswith("sub-"):
            continue
        image = parse(name)
        if image is None or image.suffix != kind:
            continue
        if kind == "mask" and image.entities.get("desc") != "brain":
            continue
        if {key: image.entities.get(key) for key in ("sub", "ses")} == {"ses": None, **own}:
            (odd if image.odd else good).append(image)
    return good, odd


def _only(
    left: list[Name], entity: str, label: Any, of_kind: bool, there: list[Name]
) -> list[Name]:
    """Keep the images that have what is asked of one entity.

    What is not asked of this kind alone says nothing of a kind that does not have the entity.
    """
    carried = any(entity in each.entities for each in there)
    if label == ANY or (not carried and not of_kind):
        return left
    if label in (FIRST, LAST):
        ranked = sorted({_rank(each.entities.get(entity)) for each in left})
        end = ranked[0 if label == FIRST else -1] if ranked else None
        return [each for each in left if _rank(each.entities.get(entity)) == end]
    if label is None or label == "none":
        return [each for each in left if entity not in each.entities]
    return [each for each in left if _rank(each.entities.get(entity)) == _rank(str(label))]


def _rank(label: str | None) -> tuple[int, int, str]:
    """Order labels: none, then numbers by size (run-2 before run-10), then words."""
    if label is None:
        return (0, 0, "")
    return (1, int(label), "") if label.isdigit() else (2, 0, label)


def _usual(left: list[Name], kind: str, wanted: dict[str, Any]) -> tuple[list[Name], str | None]:
    """Leave out what nobody takes without saying so; the reason where nothing else is there."""
    for entity, what in UNUSUAL.items():
        if entity in wanted:
            continue
        usual = [each for each in left if _is_usual(each, entity)]
        if left and not usual:
            answer = f"{{{kind}: {{{entity}: {left[0].entities[entity]}}}}}"
            return [], f"{left[0].file} {what}; take it by cohort.entities: {answer}"
        left = usual
    return left, None


def _is_usual(image: Name, entity: str) -> bool:
    label = image.entities.get(entity)
    return label is None or (entity, label) == ("part", "mag")


def _agreeing(
    images: FoundImages,
    kind: str,
    left: list[Name],
    wanted: dict[str, Any],
    must_agree: Name | None,
    runs_of: Name | None,
) -> list[Name]:
    """Keep the images that are of another one; note it where there are some and none is."""
    reference = must_agree or runs_of
    if reference is None or not left:
        return left
    differing = {
        each.file: _differences(each, reference, wanted, runs_only=must_agree is None)
        for each in left
    }
    same = [each for each in left if not differing[each.file]]
    if same:
        return same
    keys = differing[left[0].file]
    images.problems[kind] = _stranger(kind, left[0], reference, keys)
    return []


def _differences(
    image: Name, reference: Name, wanted: dict[str, Any], runs_only: bool
) -> list[str]:
    """Return the entities in which two images of a scan differ and must not."""
    if runs_only:
        both = "run" in image.entities and "run" in reference.entities
        keys = ["run"] if both and "run" not in wanted else []
    else:
        keys = list(dict.fromkeys([*image.entities, *reference.entities]))
    accepted = {key for key, (label, _) in wanted.items() if label == ANY}
    return [
        key
        for key in keys
        if key not in ("desc", *accepted)
        and _rank(image.entities.get(key)) != _rank(reference.entities.get(key))
    ]


def _stranger(kind: str, image: Name, reference: Name, keys: list[str]) -> str:
    """Return the words for an image that is of another acquisition, run or space."""
    differ = f"{' and '.join(keys)} differ{'s' if len(keys) == 1 else ''}"
    words = f"{image.file} does not belong to {reference.file}: {differ}"
    if "space" in keys:
        return f"{words}; give one in the image's own space"
    answer = ", ".join(f"{key}: any" for key in keys)
    return f"{words}; mend the names, or say cohort.entities: {{{kind}: {{{answer}}}}}"


def _none_like(kind: str, there: list[Name], wanted: dict[str, Any]) -> str:
    asked = ", ".join(f"{key}-{label}" for key, (label, _) in wanted.items())
    return f"no {kind} with {asked} (cohort.entities); there are {few([n.file for n in there])}"


def _several(kind: str, left: list[Name]) -> str:
    left = sorted(left, key=lambda each: [_rank(label) for label in each.entities.values()])
    names = few([each.file for each in left])
    keys = dict.fromkeys(key for each in left for key in each.entities)
    key = next((k for k in keys if len({each.entities.get(k) for each in left}) > 1), None)
    labels = sorted({each.entities.get(key or "") for each in left}, key=_rank)
    if key is None or len({_rank(label) for label in labels}) == 1:
        return f"{len(left)} files of one {kind} image ({names}); remove all but one"
    label = FIRST if key == "run" else "none" if None in labels else labels[0]
    return f"{len(left)} {kind} images ({names}); choose by cohort.entities: {{{key}: {label}}}"
