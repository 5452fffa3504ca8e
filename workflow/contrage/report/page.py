"""The report: one HTML file that holds everything and needs nothing else."""

from __future__ import annotations

import logging
import platform
from contextlib import suppress
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from contrage.errors import few
from contrage.evaluation.given import by_row
from contrage.files import atomic, read_json, versions, write_json
from contrage.layout import Results
from contrage.report import sides
from contrage.report.chance import null_rows
from contrage.report.digits import error_digits
from contrage.report.dominant import dominant_scans
from contrage.report.elements.control import verdicts
from contrage.report.elements.html_tables import all_tables, of_evaluations
from contrage.report.elements.searched import read_draws
from contrage.report.elements.stages import epochs_before, stages
from contrage.report.elements.told import sections
from contrage.report.findings import Study, features, paragraph
from contrage.report.ids import Hider, counted, known_ids, without_files
from contrage.report.notes import notes as boxes
from contrage.report.page_figures import pictures
from contrage.report.planned import by_name, curves_by_row
from contrage.report.pretrained import read_pretrained
from contrage.report.record import NOT_READ, checksums_of, recorded, told
from contrage.report.render import HERE, render
from contrage.report.roles import others
from contrage.report.style import loss_name
from contrage.report.text import number, without_folders
from contrage.report.tiles import tiles
from contrage.report.trainings import broken, epochs, networks, tested
from contrage.report.viewer import viewer_of
from contrage.settings.build import as_plain
from contrage.settings.steps.page import PageStep
from contrage.tables import read_tsv
from contrage.target_words import TargetInWords

logger = logging.getLogger(__name__)

PACKAGES = ("contrage", "antspyx", "monai", "nilearn", "nibabel", "torch", "numpy", "scipy")
PACKAGES += ("scikit-learn", "statsmodels", "pandas", "matplotlib", "seaborn")
TELLING = ("description", "paragraph", "notes", "verdicts", "tables", "told", "others", "own")
TELLING += ("config", "features")
"""What of the context is made of tables and settings; figures know themselves what to show."""
TABLES = ("mae", "bacc", "norms", "baselines", "alphas", "cohort", "excluded", "runtimes")


def page(
    settings: PageStep,
    *,
    tables: list[Path],
    figures: Path,
    predictions: list[Path],
    metrics: list[Path],
    curves: str,
    scans: Path,
    output: Path,
    columns: Path | None = None,
    pretraining: list[Path] | None = None,
    choices: Path | None = None,
    notes: Path | None = None,
    feasible: list[Path] | None = None,
    splits: list[Path] | None = None,
    sidecar: Path | None = None,
    maps: Path | None = None,
    record: Path | None = None,
) -> None:
    """Write the report of an experiment.

    Parameters
    ----------
    settings : PageStep
    tables : list of Path
        Those of the report that there are, by their names.
    figures : Path
        The folder that the step of this name wrote.
    predictions, metrics : list of Path
        Of the rows of the table, seed by seed.
    curves : str
        Pattern of the training curves of ``rows``, ``seeds`` and ``folds``.
    scans : Path
        The table of scans in the data set.
    output : Path
        The HTML file.
    columns : Path, optional
        The features of a table and what is missing of them (`contrage.dataset.features`).
    pretraining : list of Path, optional
        Of the experiment that the pre-training is: its metrics, scans and exclusions.
    choices : Path, optional
        The images that were chosen among several (`contrage.cohort.register`).
    notes : Path, optional
        What was noticed in the cohort's tables, a line each (`contrage.cohort.register`).
    feasible : list of Path, optional
        What was found before the trainings (`contrage.learning.feasible`).
    splits : list of Path, optional
        The folds of each seed, and which scans decide their normalisation.
    sidecar : Path, optional
        Beside the cohort's array: which files had to be changed so that they fit.
    maps : Path, optional
        The folder that the step of this name wrote.
    record : Path, optional
        Output: what the page was made of, for `contrage verify` (`contrage.report.record`).
    """
    options = {name: value for name, value in locals().items() if name not in NOT_READ}
    checksums = checksums_of(settings.recorded)
    frames = _frames(settings, by_name(tables), Path(figures), scans, columns, choices)
    measure = settings.config.target.measure
    study = replace(
        _of_trainings(settings, frames, predictions, metrics, curves),
        pretrained=read_pretrained(pretraining, measure) if pretraining else None,
        warnings=[text for path in feasible or [] for text in read_json(path).get("warnings", [])],
        noticed=_noticed(notes, sidecar),
        dominant=dominant_scans(splits or []),
    )
    content = context(settings, study, pictures(Path(figures)), viewer_of(maps))
    content |= {"provenance": told(settings, checksums)}
    if not settings.config.report.show_ids:
        content |= without_ids(content, Hider(known_ids(frames["scans"], frames["excluded"])))
    html = render(HERE / "template.html", content)
    with atomic(output) as temporary:
        temporary.write_text(html, encoding="utf-8")
    if record:
        write_json(record, recorded(settings, options, output, checksums, installed()))
    logger.info("wrote %s, %.1f MB", output, len(html) / 1e6)


