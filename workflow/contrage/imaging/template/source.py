"""Which file is the template: found, and compared with its checksum. Never fetched by a job."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from contrage.errors import SettingsError
from contrage.files import sha256
from contrage.settings.blocks.template import TemplateSettings
from contrage.settings.steps.imaging import FetchTemplateStep, TemplateFiles

SOURCES = ("nilearn", "templateflow", "files")
NILEARN_FILE = "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz"
NILEARN_SHA256 = "421a10e872fd6cadae7f61d358dffbcc1795a497d61ee76c5dda2503e1a1e9e6"
"""Of nilearn 0.13.1: ICBM 152 2009a symmetric, brain only, 1 mm."""
KEY = "preprocessing.template"


@dataclass(frozen=True)
class Source:
    """A template's files.

    Attributes
    ----------
    name : str
        nilearn, files, or TemplateFlow's name of the template.
    anatomical : Path or None
        T1-weighted image, brain or head; None for nilearn's own.
    mask : Path or None
        Brain mask, on any grid; None where what is not 0 is brain.
    sha256, mask_sha256 : str or None
        Checksums that the files must have; compared when the template is loaded.
    """

    name: str
    anatomical: Path | None
    mask: Path | None
    sha256: str | None
    mask_sha256: str | None

    @property
    def path(self) -> Path:
        """The anatomical image's file."""
        return self.anatomical if self.anatomical is not None else nilearn_path()

    def settings(self) -> TemplateFiles:
        """Return what a job is told of it; `as_source` reads that."""
        paths = [path and str(path) for path in (self.anatomical, self.mask)]
        return TemplateFiles(self.name, *paths, self.sha256, self.mask_sha256)


NILEARN = Source("nilearn", None, None, NILEARN_SHA256, None)


def nilearn_path() -> Path:
    """Return where nilearn's T1 template lies; spares the import of nilearn."""
    spec = util.find_spec("nilearn")
    if spec is None or spec.origin is None:
        raise SettingsError(f"{KEY}.source 'nilearn': nilearn is not installed; run make env")
    return Path(spec.origin).parent / "datasets" / "data" / NILEARN_FILE


def find_source(block: TemplateSettings) -> Source:
    """Find the template that the configuration names, and compare its checksums.

    Parameters
    ----------
    block : TemplateSettings

    Returns
    -------
    Source
        With the checksums of the files as they are.

    Raises
    ------
    SettingsError
        Unknown source, a file that is missing, or one with another checksum.
    """
    if block.source not in SOURCES:
        raise SettingsError(
            f"{KEY}.source: no source {block.source!r}; choose {', '.join(SOURCES)}"
        )
    if block.source == "nilearn":
        verify(NILEARN)
        return NILEARN
    if block.source == "templateflow":
        name = block.name
        anatomical, mask = templateflow_files(name, block.resolution)
    else:
        name, anatomical, mask = "files", *_own_files(block)
    found = Source(name, anatomical, mask, block.sha256, block.mask_sha256)
    verify(found)
    return Source(name, anatomical, mask, sha256(anatomical), mask and sha256(mask))


def as_source(files: TemplateFiles) -> Source:
    """Return the template of a job's settings, see `Source.settings`."""
    paths = [path and Path(path) for path in (files.anatomical, files.mask)]
    return Source(files.name, *paths, files.sha256, files.mask_sha256)


def template_record(source: Source) -> dict[str, str]:
    """Return a template's name, files and checksums."""
    record = {"name": source.name, "file": source.path.name, "sha256": sha256(source.path)}
    if source.mask is not None:
        record |= {"mask": source.mask.name, "mask_sha256": sha256(source.mask)}
    return record


def verify(source: Source) -> None:
    """Compare a template's files with its checksums.

    Raises
    ------
    SettingsError
        A file is missing or has another checksum.
    """
    pairs = [
        (source.path, source.sha256, "sha256"),
        (source.mask, source.mask_sha256, "mask_sha256"),
    ]
    for path, expected, key in pairs:
        if path is None:
            continue
        if not path.is_file():
            raise SettingsError(f"{KEY}: there is no file {path}")
        if expected is None or sha256(path) == expected.lower():
            continue
        if source.name == "nilearn":
            raise SettingsError(
                f"{KEY}.source 'nilearn': the template of nilearn {metadata.version('nilearn')} is "
                "another one than results were made with; install the version that constraints.txt "
                f"names, or give {KEY}.source 'files' with {KEY}.anatomical {path}"
            )
        raise SettingsError(
            f"{KEY}.{key}: {path} has the checksum {sha256(path)}, not {expected}; it is "
            "another file, or a damaged one"
        )


def _own_files(block: TemplateSettings) -> tuple[Path, Path | None]:
    if not block.anatomical:
        raise SettingsError(f"{KEY}.anatomical: source 'files' needs a T1-weighted template's file")
    return Path(block.anatomical), Path(block.mask) if block.mask else None


def templateflow_home() -> Path:
    """Return TemplateFlow's cache: TEMPLATEFLOW_HOME, else ~/.cache/templateflow as its client."""
    given = os.environ.get("TEMPLATEFLOW_HOME")
    return Path(given) if given else Path.home() / ".cache" / "templateflow"


def templateflow_files(name: str, resolution: int) -> tuple[Path, Path]:
    """Return T1 and brain mask of a TemplateFlow template, from the cache alone.

    Files of no bytes are what TemplateFlow's client leaves of those that it has not fetched.

    Raises
    ------
    SettingsError
        They are not in the cache; says the command that fetches them.
    """
    folder = templateflow_home() / f"tpl-{name}"
    stem = f"tpl-{name}_res-{resolution:02d}"
    files = folder / f"{stem}_T1w.nii.gz", folder / f"{stem}_desc-brain_mask.nii.gz"
    for path in files:
        if not path.is_file() or path.stat().st_size == 0:
            asked = json.dumps({"name": name, "resolution": resolution})
            raise SettingsError(
                f"{KEY}: TemplateFlow's {path.name} is not in {folder.parent}; fetch it once, "
                f"where there is a network: python -m contrage fetch-template --settings '{asked}'"
            )
    return files


def fetch_template(settings: FetchTemplateStep) -> None:
    """Fetch a TemplateFlow template into the user's cache: a step of the user's, of no job's.

    Parameters
    ----------
    settings : FetchTemplateStep

    Raises
    ------
    SettingsError
        TemplateFlow's client is not installed, or has no such template.
    """
    try:
        from templateflow import api
    except ImportError:
        raise SettingsError(
            "fetching a template needs TemplateFlow's client: pip install templateflow, here or in "
            "any environment of the same user"
        ) from None
    for query in ({"desc": None, "suffix": "T1w"}, {"desc": "brain", "suffix": "mask"}):
        asked = {"resolution": settings.resolution, "extension": ".nii.gz", **query}
        api.get(settings.name, raise_empty=False, **asked)
    for path in templateflow_files(settings.name, settings.resolution):
        print(f"{path}  sha256 {sha256(path)}")
