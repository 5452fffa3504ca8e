"""Where every file of results/ lies: written here alone, for rules, steps, report and tests.

Paths are patterns with Snakemake's wildcards in braces: {row}, {seed}, {fold}, {draw}, {ages},
{method} of an experiment; {folder} and {scan} of a scan (`of_scan` fills these in). They are seen
from the folder in which Snakemake runs; with the empty folder in place of results/<name>, from that
one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from itertools import product
from pathlib import Path
from string import Formatter
from typing import Any, Self

from contrage.scan_ids import folder

OF_EXPERIMENT = "results/{}"
OF_COHORT = "results/derivatives/{}"
OF_PHANTOM = "results/phantom/{}"
OF_PREDICTED = "results/predicted/{}"
INDEX = "index.html"
"""The page over all experiments and studies, in results/ itself."""

TRAINING = "training/{row}/seed-{seed}/fold-{fold}"
FEATURES = "features/{row}/seed-{seed}/fold-{fold}"
SEARCH = "search/{row}/split-{seed}/fold-{fold}"
DRAW = f"{SEARCH}/draw-{{draw}}"
INNER = "dataset/search/split-{seed}_fold-{fold}"
UNSEEN = "unseen/{row}/seed-{seed}/fold-{fold}"
UNSEEN_PART = "dataset/unseen/{ages}/seed-{seed}_fold-{fold}"


@dataclass(frozen=True)
class _Place:
    """A folder and what lies in it; attributes are paths that begin with the folder."""

    root: str

    @classmethod
    def at(cls, root: str) -> Self:
        """Return the paths below a folder; of the empty one, as seen from it."""
        paths = {each.name: below(root, str(each.default)) for each in fields(cls)[1:]}
        return cls(root, **paths)

    def __str__(self) -> str:
        """Return the folder."""
        return self.root

    def __fspath__(self) -> str:
        return self.root

    def log(self, step: str, job: str = "") -> str:
        """Return the log of a rule, or of its job with these wildcards."""
        return below(self.root, f"logs/{step}/{job}.log" if job else f"logs/{step}.log")

    def benchmark(self, step: str, job: str = "all") -> str:
        """Return what Snakemake measured of a rule's one job, or of that with these wildcards."""
        return below(self.root, f"benchmarks/{step}/{job}.tsv")


@dataclass(frozen=True)
class _Reported(_Place):
    """What has a page and tables below results/: an experiment, or a study."""

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the paths of an experiment, or a study, of this name."""
        return cls.at(OF_EXPERIMENT.format(name))

    def table(self, name: str) -> str:
        """Return a table of its page, of the name "mae", "norms", "baselines" or another."""
        return below(self.root, f"tables/{name}.tsv")


@dataclass(frozen=True)
class Results(_Reported):
    """An experiment: results/<experiment>."""

    scans: str = "dataset/scans.tsv"
    left_out: str = "dataset/excluded.tsv"
    same_person: str = "dataset/same_person.tsv"
    same_person_record: str = "dataset/same_person.json"
    same_person_page: str = "same_person.html"
    split: str = "dataset/splits/seed-{seed}.json"
    null_ages: str = "dataset/null/seed-{seed}_fold-{fold}.tsv"

    feasible: str = "training/feasible.json"
    model: str = f"{TRAINING}/model.pt"
    curve: str = f"{TRAINING}/curve.tsv"
    resume: str = f"{TRAINING}/resume.pt"
    logits: str = f"{TRAINING}/logits.tsv"
    features: str = f"{FEATURES}.npz"
    snapshot: str = f"{FEATURES}_epoch-{{epoch}}.npz"

    predictions: str = "predictions/{row}/seed-{seed}.tsv"
    metrics: str = "metrics/{row}/seed-{seed}.json"
    coefficients: str = "probe/{row}/seed-{seed}.npz"
    baselines: str = "baselines/seed-{seed}.tsv"
    attributions: str = "saliency/{row}/attributions.npz"
    saliency_map: str = "saliency/{row}/{method}.nii.gz"

    draw_feasible: str = "search/{row}/feasible.json"
    inner_scans: str = f"{INNER}.tsv"
    inner_split: str = f"{INNER}.json"
    draw_model: str = f"{DRAW}/model.pt"
    draw_curve: str = f"{DRAW}/curve.tsv"
    draw_resume: str = f"{DRAW}/resume.pt"
    draw_features: str = f"{DRAW}/features.npz"
    draw_predictions: str = f"{DRAW}/predictions.tsv"
    draw_metrics: str = f"{DRAW}/metrics.json"
    draw_coefficients: str = f"{DRAW}/probe.npz"
    best: str = f"{SEARCH}/best.json"

    unseen_scans: str = f"{UNSEEN_PART}.tsv"
    unseen_split: str = f"{UNSEEN_PART}.json"
    unseen_model: str = f"{UNSEEN}/model.pt"
    unseen_curve: str = f"{UNSEEN}/curve.tsv"
    unseen_resume: str = f"{UNSEEN}/resume.pt"
    unseen_features: str = f"{UNSEEN}/features.npz"

    models: str = "models"
    exported: str = "models/exported.json"

    maps: str = "maps"
    figures: str = "figures"
    page: str = "report.html"
    provenance: str = "provenance.json"


@dataclass(frozen=True)
class StudyResults(_Reported):
    """A study's own: results/<study>; its experiments lie in results/<study>-<overlay>."""

    figures: str = "figures"
    page: str = "study.html"


