"""Build the documentation site in build/site, and refuse what is broken in it.

    python docs/build_site.py     # as `make docs` does; no network is needed

The pages are laid out by `site_pages`, built by Zensical as mkdocs.yml says, and `site_check` looks
at what came out.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import site_check
import site_pages

SITE = site_pages.ROOT / "build/site"


def build() -> Path:
    """Build the site and return its folder; stop with what is wrong in it."""
    site_pages.lay_out()
    command = [sys.executable, "-m", "zensical", "build", "--strict", "--clean"]
    if subprocess.run(command, cwd=site_pages.ROOT).returncode:
        raise SystemExit("The site was not built: see above.")
    if found := site_check.problems(SITE):
        raise SystemExit("\n".join([*found, f"{len(found)} addresses to mend"]))
    return SITE


if __name__ == "__main__":
    print(f"\nThe documentation: {build() / 'index.html'}")
    print("Its search needs a server: python -m http.server --directory build/site")
