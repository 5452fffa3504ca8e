"""What messages to users are made of."""

from __future__ import annotations

from contrage.errors import few


def test_of_many_names_the_first_are_told_and_how_many_more_there_are():
    names = [f"sub-{number}" for number in range(7)]
    assert few(names) == "sub-0, sub-1, sub-2, sub-3, sub-4 and 2 more"
    assert few(names[:2], "; ") == "sub-0; sub-1"