def _of_trainings(
    settings: PageStep,
    frames: dict[str, pd.DataFrame],
    predictions: list[Path],
    metrics: list[Path],
    curves: str,
) -> Study:
    """Return what the words are made of, as far as tables and trainings tell it."""
    measured = by_row(Results.metrics, metrics)
    trained = curves_by_row(curves, settings.rows, settings.seeds, settings.folds)
    stops_early = settings.config.training.early_stop is not None
    frames |= {
        "networks": networks(measured, settings.rows),
        "epochs": epochs(measured, trained, settings.rows if stops_early else ()),
        "predicted": _table(next(iter(predictions), None)),
    }
    rows = list(frames[settings.config.target.measure].get("loss", []))
    return Study(
        settings.config,
        frames,
        tested(by_row(Results.predictions, predictions), rows),
        broken(trained, rows),
        settings.start,
        starts=epochs_before({row: [*map(read_json, of)] for row, of in measured.items()}),
    )


def _noticed(notes: Path | None, sidecar: Path | None) -> list[str]:
    """Return a line for each thing that was noticed in tables and files."""
    found = Path(notes).read_text(encoding="utf-8").splitlines() if notes else []
    told = read_json(sidecar)["contrage"].get("told", {}) if sidecar else {}
    return [*found, *(f"{what}: {len(scans)} ({few(scans)})" for what, scans in told.items())]


def _frames(
    settings: PageStep,
    tables: dict[str, Path],
    figures: Path,
    scans: Path,
    columns: Path | None,
    choices: Path | None,
) -> dict[str, pd.DataFrame]:
    """Read all that the page tells as tables, or makes sentences of."""
    frames = {name: _table(tables.get(name)) for name in TABLES}
    frames["excluded"] = without_paths(frames["excluded"])
    frames["scans"] = without_paths(read_tsv(scans))
    if not settings.config.report.show_ids:
        for name, column in (("excluded", "reason"), ("scans", "flag_reason")):
            if column in frames[name]:
                told = frames[name][column].map(without_files, na_action="ignore")
                frames[name] = frames[name].assign(**{column: told})
    frames["truth"] = _table(figures / "truth.tsv")
    for name in ("site", "external", *settings.evaluations):
        frames[name] = _table(tables.get(name))
    frames["search"] = read_draws(tables.get("search"), settings.config.search.rows)
    if columns:
        frames["features"] = read_tsv(columns)
    if choices:
        chosen = read_tsv(choices)
        frames["choices"] = chosen[chosen["scan_id"].isin(frames["scans"]["scan_id"])]
    if len(frames["mae"]):
        frames["mae"] = frames["mae"].sort_values("mae_mean", kind="stable")
    if len(frames["bacc"]):
        best_first = {"ascending": False, "kind": "stable"}
        frames["bacc"] = frames["bacc"].sort_values("bacc_mean", **best_first)
    return frames


