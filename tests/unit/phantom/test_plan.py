from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from contrage.cohort.phantom.heads.plan import STUDIES, plan, study_sizes
from contrage.errors import SettingsError

SITES = [f"study{k}" for k in range(1, 6)]
# Table 2: number, women, mean age, SD.
TABLE2 = {
    "study1": (134, 78, 23.4, 4.0),
    "study2": (60, 34, 37.8, 20.9),
    "study3": (12, 6, 69.4, 2.4),
    "study4": (68, 49, 69.3, 5.8),
    "study5": (37, 16, 49.1, 16.6),
}


@pytest.mark.parametrize("seed", [0, 1, 2024])
@pytest.mark.parametrize("site", SITES)
def test_the_full_cohort_is_the_one_of_table_2(site, seed):
    people = [person for person in plan(311, seed) if person.site == site]
    size, women, mean, sd = TABLE2[site]
    ages = [person.age for person in people]
    assert len(people) == size
    assert sum(person.sex == "F" for person in people) == women
    assert np.mean(ages) == pytest.approx(mean, abs=0.2)
    assert np.std(ages, ddof=1) == pytest.approx(sd, abs=0.4)


def test_the_full_cohort_has_the_total_of_table_2_and_two_peaks():
    people = plan(311, 2024)
    ages = np.array([person.age for person in people])
    assert sum(person.sex == "F" for person in people) == 183
    assert ages.mean() == pytest.approx(41.0, abs=0.3)
    assert ages.std(ddof=1) == pytest.approx(21.9, abs=0.4)
    young, middle, old = ((ages >= a) & (ages < a + 15) for a in (18, 40, 62))
    assert middle.sum() < 0.4 * min(young.sum(), old.sum())


@pytest.mark.parametrize("participants", [1, 3, 10, 11, 60, 97, 600])
def test_any_number_is_shared_in_the_proportions_of_table_2(participants):
    sizes = study_sizes(participants)
    exact = [participants * study.size / 311 for study in STUDIES]
    assert sum(sizes) == participants
    assert len(plan(participants, 1)) == participants
    if participants >= 10:
        assert min(sizes) >= 1
    if participants >= 60:
        assert all(abs(size - share) < 1 for size, share in zip(sizes, exact, strict=True))


def test_participants_have_unique_ids_and_plausible_values():
    people = plan(60, 2024)
    assert [person.index for person in people] == list(range(60))
    assert [person.participant_id for person in people] == [f"sub-{k:03d}" for k in range(1, 61)]
    assert all(18 <= person.age <= 90 for person in people)
    assert all(person.age == round(person.age, 1) for person in people)
    assert {person.sex for person in people} == {"F", "M"}
    assert all(type(person.age) is float and type(person.sex) is str for person in people)


def test_a_cohort_of_more_than_999_has_longer_ids():
    people = plan(1000, 1)
    assert people[0].participant_id == "sub-0001"
    assert len({person.participant_id for person in people}) == 1000


def test_the_plan_depends_on_the_seed_and_on_nothing_else():
    assert plan(60, 5) == plan(60, 5)
    assert plan(60, 5) != plan(60, 6)


@pytest.mark.parametrize(("participants", "seed"), [(0, 1), (-3, 1), (10, -1)])
def test_an_impossible_cohort_is_refused(participants, seed):
    with pytest.raises(SettingsError, match=r"cohort\.phantom"):
        plan(participants, seed)


def test_planning_imports_nothing_heavy():
    # Every Snakemake process plans; SciPy alone would cost each half a second.
    code = (
        "import sys; from contrage.cohort.phantom.heads.plan import plan; plan(311, 1); "
        "heavy = {'scipy', 'pandas', 'nibabel', 'nilearn', 'matplotlib'} & set(sys.modules); "
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
