"""Where nobody ages nothing is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import region_tables as rt
from sklearn.metrics import roc_auc_score

from contrage.cohort.phantom.tables.study import write_study


@pytest.fixture(scope="module")
def planted(settings, tmp_path_factory):
    folder = tmp_path_factory.mktemp("null")
    write_study(replace(settings, ageing=0.0, parts={"adni": settings.parts["adni"]}), folder)
    return rt.read(folder)


def test_nothing_is_found_where_nobody_ages(planted):
    controls = planted.where(group="HC")
    everyone = planted.where(group=rt.GROUPS)
    folds = rt.folds_of(planted, controls, everyone)
    told = rt.predicted(planted, controls, folds, planted.ages)
    found = rt.gaps(planted, told, controls, folds, planted.ages)
    assert abs(np.corrcoef(told[controls], planted.ages[controls])[0, 1]) < 0.3
    assert abs(found.beta) < 0.25  # too flat a line to correct by
    first = planted.where(group=("HC", "AD")) & planted.first
    is_ill = planted.where(group="AD")[first]
    for score in (found.raw, found.residual):
        assert 0.4 < roc_auc_score(is_ill, score[first]) < 0.6
