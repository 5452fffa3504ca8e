"""What a run is asked for: trainings, or no more than images and tables that are prepared."""

from __future__ import annotations

from collections.abc import Iterable

from contrage.layout import OF_COHORT, OF_PHANTOM

PREPARED = (OF_COHORT.format(""), OF_PHANTOM.format(""))
PREPARES = frozenset(
    (
        *(
            "phantom_tables",
            "phantom",
            "phantom_picture",
            "cohort",
            "check",
            "screen",
            "strip",
            "correct",
            "register",
        ),
        *("usable", "quality", "quality_page", "preprocessed", "describe", "methods"),
        *("same_person", "same_person_before", "same_person_page"),
        *("stack", "arrays", "features", "select"),
        *("predict_part", "join_predictions", "predictions"),
    )
)
"""Rules that come before the split, or need none: whoever asks for these may have few people."""


def trains(targets: Iterable[str], until: Iterable[str] = ()) -> bool:
    """Return whether a run goes on to trainings.

    Parameters
    ----------
    targets, until : iterable of str
        Rules or files; no target is everything.
    """
    asked = [str(name) for name in (*until,)] or [str(name) for name in targets]
    return not asked or not all(map(_prepares, asked))


def _prepares(name: str) -> bool:
    """Whether a rule or file comes before the split; a module's rules have names before theirs."""
    named = any(name == rule or name.endswith(f"_{rule}") for rule in PREPARES)
    return named or name.startswith(PREPARED)
