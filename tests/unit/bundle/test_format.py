"""A model that an earlier contrage wrote is opened by this one, and predicts as it did.

From 1.0.0 on tests/data/model-format-1 is never made anew: who changes the format keeps it, and
adds another. Before that release it followed its format.
"""

from __future__ import annotations

import json
import shutil

import pytest
from made_models import write_rows

import contrage
from contrage.bundle import written
from contrage.bundle.errors import BundleError
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


@pytest.mark.parametrize("lacks", ["looks", "interval"])
def test_facts_that_lack_a_key_are_refused_with_the_version_that_wrote_them(root, tmp_path, lacks):
    folder = shutil.copytree(root / "tests/data/model-format-1", tmp_path / "model")
    content = json.loads((folder / written.NAME).read_text())
    del content[lacks]
    content["sha256"] = written.own_checksum(content)
    (folder / written.NAME).write_text(json.dumps(content))
    said = f"{lacks} is missing.*contrage 0.1.0 wrote it, and this is {contrage.__version__}"
    with pytest.raises(BundleError, match=said):
        open_bundle(folder)
