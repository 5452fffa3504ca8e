"""A head is predicted from its raw images as in the run: by its T1, and by its map."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path

import pytest
import yaml
from predicted_again import differences
from small_study import TINY, Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("phantom")]


def test_a_map_of_stiffness_is_predicted_by_the_model_as_in_the_run(phantoms):
    raw = phantoms.folder / "results/phantom/tiny"
    found = differences(phantoms.folder, "tiny", "exp", raw, most=1)
    assert len(found) == 1 and max(found) < 1e-4


def test_a_t1_is_predicted_by_the_model_as_in_the_run(phantoms, tmp_path):
    # The same heads, of which another image is learned from: they need no other preprocessing.
    folder = Path(shutil.copytree(phantoms.folder, tmp_path / "contrage"))
    asked = copy.deepcopy(TINY) | {"experiment": "heads"}
    asked["cohort"] |= {"image": "T1w", "maps": ["stiffness"]}
    (folder / "heads.yaml").write_text(yaml.safe_dump(asked))
    done = Workflow(folder).run(config="heads.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Registering" not in done.stdout + done.stderr
    found = differences(folder, "heads", "exp", folder / "results/phantom/tiny", most=1)
    assert len(found) == 1 and max(found) < 1e-4
