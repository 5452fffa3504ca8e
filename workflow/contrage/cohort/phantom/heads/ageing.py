"""What age does to the phantom's brain, and how participants of one age differ.

Rates and spreads are those of the literature and of 102 real maps: whole-brain stiffness falls by
0.3-0.8 % a year (Sack 2009, 2011; Lv 2020), less in the deep grey matter, faster after 60;
lateral ventricles grow by 1.46 % and the cortex thins by 0.25 % a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from contrage.cohort.phantom.heads.plan import PhantomParticipant
from contrage.settings.blocks.phantom import PhantomSettings

REFERENCE_AGE = 25.0
TURN = 60.0
FASTER = 1.6

VENTRICLE_ML = 13.9
VENTRICLE_RATE = 0.0146
VENTRICLE_SPREAD = 0.22
CORTEX_RATE = 0.0025
CORTEX_SPREAD = 0.025
# Below 1 so that nobody's cortex must be thicker than the template's, which a map of
# probabilities cannot show.
CORTEX_YOUNG = 0.93

# Multipliers of study_offset; they sum to 0, and the old studies do not all lean one way.
STUDY_LEAN = {"study1": 0.3, "study2": 1.2, "study3": -1.5, "study4": 0.6, "study5": -0.6}


@dataclass(frozen=True)
class Tissue:
    """Stiffness at 25 years (kPa), its fall (per year), and spread beyond the whole brain's."""

    stiffness: float
    rate: float
    spread: float


# Means and between-subject SDs after 102 real maps at 50 Hz, ages 18-35. The cortex and the
# cerebellum stand higher than measured: the soft rim of every map takes the difference away.
TISSUES: dict[str, Tissue] = {
    "white_matter": Tissue(2.90, 0.0038, 0.025),
    "frontal_cortex": Tissue(2.84, 0.0053, 0.040),
    "parietal_cortex": Tissue(2.74, 0.0046, 0.040),
    "temporal_cortex": Tissue(2.84, 0.0050, 0.040),
    "occipital_cortex": Tissue(2.84, 0.0038, 0.040),
    "thalamus": Tissue(3.38, 0.0021, 0.110),
    "caudate": Tissue(3.20, 0.0023, 0.125),
    "putamen": Tissue(4.15, 0.0019, 0.080),
    "pallidum": Tissue(4.00, 0.0018, 0.100),
    "hippocampus": Tissue(3.15, 0.0045, 0.150),
    "cerebellum": Tissue(2.68, 0.0030, 0.130),
    "brain_stem": Tissue(3.68, 0.0020, 0.160),
    "ventricles": Tissue(2.45, 0.0045, 0.060),
}

_WHOLE_SPREAD = 0.04
# Brains of one age differ in how far they have aged: the gap that brain age is after, and what
# keeps an estimate of age from being exact however many participants one trains on.
_GAP_YEARS = 3.0


@dataclass(frozen=True)
class Brain:
    """One participant's brain on the day of the scan.

    Attributes
    ----------
    ventricle_ml : float
        Lateral ventricles in template space, mL, to be reached by the deformation.
    cortex : float
        Grey matter of the cortex relative to the template's.
    stiffness : dict of str to float
        Generating mean of every region, kPa, with study offset and scan-rescan noise.
    years : float
        Years of ageing since 25, those after 60 counting 1.6 times, by the brain's own age.
    gap : float
        By how many years the brain's age is ahead of the participant's.
    """

    ventricle_ml: float
    cortex: float
    stiffness: dict[str, float]
    years: float
    gap: float


def aged_years(age: float) -> float:
    """Return the years since 25 in units of a year before 60; negative below 25."""
    return min(age, TURN) - REFERENCE_AGE + FASTER * max(age - TURN, 0.0)


def make_brain(
    participant: PhantomParticipant, settings: PhantomSettings, rng: np.random.Generator
) -> Brain:
    """Draw a participant's anatomy and regional stiffness.

    Parameters
    ----------
    participant : PhantomParticipant
    settings : PhantomSettings
        ageing, between_subject, scan_rescan and study_offset are used.
    rng : numpy.random.Generator

    Returns
    -------
    Brain
    """
    spread = settings.between_subject
    z = np.clip(rng.standard_normal(5), -2.5, 2.5)
    gap = _GAP_YEARS * spread * float(z[4])
    age = max(participant.age + gap, 16.0)
    ventricle = VENTRICLE_ML * np.exp(
        settings.ageing * VENTRICLE_RATE * (age - REFERENCE_AGE) + VENTRICLE_SPREAD * spread * z[0]
    )
    thinning = 1 - settings.ageing * CORTEX_RATE * (age - REFERENCE_AGE)
    cortex = CORTEX_YOUNG * thinning * (1 + CORTEX_SPREAD * spread * z[1])
    whole = (
        (1 + _WHOLE_SPREAD * spread * z[2])
        * (1 + settings.scan_rescan * z[3])
        * (1 + settings.study_offset * STUDY_LEAN.get(participant.site, 0.0))
    )
    years = settings.ageing * aged_years(age)
    stiffness = {
        name: float(
            tissue.stiffness
            * whole
            * (1 - tissue.rate * years)
            * (1 + tissue.spread * spread * np.clip(rng.standard_normal(), -2.5, 2.5))
        )
        for name, tissue in TISSUES.items()
    }
    return Brain(float(ventricle), float(min(cortex, 1.0)), stiffness, float(years), gap)