@dataclass(frozen=True)
class Derivatives(_Place):
    """A cohort: results/derivatives/<cohort>, shared by all experiments on it."""

    scans: str = "scans.tsv"
    excluded: str = "excluded.tsv"
    choices: str = "choices.tsv"
    notes: str = "notes.txt"
    passed: str = "passed.tsv"
    usable: str = "came_through.tsv"

    check: str = "{folder}/qc/{scan}_desc-check.json"
    quality: str = "{folder}/qc/{scan}_desc-quality.json"
    picture: str = "{folder}/qc/{scan}_desc-quality.png"
    strip_record: str = "{folder}/{scan}_desc-strip.json"
    correct_record: str = "{folder}/{scan}_desc-correct.json"
    preproc_sidecar: str = "{folder}/{scan}_desc-preproc.json"

    quality_page: str = "quality.html"
    quality_table: str = "quality.tsv"
    quality_numbers: str = "quality_numbers.tsv"
    description: str = "dataset_description.json"
    readme: str = "README.md"
    ignore: str = ".bidsignore"
    descriptions: str = "descriptions.tsv"
    methods: str = "methods.md"

    @classmethod
    def of(cls, cohort: str) -> Self:
        """Return the paths of a cohort of this name."""
        return cls.at(OF_COHORT.format(cohort))

    def preproc(self, image: str, voxel_mm: int = 2) -> str:
        """Return a scan's preprocessed image; `preproc_file` says more."""
        return below(self.root, preproc(image, voxel_mm))

    def native_mask(self, image: str) -> str:
        """Return the brain mask in the space of a scan's own image, "T1w" or a map."""
        return below(self.root, f"{{folder}}/{datatype(image)}/{{scan}}_desc-brain_mask.nii.gz")

    def corrected(self, image: str) -> str:
        """Return a scan's image in its own space, freed of its bias field."""
        name = f"{{scan}}_desc-biascorrected_{image}.nii.gz"
        return below(self.root, f"{{folder}}/{datatype(image)}/{name}")

    def transform(self, source: str, target: str = "MNI152", ending: str = ".mat") -> str:
        """Return a scan's transform from an image to a space; of a warp, `ending` is its own."""
        name = f"{{scan}}_from-{source}_to-{target}_xfm{ending}"
        return below(self.root, f"{{folder}}/xfm/{name}")

    def array(self, image: str | None, voxel_mm: int) -> str:
        """Return the array of all scans, without ending; `image` is None for a table's features."""
        return below(self.root, f"array/{f'{image}_res-{voxel_mm}' if image else 'features'}")


@dataclass(frozen=True)
class PhantomStudy(_Place):
    """A phantom of region tables: results/phantom/<name>, with a folder for each cohort."""

    stamp: str = "made_of.json"
    truth: str = "truth.tsv"

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the paths of a phantom of region tables of this name."""
        return cls.at(OF_PHANTOM.format(name))

    def cohort(self, name: str) -> str:
        """Return the folder of a cohort, in its owner's layout."""
        return below(self.root, name)


@dataclass(frozen=True)
class Phantom(_Place):
    """A generated cohort's raw data: results/phantom/<cohort>, and what is true of it."""

    participants: str = "participants.tsv"
    columns: str = "participants.json"
    description: str = "dataset_description.json"
    readme: str = "README.md"
    ignore: str = ".bidsignore"

    anatomical: str = "{folder}/anat/{scan}_T1w.nii.gz"
    stiffness: str = "{folder}/mre/{scan}_stiffness.nii.gz"
    brain_mask: str = "derivatives/truth/{folder}/{scan}_desc-brain_mask.nii.gz"
    bias_field: str = "derivatives/truth/{folder}/{scan}_desc-bias_field.nii.gz"
    coverage: str = "derivatives/truth/{folder}/{scan}_desc-coverage_mask.nii.gz"
    transform: str = "derivatives/truth/{folder}/{scan}_from-T1w_to-MNI152_xfm.json"
    truth: str = "derivatives/truth/{folder}/{scan}_truth.json"

    @classmethod
    def of(cls, cohort: str) -> Self:
        """Return the paths of a cohort of this name."""
        return cls.at(OF_PHANTOM.format(cohort))


