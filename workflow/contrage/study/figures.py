"""The figures of a study, as PNG and SVG, with a list of them for the page."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from contrage.errors import TableError
from contrage.files import atomic, read_json, write_json
from contrage.report.style import Figure, save, use_style
from contrage.settings.steps.study import CurveAsked, FigureAsked, StudyFiguresStep
from contrage.study import draw
from contrage.study.cells import ROW, Finished, lines_that_count
from contrage.study.tables import EXPONENTS
from contrage.study.words import label, measure
from contrage.tables import read_tsv

logger = logging.getLogger(__name__)

LIST = "figures.json"
OF_REPORT, FOLDER = "report", "figures"


def figures(
    settings: StudyFiguresStep,
    *,
    finished: dict[str, Path],
    curves: list[Path] | None = None,
    output: Path,
) -> None:
    """Draw the figures of a study.

    Parameters
    ----------
    settings : StudyFiguresStep
    finished : dict of str to Path
        "<overlay>/<table>" → a finished table of an experiment.
    curves : list of Path, optional
        What study-tables wrote of the curves: <name>.tsv and <name>_exponents.tsv.
    output : Path
        The folder to write; each figure is <name>.png and <name>.svg, and figures.json lists them.
    """
    use_style()
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    points = {path.stem: read_tsv(path) for path in curves or []}
    given, made = Finished(finished), []
    for name, curve in settings.curves.items():
        law = points[f"{name}{EXPONENTS}"]
        made.append(_curve(name, curve, points[name], law, settings, output))
    for name, asked in settings.figures.items():
        of_report = asked.kind == OF_REPORT
        made.append((_copy if of_report else _figure)(name, asked, settings, given, output))
    told = [figure.record() for figure in made if figure is not None]
    write_json(output / LIST, told)
    logger.info("drew %d of %d figures", len(told), len(made))


def _curve(
    name: str,
    asked: CurveAsked,
    points: pd.DataFrame,
    laws: pd.DataFrame,
    settings: StudyFiguresStep,
    output: Path,
) -> Figure | None:
    """Draw values over the size of the training set, a panel for each value."""
    if not points[list(asked.y)].notna().any().any():
        logger.warning("no figure %s: none of its overlays is part of this run", name)
        return None
    canvas = draw.curves(asked, points, laws, settings.labels)
    told = _exponents(laws, settings) + _forecasts(laws, settings)
    caption = f"{asked.asked}{told} {asked.note}".strip()
    what = ", ".join(measure(value, settings.labels) for value in asked.y)
    alt = f"{what} over {measure(asked.x, settings.labels)}.{told}"
    return save(canvas, output, name, asked.title or name, caption, alt)


def _exponents(laws: pd.DataFrame, settings: StudyFiguresStep) -> str:
    """Say by which power of the size each row's value changes, value by value."""
    said = []
    for value, lines in laws.groupby("value", sort=False):
        rows = [
            f"{label(line.row, settings.labels)} {f'{line.exponent:z.2f}'.replace('-', '−')}"
            for line in lines.itertuples()
        ]
        said.append(f"of {measure(str(value), settings.labels)} {', '.join(rows)}")
    return f" Exponents of the lines: {'; '.join(said)}." if said else ""


def _forecasts(laws: pd.DataFrame, settings: StudyFiguresStep) -> str:
    """Say what the lines come to with twice the people, with the interval of one more training."""
    if "forecast" not in laws or laws["forecast"].isna().all():
        return ""
    said = []
    for value, lines in laws.groupby("value", sort=False):
        rows = [
            f"{label(line.row, settings.labels)} {line.forecast:.3g}"
            + (
                ""
                if pd.isna(line.forecast_low)
                else f" ({line.forecast_low:.3g} to {line.forecast_high:.3g})"
            )
            for line in lines.itertuples()
        ]
        said.append(f"{measure(str(value), settings.labels)} {', '.join(rows)}")
    return (
        " Open circles: forecast for twice the people of the largest training, if the line goes "
        f"on, with the 95 % interval for one more training (none with two points): "
        f"{'; '.join(said)}."
    )


def _figure(
    name: str, asked: FigureAsked, settings: StudyFiguresStep, given: Finished, output: Path
) -> Figure | None:
    panels = list(_panels(asked, settings, given))
    if not panels:
        logger.warning("no figure %s: there are no lines of %s to draw", name, asked.table)
        return None
    canvas, said = draw.KINDS[asked.kind](asked, panels, settings.labels)
    caption = f"{asked.asked} {asked.note}".strip()
    alt = f"{measure(asked.y, settings.labels)} by {measure(asked.x, settings.labels)}: {said}"
    return save(canvas, output, name, asked.title or name, caption, alt)


def _copy(
    name: str, asked: FigureAsked, settings: StudyFiguresStep, given: Finished, output: Path
) -> Figure | None:
    """Copy a figure of the report of the first overlay that is here, with its caption."""
    here = {each.name for each in settings.overlays if each.is_here}
    for overlay in [each for each in asked.overlays if each in here][:1]:
        folder = Path(given.files[f"{overlay}/{FOLDER}"])
        for entry in read_json(folder / LIST, whole=folder):
            if entry["name"] != asked.table:
                continue
            for suffix in (".png", ".svg"):
                with atomic(output / f"{name}{suffix}") as temporary:
                    temporary.write_bytes((folder / f"{asked.table}{suffix}").read_bytes())
            told = {"name": name, "title": asked.title or entry["title"], "file": f"{name}.png"}
            caption = " ".join(filter(None, [asked.asked, entry["caption"], asked.note]))
            return Figure(**{**entry, **told, "caption": caption})
    logger.warning("no figure %s: no report of this run has a figure %s", name, asked.table)
    return None


def _panels(
    asked: FigureAsked, settings: StudyFiguresStep, given: Finished
) -> Iterator[draw.Panel]:
    """Yield what each panel shows: the lines of an overlay, cohort and row."""
    by_name = {each.name: each for each in settings.overlays}
    for overlay in (by_name[each] for each in asked.overlays):
        if not overlay.is_here:
            continue
        frame = given.table(overlay, asked.table)
        if lacking := [each for each in asked.where if each not in frame]:
            told = f"table {asked.table} of {overlay.name} has no column {lacking[0]!r}"
            raise TableError(f"figures: where of a {asked.kind}: {told}")
        frame = lines_that_count(frame, asked.where)
        if asked.rows and ROW in frame:
            frame = frame[frame[ROW].isin(asked.rows)]
        place = asked.x if asked.kind in ("violin", "roc") else asked.by
        if asked.order and place:
            frame = frame[frame[place].astype(str).isin(asked.order)]
        keys = [key for key in ("cohort", ROW) if key in frame]
        if asked.y in frame:
            frame = frame.dropna(subset=[asked.y])
        for parts, lines in frame.groupby(keys, sort=False):
            cohort, row = parts if len(keys) > 1 else (overlay.cohort, parts[0])
            yield draw.Panel(overlay.name, str(cohort), str(row), lines)
