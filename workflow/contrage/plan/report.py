"""What the steps that report on an experiment, or on a cohort, are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from contrage.evaluation import elements
from contrage.plan import pretraining, rows
from contrage.plan.experiment import Experiment
from contrage.settings.build import as_plain, build
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.page import PageStep
from contrage.settings.steps.record import Recorded
from contrage.settings.steps.report import (
    FiguresStep,
    MapsStep,
    QualityPageStep,
    RuntimesStep,
    SamePersonPageStep,
    TablesStep,
)


def tables(of: Experiment) -> TablesStep:
    """Return what the tables of an experiment are made of."""
    asked = {
        "target": as_plain(of.target.learned),
        "rows": of.rows,
        "norm_rows": rows.norm_rows(of.config),
        "null_rows": list(of.null_rows),
        "statistics": of.config["statistics"],
    }
    return build(TablesStep, asked)


def runtimes(of: Experiment, folders: Mapping[str, str], patterns: Iterable[str]) -> RuntimesStep:
    """Return where rules write what jobs took, with the rows, seeds and folds of this run.

    Parameters
    ----------
    of : Experiment
    folders : mapping of str to str
        "results" and "derivatives"; what lies elsewhere is another experiment's.
    patterns : iterable of str
        Of the benchmarks of all rules.
    """
    own: dict[str, Any] = {"row": of.all_rows, "seed": of.seeds, "fold": of.folds}
    own["evaluation"] = of.evaluations
    own["ages"] = ["given", *["permuted"] * bool(of.null_rows)]
    draws = list(range(of.config["search"]["draws"]))
    searched = {**own, "row": of.searched_rows, "seed": of.searched_seeds, "draw": draws}
    found = {}
    for pattern in patterns:
        for name, folder in folders.items():
            if pattern.startswith(f"{folder}/"):
                values = searched if "/search_" in pattern else own
                file = pattern.removeprefix(f"{folder}/")
                asked = {key: values[key] for key in values if f"{{{key}}}" in file}
                found[file] = {"of": name, "file": file, "values": asked}
    return build(RuntimesStep, {"benchmarks": [found[file] for file in sorted(found)]})


def maps(of: Experiment, template: TemplateFiles) -> MapsStep:
    """Return what the maps of an experiment are made of."""
    grid_mm = of.config["preprocessing"]["registration"]["voxel_mm"]
    asked = {
        "target": of.config["target"],
        "image": of.config["cohort"]["image"],
        "grid_mm": grid_mm,
        "factor": of.config["dataset"]["voxel_mm"] // grid_mm,
        "template": as_plain(template),
    }
    return build(MapsStep, asked)


def figures(of: Experiment) -> FiguresStep:
    """Return what the figures of an experiment are made of."""
    config, cohort = of.config, of.config["cohort"]
    asked = {
        "target": config["target"],
        "rows": of.rows,
        "norm_rows": rows.norm_rows(config),
        "seeds": of.seeds,
        "folds": of.folds,
        "embedding_rows": of.watched_rows,
        "embedding_by": config["report"]["embedding_by"],
        "quality": config["preprocessing"]["quality"],
        "image": cohort["image"],
        "anatomical": cohort["anatomical"] if rows.needs_anatomical(config) else None,
        "grid_mm": config["preprocessing"]["registration"]["voxel_mm"],
        "truth": cohort["source"] == "phantom",
        "search": {row: config["search"]["rows"][row] for row in of.searched_rows},
        "statistics": config["statistics"],
        "show_ids": config["report"]["show_ids"],
        "embedding_method": config["report"]["embedding_method"],
    }
    return build(FiguresStep, asked)


def page(of: Experiment, recorded: Recorded | None = None) -> PageStep:
    """Return what the page of an experiment is made of, and what it writes down beside it."""
    found = {name: elements.element(name) for name in of.evaluations}
    asked = {
        "config": of.config,
        "rows": of.rows,
        "seeds": of.seeds,
        "folds": of.folds,
        "start": as_plain(pretraining.describe(of.config)),
        "evaluations": {n: {"title": e.title, "columns": e.columns} for n, e in found.items()},
        "recorded": as_plain(recorded),
    }
    return build(PageStep, asked)


def same_person_page(config: dict[str, Any]) -> SamePersonPageStep:
    """Return what the page of pairs with a pre-training is made of."""
    return SamePersonPageStep(config["experiment"], config["report"]["show_ids"])


def quality_page(
    config: dict[str, Any], images: Iterable[str], template: TemplateFiles
) -> QualityPageStep:
    """Return what the quality page of a cohort is made of.

    Parameters
    ----------
    config : dict
    images : iterable of str
        Preprocessed images that there are of each scan.
    template : TemplateFiles
    """
    asked = {
        "cohort": config["cohort"]["name"],
        "limits": config["preprocessing"]["quality"],
        "exclude": config["cohort"]["exclude"],
        "images": list(images),
        "grid_mm": config["preprocessing"]["registration"]["voxel_mm"],
        "template": as_plain(template),
        "show_ids": config["report"]["show_ids"],
    }
    return build(QualityPageStep, asked)
