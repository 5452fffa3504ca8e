"""Equal gaps between ages are equal, whatever their decimals."""

from __future__ import annotations

import pytest
import torch
from loss_helpers import value_and_gradient

from contrage.losses import load
from contrage.losses._pairs import tied

LOSSES = ("rnc", "threshold", "exp", "yaware", "dynlocrep")


@pytest.mark.parametrize("per_year", [10, 100])
@pytest.mark.parametrize("samples", [16, 32])
@pytest.mark.parametrize("name", LOSSES)
def test_tenths_of_years_are_ranked_and_weighed_as_the_whole_numbers(rng, name, samples, per_year):
    sigma = {} if name == "rnc" else {"sigma": 2.0}
    scaled = {key: value * per_year for key, value in sigma.items()}
    for _ in range(20):
        z = torch.tensor(rng.normal(size=(samples, 2, 16)))
        z = z / z.norm(dim=-1, keepdim=True)
        whole = torch.tensor(rng.integers(18 * per_year, 35 * per_year, samples)).double()
        wanted, slope = value_and_gradient(load(name, **scaled), z, whole)
        value, gradient = value_and_gradient(load(name, **sigma), z, whole / per_year)
        assert value == pytest.approx(wanted, rel=1e-6)
        torch.testing.assert_close(gradient, slope, rtol=1e-6, atol=1e-6 * float(slope.norm()))


def test_gaps_of_whole_ages_keep_their_bits(rng):
    ages = torch.tensor(rng.integers(0, 100_000, 50)).double()
    gaps = ages[:, None] - ages
    assert torch.equal(tied(gaps), gaps)


def test_the_released_form_compares_gaps_as_its_code_does(rng):
    # 0.3 and 0.3 years that binary fractions tell apart.
    z = torch.tensor(rng.normal(size=(3, 2, 4)))
    ages = torch.tensor([24.8, 25.1, 25.4], dtype=torch.float64)
    assert float(ages[2] - ages[1]) != float(ages[1] - ages[0])
    assert load("rnc", formulation="released")(z, ages) != load("rnc")(z, ages)
