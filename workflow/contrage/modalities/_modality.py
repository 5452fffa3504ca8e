"""What is known of a kind of data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contrage.form import Form
from contrage.prepared import Prepared

ANATOMICAL, MAP, NONE = "anatomical", "map", "none"
"""What the imaging chain does: strips and registers it, carries it along, or nothing."""
SPATIAL = ("flip", "affine", "cutout", "crop")
OF_VALUES = ("intensity", "noise")
SCHEMES = ("train", "cohort", "image")


@dataclass(frozen=True)
class Picture:
    """How a kind of data is drawn.

    Attributes
    ----------
    label : str
        Of the colour scale, of what has one scale for all scans ("stiffness [kPa]"); empty: grey,
        each by itself.
    colours : str
        Matplotlib's name of the colour map.
    step : float
        In which the upper end of the scale of a report is rounded up, in the kind's unit.
    highest : float or None
        Upper end of the scale on pictures of single scans, in the kind's unit; None: each scan's
        own.
    """

    label: str = ""
    colours: str = "gray"
    step: float = 1.0
    highest: float | None = None


@dataclass(frozen=True)
class Modality:
    """What is known of a kind of data.

    Attributes
    ----------
    many, one : str
        What several are called in sentences ("stiffness maps"), and a single one: map, image, row.
    layout : str
        volume (three axes of space), picture (two), video (time and two of space), series (one axis
        of time), regions (one axis of an atlas's regions, with channels) or table (one axis of
        features, without); another word where a kind's file brings another.
    axes : tuple of str
        Names of the axes of one image, channels aside: ("x", "y", "z").
    channels : int or None
        Their number; None: as many as the data have.
    name : str
        The file's, as `cohort.image` has it. `contrage.modalities.load` fills it in.
    reader : str or None
        The module whose `read` reads its files; None where they are read as others are. Likewise.
    title : str
        What is measured, in sentences ("damping ratio").
    group : str
        The groups in which people were scanned: study, where published studies are pooled, or site.
    rank : int
        The place among others that the imaging chain treats alike; the first is the usual one.
    is_learned : bool
        Whether it may be learned from (`cohort.image`), or only helps, as a magnitude does.
    suffix, folder : str
        Of its files in a BIDS folder: "T1w" in "anat". Empty where there are none.
    ending : str
        Of arrays that somebody else has prepared, after "sub-X_", several of them with " or "
        between; empty: no such arrays.
    shape : tuple of int or None
        Of one image, channels aside; None: as the data have it, or as the kind's block says.
    voxel_mm : float or None
        Edge of a voxel of such arrays, mm; None where there are no voxels.
    unit, bids_unit : str
        "kPa", empty where there is none; and what `Units` of a sidecar says ("1", "arbitrary").
    plausible : tuple of two floats, or None
        Least and largest value that a measurement can have, in the kind's unit: the default of
        its key in `preprocessing.limits`, or the limits of a map that has none there.
    picture : Picture
    preprocessing : str
        What the imaging chain does: anatomical (it is stripped, corrected and registered), map
        (it is carried along with an anatomical image), none.
    normalisations : tuple of str
        The values of `dataset.normalisation` that make sense, the usual one first.
    augmentations : tuple of str
        The keys of `training.augmentation` that make sense.
    encoders : tuple of str
        Encoders that fit beside those whose own file names the layout, or, with one axis or more,
        its number of axes (see `contrage.learning.encoders`).
    background : bool
        Whether 0 is the place outside the image.
    scored : str
        channel or value, see `Form`.
    """

    many: str
    layout: str
    axes: tuple[str, ...]
    channels: int | None
    name: str = ""
    one: str = "image"
    reader: str | None = None
    title: str = ""
    group: str = "study"
    rank: int = 1
    is_learned: bool = True
    suffix: str = ""
    folder: str = ""
    ending: str = ""
    shape: tuple[int, ...] | None = None
    voxel_mm: float | None = None
    unit: str = ""
    bids_unit: str = ""
    plausible: tuple[float, float] | None = None
    picture: Picture = Picture()
    preprocessing: str = NONE
    normalisations: tuple[str, ...] = SCHEMES
    augmentations: tuple[str, ...] = OF_VALUES
    encoders: tuple[str, ...] = ()
    background: bool = False
    scored: str = "channel"

    @property
    def form(self) -> Form:
        """What whoever reads the cohort's array must know of it."""
        return Form(self.layout, len(self.axes), self.channels, self.background, self.scored)

    @property
    def prepared(self) -> Prepared:
        """What decides how prepared arrays are read."""
        return Prepared(self.name, self.ending, self.shape, self.voxel_mm, self.form)

    @property
    def is_map(self) -> bool:
        """Whether the imaging chain carries it along with an anatomical image."""
        return self.preprocessing == MAP

    @property
    def comes_as(self) -> str:
        """How a cohort's source finds it: scans, arrays (prepared by others), or a table."""
        if self.preprocessing != NONE:
            return "scans"
        return "arrays" if self.ending else "table"

    @property
    def groups(self) -> str:
        """Several groups."""
        return {"study": "studies"}.get(self.group, f"{self.group}s")

    def written(self, value: float, digits: int = 6) -> str:
        """Return a value with its unit: "5 kPa"."""
        return f"{value:.{digits}g} {self.unit}".strip()


def volume(**known: Any) -> Modality:
    """Return a kind of image with three axes of space, one channel and background 0."""
    return Modality(
        **{
            "layout": "volume",
            "axes": ("x", "y", "z"),
            "channels": 1,
            "augmentations": (*SPATIAL, *OF_VALUES),
            "background": True,
            "encoders": ("glt", "glt-cover"),
            **known,
        }
    )


def picture(**known: Any) -> Modality:
    """Return a kind of image with height and width, one channel, in which 0 is a value."""
    return Modality(
        **{
            "layout": "picture",
            "axes": ("y", "x"),
            "channels": 1,
            "augmentations": ("flip", "affine", "zoom", "brightness", *OF_VALUES),
            **known,
        }
    )


def regions(**known: Any) -> Modality:
    """Return several measures (channels) of the regions of an atlas; 0 is a value as others are."""
    return Modality(
        **{
            "layout": "regions",
            "axes": ("region",),
            "one": "row",
            "group": "site",
            "normalisations": ("train", "cohort"),
            **known,
        }
    )


def features(**known: Any) -> Modality:
    """Return one row of features per scan, each of which is scored by itself."""
    return Modality(
        **{
            "layout": "table",
            "axes": ("feature",),
            "channels": 1,
            "one": "row",
            "group": "site",
            "normalisations": ("train",),
            "scored": "value",
            **known,
        }
    )
