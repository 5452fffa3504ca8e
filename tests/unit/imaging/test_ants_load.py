"""ANTs imported without what no step needs: the same bits, in less time; else as a whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

SCRIPT = """
import hashlib, json, logging, sys, tempfile
from pathlib import Path

import numpy as np

from contrage.imaging.ants import load

logging.basicConfig(level=logging.INFO)
how = sys.argv[1]
if how == "whole":
    load._lean = lambda: __import__("ants")
if how == "moved":
    load.USED = (*load.USED, ("ants.ops.elsewhere", "elsewhere"))
ants = load.import_ants(1)
from contrage.imaging.ants import bridge
from contrage.imaging.bias import bias_field
from contrage.imaging.images import Image, shrink
from contrage.imaging.space.mni import estimate
from contrage.imaging.template.grids import brain_template
from contrage.imaging.template.source import NILEARN
from imaging_steps import bias, fit

template = brain_template(4)
turn = np.eye(4)
turn[:3, 3] = (4.0, -3.0, 5.0)
turn[0, 1] = 0.05
brain = Image(template.anatomical.array * 100, turn @ template.anatomical.affine)
slope = 1 + 0.2 * np.linspace(-1, 1, brain.array.shape[0])[:, None, None]
made = {}
field = bias_field(brain.with_array(brain.array * slope), brain.array > 0, bias())
made["field"] = field
with tempfile.TemporaryDirectory() as folder:
    for kind in ("rigid", "affine9", "syn"):
        way = estimate(brain, Path("a.nii"), fit(kind), np.eye(4), Path(folder), NILEARN)
        made[kind] = way.affine
        if kind != "affine9":
            for how_between in ("bspline", "nearest"):
                moved = way.apply(brain, template.anatomical, how_between)
                made[f"{kind} {how_between}"] = moved
digests = {
    name: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
    for name, array in made.items()
}
slow = sorted({"matplotlib", "sklearn", "statsmodels"} & set(sys.modules))
print(json.dumps({"digests": digests, "slow": slow, "all": hasattr(ants, "plot")}))
"""


def imported(how: str) -> tuple[dict, str]:
    """Register, deform, resample and correct in a process of its own; return digests and log."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", SCRIPT, how]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), done.stderr


@pytest.fixture(scope="module")
def lean() -> tuple[dict, str]:
    return imported("lean")


def test_both_imports_give_the_same_bits(lean):
    whole, _ = imported("whole")
    assert lean[0]["digests"] == whole["digests"]
    assert len(set(lean[0]["digests"].values())) == len(lean[0]["digests"]) == 8
    assert whole["all"] and whole["slow"], "else the two imports are one"


def test_nothing_slow_is_imported_that_no_step_needs(lean):
    assert lean[0]["slow"] == [] and not lean[0]["all"]
    assert "as a whole" not in lean[1]


def test_another_ants_is_imported_as_a_whole_and_the_log_says_so(lean):
    moved, said = imported("moved")
    assert moved["all"] and moved["digests"] == lean[0]["digests"]
    assert "ANTs is imported as a whole, which takes longer (No module named" in said
