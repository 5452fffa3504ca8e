"""A cohort as a run finds it: which images its configuration asks for, and whose they are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from contrage import modalities
from contrage.cohort import sources
from contrage.cohort.read import tables_of
from contrage.cohort.scans import Cohort, Scan
from contrage.cohort.snapshot import Snapshot, cohort_of_run
from contrage.cohort.targets import for_target
from contrage.imaging import skull_strip
from contrage.imaging.template.source import Source, find_source
from contrage.layout import Derivatives, Phantom
from contrage.modalities import Modality
from contrage.plan import rows, together
from contrage.plan.cohort_settings import settings_of
from contrage.plan.folds import asked_by, carried_columns
from contrage.settings.blocks.template import TemplateSettings
from contrage.settings.build import build
from contrage.settings.steps.cohort import CohortStep

KEPT_IN = Path(".snakemake/contrage-cohorts")
PARTS = ("cohort", "merge", "target", "preprocessing")
"""Blocks of the configuration that decide a cohort."""


@dataclass(frozen=True)
class FoundCohort:
    """A cohort, read once for all rules of a run.

    Attributes
    ----------
    derivatives : Derivatives
        Where its files lie.
    raw : Phantom
        Where its images lie, if they are generated.
    image, anatomical : str
        The image that is learned from; the one that is stripped and registered.
    uses_anatomical : bool
        Whether any stage works on the latter.
    maps : list of str
        Those that are brought to MNI152.
    raw_images : dict of str to str
        The raw images that this run reads: a step's option to the name of the image in a scan.
    source : str
        Where the scans come from, as the configuration names it.
    settings : CohortStep
        What decides who is in it.
    template : Source
        What images are registered to.
    stripper : tuple of str
        Modules of the skull-strip method alone, besides the steps'.
    found : Snapshot
        Its scans, and what their files were when they were listed.
    members : tuple of FoundCohort
        Those that it is merged of; none of a cohort that is not (`contrage.plan.merged`).
    """

    derivatives: Derivatives
    raw: Phantom
    image: str
    anatomical: str
    uses_anatomical: bool
    maps: list[str]
    raw_images: dict[str, str]
    source: str
    settings: CohortStep
    template: Source
    stripper: tuple[str, ...]
    found: Snapshot
    members: tuple[FoundCohort, ...] = ()

    @property
    def is_merged(self) -> bool:
        """Whether it is merged of others."""
        return bool(self.members)

    @property
    def name(self) -> str:
        """Its name, under which its files lie."""
        return Path(self.derivatives).name

    @property
    def is_phantom(self) -> bool:
        """Whether its images are generated."""
        return self.source == "phantom"

    @property
    def kind(self) -> Modality:
        """What is known of what is learned from."""
        return modalities.load(self.image)

    @property
    def kind_module(self) -> str:
        """Whose words and colours the report takes."""
        return modalities.module(self.image)

    @property
    def kind_modules(self) -> tuple[str, ...]:
        """Whose words a page takes: those of the image and of all maps that are prepared."""
        return tuple(modalities.module(name) for name in dict.fromkeys([self.image, *self.maps]))

    @property
    def source_module(self) -> str:
        """Whose code reads who is in it."""
        return sources.module(self.source)

    @property
    def array_modules(self) -> tuple[str, ...]:
        """Whose code puts prepared arrays into one: the source's and the kind's, where it reads."""
        reader = self.kind.reader
        own = (reader,) if reader else ()
        return "contrage.dataset.arrays", self.source_module, *own

    @property
    def is_table(self) -> bool:
        """Whether it is a table of features without images."""
        return self.kind.comes_as == "table"

    @property
    def is_arrays(self) -> bool:
        """Whether its images are arrays that others have prepared."""
        return self.kind.comes_as == "arrays"

    @property
    def has_scans(self) -> bool:
        """Whether scans are preprocessed."""
        return not (self.is_table or self.is_arrays)

    @property
    def scans(self) -> dict[str, Scan]:
        """Return the scans by scan_id."""
        return {scan.scan_id: scan for scan in self.found.cohort.scans}

    @property
    def tables(self) -> list[str]:
        """Return the tables that it is read from."""
        return tables_of(self.settings, self.found.cohort)

    @property
    def asked_of_step(self) -> CohortStep:
        """What the step `cohort` is asked for: who asks for a column, sentences say at planning."""
        return replace(self.settings, asked_by={})

    @property
    def has_several_targets(self) -> bool:
        """Whether experiments on it predict different things, so that not everyone is of use."""
        return bool(self.settings.also)

    def people(self, config: dict[str, Any]) -> Cohort:
        """Return the cohort as an experiment on it sees it: who has its own target."""
        everyone = self.found.cohort
        if not self.has_several_targets:
            return everyone
        return for_target(everyone, rows.stated_target(config).limited)


_READ: dict[str, FoundCohort] = {}


def read(configs: Sequence[dict[str, Any]], *, is_first: bool, keeps: bool) -> FoundCohort:
    """Read the cohort of some experiments, once for the modules of the run that ask with `of`.

    Parameters
    ----------
    configs : sequence of dict
        Whole configurations with one and the same cohort (`contrage.plan.together`), of which it
        has all columns and all people who have any of the targets.
    is_first : bool
        Whether this process begins a run: it trusts nothing that an earlier run has kept.
    keeps : bool
        Whether it keeps what it reads for the processes of jobs.

    Raises
    ------
    SettingsError, TableError
        If the cohort, the template or the skull-strip method cannot be used.
    """
    config = configs[0]
    method = config["preprocessing"]["skull_strip"]["method"]
    skull_strip.require_backend(method)
    uses_anatomical = rows.needs_anatomical(config)
    uses_mask, uses_magnitude = method == "mask", rows.uses_magnitude(config)
    cohort, raw, maps = config["cohort"], Phantom.of(config["cohort"]["name"]), rows.maps(config)
    template = find_source(build(TemplateSettings, config["preprocessing"]["template"]))
    settings = settings_of(
        {**cohort, "columns": together.columns([carried_columns(each) for each in configs])},
        target=config["target"],
        asked_by=together.keys([asked_by(each) for each in configs]),
        also=[each["target"] for each in configs[1:]],
        raw=str(raw),
        needs_anatomical=uses_anatomical,
        needs_mask=uses_mask,
        needs_magnitude=uses_magnitude,
    )
    is_arrays = modalities.load(cohort["image"]).comes_as == "arrays"
    images = {
        **({"anatomical": cohort["anatomical"]} if uses_anatomical else {}),
        **({"array": cohort["image"]} if is_arrays else {}),
        **{name: name for name in maps},
        **({"mask": "mask"} if uses_mask else {}),
        **({"magnitude": "magnitude"} if uses_magnitude else {}),
    }
    asked = () if cohort["source"] == "phantom" else tuple(images.values())
    found = FoundCohort(
        derivatives=Derivatives.of(cohort["name"]),
        raw=raw,
        image=cohort["image"],
        anatomical=cohort["anatomical"],
        uses_anatomical=uses_anatomical,
        maps=maps,
        raw_images=images,
        source=cohort["source"],
        settings=settings,
        template=template,
        stripper=skull_strip.modules(method),
        found=cohort_of_run(settings, KEPT_IN, is_first, asked, keeps),
    )
    keep(configs, found)
    return found


def keep(configs: Sequence[dict[str, Any]], found: FoundCohort) -> None:
    """Keep a cohort for the modules of the run that ask with `of`."""
    _READ.update((_key(each), found) for each in configs)


def of(config: dict[str, Any]) -> FoundCohort:
    """Return the cohort of a configuration, as this process has read it."""
    known = _READ.get(_key(config))
    return known or read([config], is_first=False, keeps=False)


def _key(config: dict[str, Any]) -> str:
    """Return what decides a cohort as text."""
    decides = [config[part] for part in PARTS]
    return json.dumps([*decides, carried_columns(config)], sort_keys=True)
