"""What the images of a study are called, and the groups in which people were scanned."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    """The words for what is learned from.

    Parameters
    ----------
    many : str
        What the encoder learned from: "stiffness maps".
    one : str
        What a single one of them is called: "map" or "image".
    group : str
        Published studies are pooled in cohorts of scans, tables and prepared arrays name sites.
    scale : str
        Label of the colour scale, of what has one scale for all scans; else empty: grey.
    colours : str
        Of that scale.
    step : float
        In which its upper end is rounded up.
    """

    many: str
    one: str = "image"
    group: str = "study"
    scale: str = ""
    colours: str = "gray"
    step: float = 1.0

    @property
    def groups(self) -> str:
        """Several groups."""
        return {"study": "studies"}.get(self.group, f"{self.group}s")


KINDS = {
    "stiffness": Kind("stiffness maps", "map", "study", "stiffness [kPa]", "inferno", 0.5),
    "dampingratio": Kind(
        "maps of the damping ratio", "map", "study", "damping ratio", "magma", 0.05
    ),
    "T1w": Kind("T1-weighted images"),
    "vbm": Kind("grey-matter maps (VBM)", "map", "site"),
    "quasiraw": Kind("quasi-raw T1 images", "image", "site"),
    "table": Kind("features", "row", "site"),
}


def kind_of(image: str) -> Kind:
    """Return the words for ``cohort.image``."""
    return KINDS[image]
