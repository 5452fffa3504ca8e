"""Whether the code here is that which decided the results."""

from __future__ import annotations

from collections.abc import Iterator

from contrage.run.code import digest
from contrage.settings.steps.record import Recorded
from contrage.verify.finding import DIFFERS, SAME, LookedAt

PART = "code"


def code(asked: Recorded) -> Iterator[LookedAt]:
    """Compare the digest of every step's code with that which was written down."""
    others = changed(asked)
    for name, each in asked.code.items():
        if name in others:
            note = f"{each.digest} recorded, {digest(*each.modules)} here"
            yield LookedAt(PART, name, DIFFERS, note)
    same = len(asked.code) - len(others)
    if same:
        yield LookedAt(PART, f"steps ({same})", SAME)


def changed(asked: Recorded) -> list[str]:
    """Name the steps whose code here is another."""
    return [name for name, each in asked.code.items() if digest(*each.modules) != each.digest]
