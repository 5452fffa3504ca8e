"""Calls of other people's functions are noted with all their parameters."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from contrage.imaging.ants.calls import call, noting


def fit(image, weight=0.5, *, rounds=(3, 2), **further):
    """Stand in for a library's function."""
    return image, weight, rounds, further


class Picture:
    """Stand in for an image of ANTs."""

    shape, spacing = (4, 5, 6), (2.0, 2.125, 3.0)


def test_the_call_itself_is_unchanged():
    assert call(fit, 1, rounds=(9,), extra="x") == (1, 0.5, (9,), {"extra": "x"})


def test_parameters_left_at_their_default_are_noted_too():
    with noting() as calls:
        call(fit, 1, extra="x")
    assert calls == [
        {
            "function": f"{__name__}.fit",
            "parameters": {"image": 1, "weight": 0.5, "rounds": [3, 2], "extra": "x"},
        }
    ]


def test_images_are_noted_by_their_grid_and_temporary_files_by_their_name():
    with noting() as calls:
        call(fit, Picture(), weight=[str(Path(tempfile.gettempdir()) / "ab12" / "start.mat")])
    assert calls[0]["parameters"]["image"] == "image of 4 x 5 x 6 voxels, 2 x 2.125 x 3 mm"
    assert calls[0]["parameters"]["weight"] == ["start.mat"]


def test_what_json_cannot_hold_is_noted_by_its_type():
    with noting() as calls:
        call(fit, np.zeros(3), weight={"a": np.float32(2)})
    assert calls[0]["parameters"]["image"] == "numpy.ndarray"
    assert calls[0]["parameters"]["weight"] == {"a": 2.0}


def test_outside_a_step_nothing_is_kept():
    with noting() as calls:
        pass
    call(fit, 1)
    assert calls == []