@dataclass(frozen=True)
class Predicted(_Place):
    """New scans, predicted by a model many at once: results/predicted/<name>."""

    table: str = "predictions.tsv"
    json: str = "predictions.json"
    part: str = "parts/{part}.json"
    looks: str = "predictions_looks.tsv"
    maps: str = "predictions_looks"
    maps_of_part: str = "parts/{part}_looks"

    @classmethod
    def of(cls, name: str) -> Self:
        """Return the paths of predictions of this name."""
        return cls.at(OF_PREDICTED.format(name))


def below(root: str, path: str) -> str:
    """Return a path below a folder, which may be the empty one."""
    return f"{root}/{path}" if root else path


def of_scan(pattern: str, scan: str) -> str:
    """Return a pattern's path for a scan, "sub-X" or "sub-X_ses-Y"."""
    return pattern.format(folder=folder(scan), scan=scan)


def filled(pattern: str, values: Mapping[str, Iterable[Any]]) -> list[str]:
    """Return every path of a pattern, the last wildcard changing first.

    Parameters
    ----------
    pattern : str
        Such as `Results.predictions`.
    values : mapping of str to iterable
        Wildcard → its values.
    """
    chosen = (dict(zip(values, each, strict=True)) for each in product(*values.values()))
    return [pattern.format(**each) for each in chosen]


def wildcards(pattern: str, path: Path | str) -> dict[str, str]:
    """Return what stands in a path in the place of its pattern's wildcards.

    Parameters
    ----------
    pattern : str
        Such as `Results.predictions`.
    path : Path or str
        A path that ends as the pattern does, whatever folder it is seen from.

    Raises
    ------
    ValueError
        If it does not.
    """
    found = _regex(pattern).search(Path(path).as_posix())
    if found is None:
        raise ValueError(f"{path} does not end in {pattern}")
    return found.groupdict()


def is_at(pattern: str, path: Path | str) -> bool:
    """Return whether a path ends as a pattern does."""
    return _regex(pattern).search(Path(path).as_posix()) is not None


@cache
def _regex(pattern: str) -> re.Pattern[str]:
    parts, seen = [], set()
    for text, name, _, _ in Formatter().parse(pattern):
        parts.append(re.escape(text))
        if name:
            parts.append(f"(?P={name})" if name in seen else f"(?P<{name}>[^/]+)")
            seen.add(name)
    return re.compile(f"(?:^|/){''.join(parts)}$")


def datatype(image: str) -> str:
    """Return BIDS's folder of an image: "anat" of a T1, "mre" of maps and magnitudes."""
    return "anat" if image == "T1w" else "mre"


def preproc(image: str, voxel_mm: int = 2) -> str:
    """Return the pattern of a preprocessed image inside the derivatives folder.

    Parameters
    ----------
    image : str
        The BIDS suffix: "stiffness", "dampingratio", "T1w", "magnitude" or "mask".
    voxel_mm : int
        Of the MNI152 grid; BIDS's entity `res`.
    """
    space = f"{{scan}}_space-MNI152_res-{voxel_mm}"
    if image == "mask":
        return f"{{folder}}/anat/{space}_desc-brain_mask.nii.gz"
    return f"{{folder}}/{datatype(image)}/{space}_desc-preproc_{image}.nii.gz"


def preproc_file(scan: str, image: str, voxel_mm: int = 2) -> str:
    """Return where a scan's preprocessed image lies inside the derivatives folder."""
    return of_scan(preproc(image, voxel_mm), scan)


def quality_file(scan: str) -> str:
    """Return where a scan's quality record lies inside the derivatives folder."""
    return of_scan(Derivatives.quality, scan)


def check_file(scan: str) -> str:
    """Return where a scan's record of the first check lies inside the derivatives folder."""
    return of_scan(Derivatives.check, scan)


def sidecar_file(scan: str) -> str:
    """Return where the record of a scan's preprocessing lies inside the derivatives folder."""
    return of_scan(Derivatives.preproc_sidecar, scan)
