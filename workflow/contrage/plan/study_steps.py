"""What the steps of a study are asked for, and which finished tables they read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from contrage.errors import SettingsError, few
from contrage.layout import StudyResults
from contrage.plan.experiment import Experiment
from contrage.plan.overlays import Overlay
from contrage.plan.study import StudyPlan
from contrage.plan.study_asked import VALUE, cells_of, listed, overlays_of
from contrage.settings.build import build
from contrage.settings.steps.study import StudyFiguresStep, StudyPageStep, StudyTablesStep

EXPONENTS = "_exponents"
CLAIMS = "claims"
OF_REPORT, FOLDER = "report", "figures"
"""The kind of a figure that an experiment's own report has drawn, and where it is listed."""
LISTS = {"tables": ("rows", "columns", "values"), "curves": ("y", "log"), "figures": ("rows",)}
"""Keys that may be written as one word."""


@dataclass(frozen=True)
class StudySteps:
    """The steps of a study.

    Attributes
    ----------
    plan : StudyPlan
    experiments : dict of str to Experiment
        Overlay → its experiment, of those that this run is of.
    """

    plan: StudyPlan
    experiments: dict[str, Experiment]

    @classmethod
    def of(cls, plan: StudyPlan, experiments: Sequence[Experiment]) -> StudySteps:
        """Return the steps of a study whose experiments have been read."""
        by_name = {each.config["experiment"]: each for each in experiments}
        wanted = {name: each for name, each in plan.planned.items() if each.wanted}
        found = {name: by_name[each.config["experiment"]] for name, each in wanted.items()}
        return cls(plan, found)

    @property
    def results(self) -> StudyResults:
        """Where the files of the study lie."""
        return StudyResults.of(self.plan.name)

    @property
    def names(self) -> list[str]:
        """Names of the tables that are written."""
        asked = self.plan.asked
        curves = [name for each in asked["curves"] for name in (each, f"{each}{EXPONENTS}")]
        return [*asked["tables"], *curves, CLAIMS]

    @property
    def curves(self) -> list[str]:
        """The written tables that figures are drawn of."""
        of_curves = [name for name in self.names if name not in self.plan.asked["tables"]]
        return [self.results.table(name) for name in of_curves if name != CLAIMS]

    def tables(self) -> StudyTablesStep:
        """Return what the tables are made of."""
        asked = {key: self._common()[key] for key in ("overlays", "labels")}
        return build(StudyTablesStep, {**asked, **self._shown("tables", "curves", "claims")})

    def figures(self) -> StudyFiguresStep:
        """Return what the figures are made of."""
        asked = {key: self._common()[key] for key in ("overlays", "labels")}
        return build(StudyFiguresStep, {**asked, **self._shown("curves", "figures")})

    def page(self) -> StudyPageStep:
        """Return what the page is made of."""
        blocks = self._shown("tables", "curves", "figures", "claims")
        order = {
            "shown": [name for kind in ("tables", "curves", "figures") for name in blocks[kind]],
            "expected": list(blocks["claims"]),
        }
        return build(StudyPageStep, {**self._common(), **blocks, **order})

    def finished(self, *kinds: str) -> dict[str, str]:
        """Return "<overlay>/<table>" → the finished table, of those that these blocks read."""
        found: dict[str, str] = {}
        for kind in kinds:
            for name, block in self.plan.asked[kind].items():
                for overlay in self._here(block):
                    own = self.experiments[overlay]
                    if kind == "figures" and block["kind"] == OF_REPORT:
                        found[f"{overlay}/{FOLDER}"] = own.results.figures
                        continue
                    for table in self._read(f"{kind}.{name}", block, own, overlay):
                        found[f"{overlay}/{table}"] = own.results.table(table)
        return found

    def counted(self) -> dict[str, str]:
        """Return overlay → predictions of its first row and seed, where a curve counts people."""
        found: dict[str, str] = {}
        for block in self.plan.asked["curves"].values():
            for overlay in self._here(block) if block["x"] == "n_train" else ():
                own = self.experiments[overlay]
                place = {"row": own.all_rows[0], "seed": own.seeds[0]}
                found[overlay] = own.results.predictions.format(**place)
        return found

    def _here(self, block: Mapping[str, Any]) -> list[str]:
        return [name for name in self._overlays(block) if name in self.experiments]

    def _overlays(self, block: Mapping[str, Any]) -> list[str]:
        """Return the overlays of a table, curve or figure in their order."""
        return overlays_of(block, self.plan.overlays)

    def _first(self, key: str, block: Mapping[str, Any], own: Experiment, overlay: str) -> str:
        """Return the table that an overlay's cells are of."""
        asked = listed(block["table"]) or [own.measure]
        for name in asked:
            if name in own.tables:
                return name
        raise SettingsError(_no_table(f"{key}.table", asked[0], own, overlay))

    def _read(
        self, key: str, block: Mapping[str, Any], own: Experiment, overlay: str
    ) -> Iterator[str]:
        yield self._first(key, block, own, overlay)
        for value in [each for each in ("values", "y") if each in block and "kind" not in block]:
            for table in filter(None, (each.rpartition(".")[0] for each in listed(block[value]))):
                if table not in own.tables:
                    raise SettingsError(_no_table(f"{key}.{value}", table, own, overlay))
                yield table

    def _common(self) -> dict[str, Any]:
        asked = self.plan.asked
        return {
            "study": self.plan.name,
            **{key: asked[key] for key in ("title", "description", "differs", "labels")},
            "overlays": [self._overlay(each) for each in self.plan.overlays.values()],
        }

    def _overlay(self, overlay: Overlay) -> dict[str, Any]:
        cohort = overlay.config["cohort"]
        members = cohort["members"]
        return {
            "name": overlay.name,
            "experiment": overlay.config["experiment"],
            "cohort": cohort["name"],
            "members": [each["name"] for each in members or [cohort]],
            "values": overlay.values,
            "is_here": overlay.name in self.experiments,
        }

    def _shown(self, *kinds: str) -> dict[str, Any]:
        return {
            kind: {
                name: _claim(block) if kind == "claims" else self._block(kind, name, block)
                for name, block in self.plan.asked[kind].items()
            }
            for kind in kinds
        }

    def _block(self, kind: str, name: str, block: Mapping[str, Any]) -> dict[str, Any]:
        """Return a table, curve or figure with its overlays by name and every list a list."""
        found = dict(block)
        for key in LISTS[kind]:
            found[key] = listed(block[key])
        if kind != "figures":
            here = self._here(block)
            key = f"{kind}.{name}"
            found["table"] = {o: self._first(key, block, self.experiments[o], o) for o in here}
        if kind == "tables":
            found["paper"] = block["paper"] or {}
        found["overlays"] = self._overlays(block)
        found["where"] = {
            key: [str(each) for each in (value if isinstance(value, list) else [value])]
            for key, value in block["where"].items()
        }
        found.pop("grid", None)
        return found


def _claim(block: Mapping[str, Any]) -> dict[str, Any]:
    rising = [{k: str(v) for k, v in cell.items()} for cell in cells_of(block)]
    of = {key: str(value) for key, value in block["of"].items()}
    value = block["value"] or next(cell[VALUE] for cell in rising if VALUE in cell)
    return {**block, "value": value, "rising": rising, "within": block["within"] or [], "of": of}


def _no_table(key: str, table: str, own: Experiment, overlay: str) -> str:
    return (
        f"{key}: {overlay} has no table {table}, only {few(own.tables, most=20)}; an evaluation "
        "is switched on in base or in the overlay"
    )
