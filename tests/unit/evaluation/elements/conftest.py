"""A study of groups, written anew for each test."""

from __future__ import annotations

import pytest
from groups_study import GroupsStudy, leaning, people


@pytest.fixture
def groups(tmp_path) -> GroupsStudy:
    rows = {"exp": leaning(0.8), "l1": leaning(0.6, noise=4)}
    told = {"gap": {}, "roc": {}, "slopes": {}}
    return GroupsStudy(tmp_path / "study", people(), rows, told)
