from __future__ import annotations

import numpy as np
import pytest
from given import given

from contrage.cohort.phantom.heads.picture import _choose, phantom_picture
from contrage.cohort.phantom.heads.plan import plan
from contrage.errors import BadScanError
from contrage.files import save_nifti
from contrage.settings.blocks.phantom import PhantomSettings


def test_the_picture_takes_participants_of_all_ages():
    chosen = [person.age for person in _choose(plan(60, 1))]
    ages = [person.age for person in plan(60, 1)]
    assert len(chosen) == 6
    assert (chosen[0], chosen[-1]) == (min(ages), max(ages))
    assert chosen == sorted(chosen)


def test_a_picture_is_drawn_with_real_maps_beside_the_phantoms(tmp_path, rng):
    affine = np.array([[-2.0, 0, 0, 90], [0, 2, 0, -126], [0, 0, 2, -72], [0, 0, 0, 1]])
    for name in "abc":
        values = 1000 * rng.uniform(1, 4, (91, 109, 91))
        save_nifti(tmp_path / "maps" / f"{name}.nii.gz", values, affine)
    output = tmp_path / "phantoms.png"
    settings = {
        "participants": 2,
        "seed": 1,
        "t1_voxel_mm": [4, 4, 4],
        "stiffness_voxel_mm": [3, 3, 3],
    }
    phantom_picture(
        given(PhantomSettings, "cohort.phantom", **settings), output=output, real=tmp_path / "maps"
    )
    assert output.read_bytes().startswith(b"\x89PNG")
    assert output.stat().st_size > 50_000


def test_a_folder_without_maps_is_named(tmp_path):
    with pytest.raises(BadScanError, match=r"no \.nii\.gz"):
        phantom_picture(
            given(PhantomSettings, "cohort.phantom", participants=2),
            output=tmp_path / "x.png",
            real=tmp_path,
        )
