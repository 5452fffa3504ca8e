"""Small finished tables of a study."""

from __future__ import annotations

from pathlib import Path

import pytest
from side_by_side import SIZES

MAE = """loss\tmae_mean\tmae_sd\tr2_mean\tn_seeds
l1\t{}\tn/a\t0.5\t1
exp\t{}\t0.25\t0.6\t1
"""
COHORTS = """row\tcohort\tmae\tr2
l1\tadni\t3.5\t0.4
l1\toasis\t4.5\t0.5
exp\tadni\t3.25\t0.6
exp\toasis\t4.25\t0.7
"""


@pytest.fixture
def finished(tmp_path: Path) -> dict[str, Path]:
    """Finished tables of overlays by <overlay>/<table>."""
    texts = {
        "single-adni/mae": MAE.format(4.0, 3.75),
        "single-oasis/mae": MAE.format(5.0, 4.75),
        "merge/mae": MAE.format(4.0, 3.75),
        "merge/cohorts": COHORTS,
        **{f"{name}/mae": MAE.format(mae, mae) for name, (_, mae) in SIZES.items()},
        **{f"{name}/site": "row\tbacc\nl1\t0.25\nexp\t0.125\n" for name in SIZES},
    }
    found = {}
    for key, text in texts.items():
        found[key] = tmp_path / f"{key.replace('/', '_')}.tsv"
        found[key].write_text(text)
    return found
