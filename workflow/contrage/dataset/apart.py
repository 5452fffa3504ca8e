"""People of role external: who they are, and that their sites are not those learned from.

Light: a plan asks this before its first job.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from contrage.dataset.roles import EXTERNAL, TRAIN, Visit, matching, told_values
from contrage.errors import SettingsError, few

KEY = "dataset.external"


def external_people(
    visits: Sequence[Visit], external: Mapping[str, Sequence[Any]], own: Collection[str]
) -> set[str]:
    """Return the participants all of whose scans match `dataset.external`.

    Parameters
    ----------
    visits : sequence of Visit
        Of everybody.
    external : mapping of str to sequence
        Column → values; empty for nobody.
    own : collection of str
        The participants who match `dataset.learn_from`; all others are predicted alone.

    Raises
    ------
    SettingsError
        If nobody has one of the values, or nobody matches, or everybody who is left.
    """
    if not external:
        return set()
    found = matching(visits, external, KEY)
    if not found:
        raise SettingsError(
            f"{KEY}: nobody matches it with all scans ({told_values(external)}); mend or remove it"
        )
    if not found & set(own):
        raise SettingsError(
            f"{KEY}: none of the {len(found)} people who match it ({told_values(external)}) match "
            "dataset.learn_from, so that all are predicted alone; name there what they are, too"
        )
    if not set(own) - found:
        raise SettingsError(
            f"{KEY}: everybody matches it ({told_values(external)}), so that there is nobody to "
            "learn from"
        )
    return found & set(own)


def check_sites(learned: Sequence[Visit], external: Sequence[Visit]) -> None:
    """Refuse external people of sites that are learned from, or of whom that is not known."""
    if not external:
        return
    for role, scans in ((TRAIN, learned), (EXTERNAL, external)):
        if names := [each.scan_id for each in scans if not each.site]:
            raise SettingsError(
                f"dataset.split.allow_shared_sites: the site of people of role {role} is not told "
                f"({few(names, most=3)}), so that nobody knows whether people of role external are "
                "from other sites than those that are learned from; tell it, or set it to true"
            )
    if both := sorted({each.site for each in learned} & {each.site for each in external}):
        raise SettingsError(
            f"dataset.split.allow_shared_sites: people of role external are from sites that are "
            f"learned from as well ({few(both)}), so that their error is not that of other sites; "
            "give them another role, or set it to true"
        )
