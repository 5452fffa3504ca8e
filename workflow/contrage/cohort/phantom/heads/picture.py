"""A picture of six phantoms beside real stiffness maps."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from contrage.cohort.phantom.heads.participant import Acquired, generate
from contrage.cohort.phantom.heads.plan import PhantomParticipant, plan
from contrage.cohort.phantom.heads.template import Grid, apply, resample
from contrage.errors import BadScanError
from contrage.files import atomic
from contrage.settings.blocks.phantom import PhantomSettings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

logger = logging.getLogger(__name__)

_PHANTOMS, _REAL = 6, 2
_LARGEST_KPA = 6.0
_VIEWS = ("sagittal", "coronal", "axial")
# Where the planes are cut, MNI mm: beside the midline, through thalamus and lateral ventricles.
_CUT = (14.0, -16.0, 8.0)


def phantom_picture(settings: PhantomSettings, *, output: Path, real: Path | None) -> None:
    """Draw T1 and stiffness of six phantoms, and two real maps beside them if a folder is given.

    Each phantom is cut through its own voxels, turned to MNI152 axes by the true rotation alone:
    its size, its resolution and the map's slab stay as written.

    Parameters
    ----------
    settings : PhantomSettings
        Of the cohort.
    output : Path
        PNG or SVG to write.
    real : Path or None
        A folder with maps in MNI152 space, in Pa (searched to any depth); None leaves them out.

    Raises
    ------
    BadScanError
        The folder holds no image.
    """
    from matplotlib.figure import Figure

    people = _choose(plan(settings.participants, settings.seed))
    files = _real_maps(real) if real is not None else []
    columns = len(people) + len(files)
    figure = Figure(figsize=(1.75 * columns + 0.9, 11.2), facecolor="white")
    axes = figure.subplots(6, columns, squeeze=False)
    figure.subplots_adjust(left=0.03, right=0.93, top=0.93, bottom=0.01, wspace=0.03, hspace=0.03)
    for column, person in enumerate(people):
        colours = _draw_phantom(axes[:, column], generate(person, settings))
        axes[0, column].set_title(f"{person.age:.0f} y, {person.sex}\n{person.site}", fontsize=9)
    for column, file in enumerate(files, start=len(people)):
        colours = _draw_real(axes[:, column], file)
    _label(figure, axes, colours, len(files))
    with atomic(output) as temporary:
        figure.savefig(temporary, dpi=150)
    logger.info("%d phantoms and %d real maps in %s", len(people), len(files), output)


def _choose(people: list[PhantomParticipant]) -> list[PhantomParticipant]:
    """Choose participants evenly over the ages, youngest and oldest included."""
    ordered = sorted(people, key=lambda person: person.age)
    places = np.linspace(0, len(ordered) - 1, min(_PHANTOMS, len(ordered))).round().astype(int)
    return [ordered[place] for place in places]


def _real_maps(folder: Path) -> list[Path]:
    files = sorted(Path(folder).rglob("*.nii.gz"))
    if not files:
        raise BadScanError(folder, "no .nii.gz in this folder; give one with stiffness maps")
    places = np.linspace(0, len(files) - 1, _REAL + 2).round().astype(int)[1:-1]
    return [files[place] for place in places]


def _planes(
    array: np.ndarray, grid: Grid, transform: np.ndarray, cut: tuple[float, ...]
) -> list[np.ndarray]:
    """Cut three planes through a point, 1 mm pixels; `transform` goes to the array's world."""
    planes = []
    for axis in range(3):
        low = np.array([-105.0, -120.0, -95.0])
        shape = [210, 210, 210]
        low[axis], shape[axis] = cut[axis], 1
        affine = np.eye(4)
        affine[:3, 3] = low
        target = Grid(tuple(shape), affine)  # type: ignore[arg-type]
        planes.append(resample(array, grid, target, transform).squeeze(axis).T)
    return planes


def _draw_phantom(axes: np.ndarray, scan: Acquired) -> AxesImage:
    rigid = scan.pose.rigid
    centre = tuple(apply(scan.pose.scaling, np.array(_CUT)[:, None])[:, 0])
    brightest = float(np.percentile(scan.t1[scan.mask], 99.5)) * 1.15
    for ax, plane in zip(axes[:3], _planes(scan.t1, scan.t1_grid, rigid, centre), strict=True):
        ax.imshow(plane, origin="lower", cmap="gray", vmin=0, vmax=brightest)
    values = scan.stiffness.values / 1000
    return _draw_map(axes[3:], _planes(values, scan.stiffness.grid, rigid, centre))


def _draw_real(axes: np.ndarray, file: Path) -> AxesImage:
    import nibabel as nib

    image = nib.load(file)
    grid = Grid(image.shape, image.affine)
    for ax in axes[:3]:
        ax.set_visible(False)
    return _draw_map(axes[3:], _planes(image.get_fdata() / 1000, grid, np.eye(4), _CUT))


def _draw_map(axes: np.ndarray, planes: list[np.ndarray]) -> AxesImage:
    from matplotlib import colormaps

    colours = colormaps["turbo"].with_extremes(bad="black")
    for ax, plane in zip(axes, planes, strict=True):
        shown = np.ma.masked_less_equal(plane, 0.05)
        image = ax.imshow(shown, origin="lower", cmap=colours, vmin=0, vmax=_LARGEST_KPA)
    return image


def _label(figure: Figure, axes: np.ndarray, colours: AxesImage, real: int) -> None:
    for ax in axes.ravel():
        ax.set_xticks([])
        ax.set_yticks([])
        ax.set_facecolor("black")
        for side in ax.spines.values():
            side.set_visible(False)
    for row, ax in enumerate(axes[:, 0]):
        kind = "T1" if row < 3 else "stiffness"
        ax.set_ylabel(f"{kind}, {_VIEWS[row % 3]}", fontsize=9)
    for number in range(real):
        _title_real(axes[3, axes.shape[1] - real + number], number)
    low, high = axes[5, 0].get_position().y0, axes[3, 0].get_position().y1
    bar = figure.colorbar(colours, cax=figure.add_axes((0.945, low, 0.011, high - low)))
    bar.set_label("stiffness (kPa)", fontsize=9)
    bar.ax.tick_params(labelsize=8)
    figure.suptitle(
        "Digital phantoms, in order of age" + (", and real maps (right)" if real else ""),
        fontsize=11,
    )


def _title_real(ax: Axes, number: int) -> None:
    ax.set_title(f"real map {number + 1}", fontsize=9)