def _table(path: Path | None) -> pd.DataFrame:
    return read_tsv(path) if path and path.is_file() else pd.DataFrame()


def without_paths(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the table with absolute paths in its texts shortened."""
    return frame.map(without_folders) if len(frame) else frame


def context(
    settings: PageStep, study: Study, images: dict[str, Any], viewer: dict[str, Any] | None
) -> dict[str, Any]:
    """Return all that the template prints."""
    config = without_folders(as_plain(settings.config))
    if not study.config.report.show_ids:
        config = counted(config)
    shown = {name: stated for name, stated in settings.evaluations.items() if stated.columns}
    told = sections(study, settings.evaluations)
    of_sides, versions = study.target.is_binary, installed()
    return {
        "experiment": study.config.experiment,
        "description": study.config.description,
        "image": study.image,
        "is_volume": study.kind.background,
        "kind": study.kind,
        "target": study.target,
        "has_scans": study.has_scans,
        "baselines": list(study.tables["baselines"].get("baseline", [])),
        "features": features(study) if study.is_table else "",
        "style": (HERE / "style.css").read_text(encoding="utf-8")
        + (viewer["style"] if viewer else ""),
        "viewer": viewer,
        "paragraph": paragraph(study),
        "notes": boxes(study),
        "verdicts": [] if of_sides else verdicts(study),
        "tiles": (sides.tiles if of_sides else tiles)(study),
        "tables": (sides.all_tables if of_sides else all_tables)(study, versions)
        | of_evaluations(study, shown)
        | {each.name: each.table for each in told if each.table.lines}
        | {name: each for name, each in (("stages", stages(study)),) if each.lines},
        "headings": {name: stated.title for name, stated in shown.items()},
        "told": told,
        "figures": images,
        "level": study.level,
        "searched_norms": len(study.tables["norms"]) > 0
        and "dynlocrep" in study.config.search.rows,
        "same_norms": {"euclidean", "cosine"} <= set(study.tables["norms"].get("norm", [])),
        "site_control": len(study.tables["site"]) > 0,
        "others": others(study, study.tables["predicted"]),
        "own": sides.own_predictions(study.main)
        if of_sides
        else own_predictions(study.tables["mae"], study.target),
        "holm": "p_holm" in study.tables["mae"] and len(study.tables["mae"]) > 1,
        "alphas": "alpha_median" in study.main,
        "folds": study.scheme not in ("holdout", "given"),
        "unseen": study.config.probe.alpha == "unseen",
        "null": len(null_rows(study.tables["baselines"])) > 0,
        "bootstrap": study.config.statistics.bootstrap,
        "config": yaml.safe_dump(config, sort_keys=False, allow_unicode=True),
        "show_ids": study.config.report.show_ids,
        "n_excluded": len(study.tables["excluded"]),
        "quality_page": quality_page(study),
    }


def without_ids(content: dict[str, Any], hide: Hider) -> dict[str, Any]:
    """Return what the page tells in words, without ids."""
    return {name: hide(content[name]) for name in TELLING}


def quality_page(study: Study) -> str:
    """Return where the cohort's quality page lies beside this one; a cohort of scans has one."""
    name = study.config.cohort.name
    return f"../derivatives/{name}/quality.html" if study.has_scans else ""


def own_predictions(mae: pd.DataFrame, target: TargetInWords) -> list[str]:
    """Say what losses that predict the target themselves reach without the probe."""
    if "mae_own" not in mae:
        return []
    lines = mae.dropna(subset="mae_own").itertuples()
    return [
        f"{loss_name(line.loss)} also predicts {target.word} by itself: without the ridge probe "
        f"its error is {target.told(number(line.mae_own, error_digits(target)))}."
        for line in lines
    ]


def installed() -> dict[str, str]:
    """Return the versions of the packages that decide the results, as far as they are here."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            found |= versions(package)
    return found
