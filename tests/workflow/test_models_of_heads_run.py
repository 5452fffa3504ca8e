"""A head is predicted from its raw images as in the run.

That other images, registrations and trainings are, tests/unit shows piece by piece
(imaging/test_seen_by_model.py, bundle/test_as_in_the_run.py).
"""

from __future__ import annotations

import pytest
from predicted_again import differences

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]


def test_a_map_of_stiffness_is_predicted_by_the_model_as_in_the_run(phantoms):
    raw = phantoms.folder / "results/phantom/tiny"
    found = differences(phantoms.folder, "tiny", "exp", raw, most=1)
    assert len(found) == 1 and max(found) < 1e-4
