"""The template of a model's images, found on this machine and compared with its checksum."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from contrage.bundle.facts import BundleFacts
from contrage.errors import SettingsError
from contrage.imaging.template.source import as_source, templateflow_home, verify
from contrage.settings.steps.imaging import TemplateFiles
from contrage.settings.steps.model import ImagingOfModel

FILES = "files"


def template_here(
    facts: BundleFacts, given: tuple[Path, Path | None] | None
) -> TemplateFiles | None:
    """Return where the template of a model's images lies; None where it needs none.

    Parameters
    ----------
    facts : BundleFacts
    given : tuple of Path, optional
        T1 and brain mask, which count in place of those that are looked for.

    Raises
    ------
    SettingsError
        It is not here, or another one.
    """
    if facts.seen.imaging is None:
        return None
    return _verified(_placed(facts.seen.imaging.register.template, given))


def _placed(stated: TemplateFiles, given: tuple[Path, Path | None] | None) -> TemplateFiles:
    """Return the template's files with where they lie, whose names alone a bundle tells."""
    if stated.anatomical is None:
        return stated
    if given is None and stated.name == FILES:
        raise SettingsError(
            f"this model's images are registered to {stated.anatomical}, a file of its makers "
            f"(sha256 {stated.sha256}); give it with --template"
            + (f", and {stated.mask} with --template-mask" if stated.mask else "")
        )
    if given is not None:
        anatomical, mask = given
        mask = str(mask) if stated.mask and mask else None
        return replace(stated, anatomical=str(anatomical), mask=mask)
    home = templateflow_home() / f"tpl-{stated.name}"
    mask = None if stated.mask is None else str(home / stated.mask)
    return replace(stated, anatomical=str(home / stated.anatomical), mask=mask)


@cache
def _verified(files: TemplateFiles) -> TemplateFiles:
    """Return a template's files whose checksums are as stated; compared once a process."""
    verify(as_source(files))
    return files


def with_template(of: ImagingOfModel, template: TemplateFiles | None) -> ImagingOfModel:
    """Return the settings of imaging with the template's files where they are said to lie."""
    if template is None:
        return of

    def there(step: Any) -> Any:
        return step if step.template is None else replace(step, template=template)

    return replace(
        of,
        check=there(of.check),
        strip=there(of.strip),
        register=there(of.register),
        quality=there(of.quality),
    )
