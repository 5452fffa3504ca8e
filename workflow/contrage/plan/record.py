"""What of an experiment is written down beside its page, for `contrage verify`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from contrage.bids import sidecar_of
from contrage.dataset import schemes
from contrage.plan import dataset_settings, imaging, jobs, report, rows, saliency
from contrage.plan.cohort import FoundCohort
from contrage.plan.experiment import Experiment
from contrage.run import code as sources
from contrage.settings.build import as_plain
from contrage.settings.steps.record import FilesOfJobs, Recorded, RecordedCode, RecordedJob

NO_STEP = "table"
"""The option by which an evaluation is told what to write."""


def record(of: Experiment, cohort: FoundCohort, array: str) -> Recorded:
    """Return what an experiment is made of and with.

    Parameters
    ----------
    of : Experiment
    cohort : FoundCohort
        Its cohort.
    array : str
        What is learned from, without ending.
    """
    results = of.results
    found = of.evaluations
    tables = {"tables": _tables(of)}
    tables |= {"search": _search(of)} if of.searched_rows else {}
    tables |= {name: _evaluation(of, name, f"{array}.npy") for name in found}
    derivatives = cohort.derivatives
    usable = derivatives.usable if of.has_scans else None
    kept = [_of_rows(of, results.predictions), _of_rows(of, results.metrics)]
    kept += [_of_seeds(of, results.baselines), _of_seeds(of, results.split)]
    kept += _plain(results.scans, results.left_out, *map(results.table, of.tables))
    kept += _plain(str(sidecar_of(f"{array}.npy")), *[usable] * (usable is not None))
    trainings = {row: _training(of, row, f"{array}.npy") for row in of.all_rows}
    common = _common([each.settings for each in trainings.values()])
    return Recorded(
        tables=tables,
        trainings={row: _without(each, common) for row, each in trainings.items()},
        common=common,
        code=_code(of, cohort),
        files=tuple(kept),
        array=f"{array}.npy",
        derivatives=str(derivatives),
        usable=usable,
    )


def _tables(of: Experiment) -> RecordedJob:
    """Return the job that compares the rows."""
    results = of.results
    written = {"mae": of.measure, "excluded-table": "excluded"}
    written |= {name: name for name in ("norms", "baselines", "alphas", "cohort")}
    return RecordedJob(
        step="tables",
        settings=as_plain(report.tables(of)),
        reads={
            "predictions": (_of_rows(of, results.predictions),),
            "metrics": (_of_rows(of, results.metrics),),
            "of-baselines": (_of_seeds(of, results.baselines),),
            "scans": _plain(results.scans),
            "excluded": _plain(results.left_out),
        },
        told={},
        writes={option: results.table(name) for option, name in written.items()},
    )


def _search(of: Experiment) -> RecordedJob:
    """Return the job that tables all draws."""
    values = {"row": of.searched_rows, "seed": of.searched_seeds, "fold": of.folds}
    return RecordedJob(
        step="search-table",
        settings=as_plain(jobs.search_table(of)),
        reads={"best": (_files(of.results.best, values),)},
        told={},
        writes={"output": of.results.table("search")},
    )


def _evaluation(of: Experiment, name: str, array: str) -> RecordedJob:
    """Return the job of an evaluation."""
    results, asked = of.results, jobs.evaluated(of, name)
    logged = rows.logged_rows(of.config)
    short: dict[str, Callable[[], FilesOfJobs]] = {
        "predictions": lambda: _of_rows(of, results.predictions),
        "features": lambda: _of_folds(of, results.features, of.all_rows),
        "models": lambda: _of_folds(of, results.model, of.all_rows),
        "logits": lambda: _of_folds(of, results.logits, [r for r in of.all_rows if r in logged]),
    }
    reads = {
        option: (short[option](),) if option in short else _plain(*files)
        for option, files in asked.items()
        if files
    }
    if jobs.reads_array(name):
        reads["array"] = _plain(array)
    return RecordedJob(
        step="evaluate",
        settings=as_plain(jobs.evaluation(of, name)),
        reads=reads,
        told={},
        writes={NO_STEP: results.table(name)},
    )


def _training(of: Experiment, row: str, array: str) -> RecordedJob:
    """Return a row's training of the first seed and fold."""
    results, seed, fold = of.results, of.seeds[0], of.folds[0]
    is_stage = row in rows.staged_rows(of.config)
    one = {"row": row, "seed": seed, "fold": fold}
    reads = {
        "array": [array],
        "scans": [jobs.scans_of_training(of, **one)],
        "split": [results.split.format(seed=seed)],
        "start-from": jobs.start_of_training(of, **one),
        "start-scans": jobs.scans_of_start(of, row, seed),
        "start-split": jobs.split_of_start(of, row, seed),
        "best": [] if is_stage else jobs.best_of_search(of, **one),
    }
    return RecordedJob(
        step="train-stage" if is_stage else "train",
        settings=as_plain((jobs.stage if is_stage else jobs.training)(of, **one)),
        reads={option: _plain(*files) for option, files in reads.items() if files},
        told={"fold": str(fold)},
        writes={
            "model": results.model.format(**one),
            "features": results.features.format(**one),
            "curve": results.curve.format(**one),
        },
    )


