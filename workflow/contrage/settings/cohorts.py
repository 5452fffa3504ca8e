"""`cohort` as people write it: a block, the name of one of `cohorts`, or several, to be merged."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Sequence
from typing import Any

from contrage.errors import SettingsError, few
from contrage.settings.layers import lay_over
from contrage.settings.meaning import fill_defaults
from contrage.settings.schema import Part
from contrage.tables import nearest

KEY, MERGED = "cohort", "merged"
OF_KINDS = ("xray", "series", "video", "pet")
"""Blocks that bring files of a kind of data to one shape."""
OF_MERGED = (
    "source",
    "members",
    "name",
    "image",
    "columns",
    "exclude",
    "duplicates",
    "on_bad_scan",
)
"""Keys that mean something of a merged cohort; all others are its members'."""

Block = dict[str, Any]


class AskedCohort:
    """What the layers of a configuration say of `cohort`, the later ones more than the earlier.

    A name or a list counts in place of all that was said before; a block is laid over that.
    """

    def __init__(self) -> None:
        self._of: str | list[Any] | None = None
        self._over: Any = {}

    def lay(self, layer: Block) -> None:
        """Lay what a layer says of it over what was said before."""
        written = layer.get(KEY, {})
        if not isinstance(written, dict):
            chosen = isinstance(written, str | list)
            self._of, self._over = (written, {}) if chosen else (None, written)
            return
        if written.get("members"):
            self._of, self._over = written["members"], {}
        rest = {key: value for key, value in written.items() if key != "members" or not value}
        whole = {KEY: self._over}
        lay_over(whole, {KEY: rest})
        self._over = whole[KEY]

    def block(self, cohorts: Any, part: Part) -> Any:
        """Return the one block that this comes to; of a merged cohort, with whole members.

        Parameters
        ----------
        cohorts : dict
            The block `cohorts` of the configuration.
        part : dict
            What the schema says of a cohort.

        Raises
        ------
        SettingsError
            There is no cohort of a name, or cohorts that cannot be merged.
        """
        known = cohorts if isinstance(cohorts, dict) else {}
        of = self._of[0] if isinstance(self._of, list) and len(self._of) == 1 else self._of
        found = {} if of is None else {"members": of} if isinstance(of, list) else _one(of, known)
        if not isinstance(self._over, dict):
            return self._over
        lay_over(found, self._over)
        if found.get("members"):
            return _merged(found, known, part)
        if found.get("source") == MERGED:
            raise SettingsError(
                f"{KEY}.members: there are none to merge; name some of cohorts, or choose another "
                f"{KEY}.source"
            )
        return found


def _one(asked: Any, cohorts: Block) -> Block:
    """Return the block of a name, or of one that stands in a list."""
    if isinstance(asked, str):
        if asked not in cohorts:
            near = nearest(asked, cohorts)
            there = f"there are {few([*cohorts], most=12)}" if cohorts else "cohorts is empty"
            hint = f"did you mean {near}?" if near else there
            raise SettingsError(f"{KEY}: cohorts has no {asked!r}; {hint}")
        found = cohorts[asked]
        own = {"members": found} if isinstance(found, list) else found
        return {"name": asked, **copy.deepcopy(own)}
    if not (isinstance(asked, dict) and asked.get("name")):
        raise SettingsError(
            f"{KEY}: each block of a list needs a name; its people's ids begin with it"
        )
    return copy.deepcopy(asked)


def _merged(asked: Block, cohorts: Block, part: Part) -> Block:
    """Return a merged cohort with whole blocks of its members."""
    members = [_one(each, cohorts) for each in asked["members"]]
    for each in members:
        if each.get("members"):
            raise SettingsError(
                f"{KEY}: {each['name']} is merged itself; name its members in its place"
            )
        if "image" in asked:
            each.setdefault("image", asked["image"])
        fill_defaults(each, part)
    names = [each["name"] for each in members]
    found = {
        "name": "-".join(map(str, names)),
        "image": members[0]["image"],
        **asked,
        "source": asked.get("source", MERGED),
        "members": members,
    }
    fill_defaults(found, part)
    _check_names(names, found["name"])
    _check_images(members, found)
    _check_scales(members)
    _check_shapes(members, found["image"])
    _check_keys(found, part)
    return found


def _check_names(names: Sequence[str], own: str) -> None:
    if twice := [name for name, count in Counter(names).items() if count > 1]:
        raise SettingsError(f"{KEY}: {twice[0]} stands there twice; name each member once")
    if own in names:
        raise SettingsError(
            f"{KEY}.name: {own} is the name of a member; give the merged cohort another"
        )


def _check_images(members: Sequence[Block], merged: Block) -> None:
    other = [each for each in members if each["image"] != merged["image"]]
    if other:
        first = next(each for each in [*members, merged] if each is not other[0])
        raise SettingsError(
            f"{KEY}.image: {other[0]['name']} has {other[0]['image']}, {first['name']} has "
            f"{first['image']}; only cohorts of one kind of data can be merged"
        )


def _check_scales(members: Sequence[Block]) -> None:
    first = members[0]
    for each in members:
        if each["features_scale"] != first["features_scale"]:
            raise SettingsError(
                f"{KEY}.features_scale: {each['name']} has {each['features_scale']}, "
                f"{first['name']} has {first['features_scale']}; say the same of all members"
            )


def _check_shapes(members: Sequence[Block], image: str) -> None:
    """Refuse members whose files are brought to different shapes."""
    first = members[0]
    for each in members:
        for key, value in (each[image] if image in OF_KINDS else {}).items():
            if value != first[image][key]:
                raise SettingsError(
                    f"{KEY}.{image}.{key}: {each['name']} has {value}, {first['name']} has "
                    f"{first[image][key]}; say the same of all members"
                )


def _check_keys(merged: Block, part: Part) -> None:
    if merged["source"] != MERGED:
        raise SettingsError(
            f"{KEY}.source: {merged['source']}, but it has members; remove one of the two"
        )
    usual: Block = {}
    fill_defaults(usual, part)
    for key, value in merged.items():
        if key in usual and key not in OF_MERGED and value != usual[key]:
            raise SettingsError(
                f"{KEY}.{key}: does nothing for a merged cohort; say it of its members"
            )
