"""What is done once a run has ended well."""

from __future__ import annotations

import os
import shlex
from pathlib import Path


def write_index(home: Path) -> str:
    """Return the command that writes results/index.html; where it cannot, it says so and no more.

    Parameters
    ----------
    home : Path
        The folder in which the package lies, unless it is installed.
    """
    path = os.environ.get("PYTHONPATH")
    own = f"PYTHONPATH={shlex.quote(os.pathsep.join([str(home), *[path] * bool(path)]))} "
    is_here = (home / "contrage").is_dir()
    told = "echo 'contrage: results/index.html was not written; see contrage index' >&2"
    return f"{own if is_here else ''}python -m contrage index results --quiet || {told}"
