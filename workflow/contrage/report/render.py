"""Pages out of templates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def render(template: Path, content: dict[str, Any]) -> str:
    """Fill a template.

    Parameters
    ----------
    template : Path
        It may include those beside it and those of this folder.
    content : dict
        All that it prints; what is no markup is escaped.
    """
    from jinja2 import Environment, FileSystemLoader

    loader = FileSystemLoader([template.parent, HERE])
    environment = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.get_template(template.name).render(content)
