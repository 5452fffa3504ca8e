"""A model that an earlier contrage wrote is opened by this one, and predicts as it did.

tests/data/model-format-1 is never made anew: who changes the format keeps it, and adds another.
"""

from __future__ import annotations

import pytest
from made_models import write_rows

from contrage.bundle.facts import FORMAT
from contrage.bundle.opened import open_bundle
from contrage.bundle.predict import predict_subjects, subjects


@pytest.mark.parametrize("number", range(1, FORMAT + 1))
def test_a_model_of_every_format_so_far_is_read(root, tmp_path, number):
    bundle = open_bundle(root / f"tests/data/model-format-{number}")
    row = {"lh_thick": 2.61, "rh_thick": 2.2, "volume": 1290, "age": 44}
    found = subjects(bundle, [write_rows(tmp_path / "t.tsv", row)])
    (one,) = predict_subjects(bundle, found)
    assert one.refused is None and one.flags == ()
    assert one.predicted == pytest.approx(44.947764, abs=1e-4)
    assert (one.low, one.high) == pytest.approx((36.195477, 53.700051), abs=1e-4)
    assert (one.gap, one.corrected_gap) == pytest.approx((0.947764, -0.315295), abs=1e-4)