def _common(settings: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the first row's settings, of those that all have: command lines have an end."""
    first, *others = settings or [{}]
    return {key: value for key, value in first.items() if all(key in each for each in others)}


def _without(job: RecordedJob, common: Mapping[str, Any]) -> RecordedJob:
    """Return a job with the settings alone that are other ones than common."""
    own = {k: v for k, v in job.settings.items() if k not in common or common[k] != v}
    return replace(job, settings=own)


def _code(of: Experiment, cohort: FoundCohort) -> dict[str, RecordedCode]:
    """Return the digest of what decided each step, as the rules state it."""
    modules = dict(_of_cohort(cohort, of.config))
    if dataset_settings.array_before(of.config):
        modules["same_person_before"] = ("contrage.dataset.same_person",)
    modules["select"] = ("contrage.dataset.select",)
    scheme = of.config["dataset"]["split"]["scheme"]
    modules["split"] = ("contrage.dataset.split", schemes.module(scheme))
    stages = rows.staged_rows(of.config)
    for row in of.all_rows:
        decided_by = jobs.stage_modules if row in stages else jobs.training_modules
        modules[f"train {row}"] = decided_by(of, row)
    modules |= dict(_where_asked(of))
    modules["probe"] = ("contrage.evaluation.probe",)
    modules["baselines"] = ("contrage.evaluation.baselines",)
    modules["tables"] = ("contrage.report.tables",)
    modules |= {name: jobs.evaluation_modules(of, name) for name in of.evaluations}
    if of.has_scans:
        modules["maps"] = ("contrage.report.maps", cohort.kind_module)
    modules["figures"] = ("contrage.report.figures", cohort.kind_module)
    modules["page"] = ("contrage.report.page", *cohort.kind_modules)
    return {name: RecordedCode(of_it, sources.digest(*of_it)) for name, of_it in modules.items()}


def _where_asked(of: Experiment) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what decided the steps that only some experiments have."""
    if of.null_rows:
        yield "null_ages", ("contrage.dataset.null_ages",)
    if rows.head_rows(of.config):
        yield "head", ("contrage.evaluation.head",)
    if of.searched_rows:
        yield "search_split", ("contrage.dataset.inner_split",)
        yield "search_best", ("contrage.evaluation.choose",)
        yield "search_table", ("contrage.evaluation.choose",)
    if of.chooses_unseen:
        yield "unseen_split", ("contrage.dataset.inner_split",)
    if saliency.is_on(of.config):
        yield "attributions", ("contrage.evaluation.saliency.explain",)


def _of_cohort(
    cohort: FoundCohort, config: dict[str, Any]
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield what decided the cohort's images, or its array."""
    if cohort.is_merged:
        yield "merge", ("contrage.dataset.merge",)
        return
    yield "cohort", ("contrage.cohort.register", cohort.source_module)
    if cohort.is_table:
        yield "features", ("contrage.dataset.features",)
    elif cohort.is_arrays:
        yield "arrays", cohort.array_modules
    else:
        yield "check", ("contrage.imaging.check",)
        yield "screen", ("contrage.imaging.screen",)
        yield "strip", ("contrage.imaging.strip", *cohort.stripper)
        if imaging.corrects(config):
            yield "correct", ("contrage.imaging.correct",)
        yield "register", ("contrage.imaging.register",)
        yield "quality", ("contrage.imaging.quality.measure",)
        yield "usable", ("contrage.imaging.usable",)
        yield "stack", ("contrage.dataset.stack",)
        yield "same_person", ("contrage.dataset.same_person",)


def _of_rows(of: Experiment, pattern: str) -> FilesOfJobs:
    return _files(pattern, {"row": of.all_rows, "seed": of.seeds})


def _of_seeds(of: Experiment, pattern: str) -> FilesOfJobs:
    return _files(pattern, {"seed": of.seeds})


def _of_folds(of: Experiment, pattern: str, own_rows: list[str]) -> FilesOfJobs:
    return _files(pattern, {"row": own_rows, "seed": of.seeds, "fold": of.folds})


def _files(pattern: str, values: Mapping[str, Iterable[Any]]) -> FilesOfJobs:
    return FilesOfJobs(pattern, {name: tuple(each) for name, each in values.items()})


def _plain(*paths: str) -> tuple[FilesOfJobs, ...]:
    return tuple(FilesOfJobs(path, {}) for path in paths)
