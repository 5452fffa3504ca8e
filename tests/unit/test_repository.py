"""What the repository says of itself is so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import torch

from contrage import losses

ROOT = Path(__file__).parents[2]
PAGES = sorted(page.relative_to(ROOT).as_posix() for page in (ROOT / "docs").rglob("*.md"))


def test_the_loss_of_the_docs_works_as_it_stands(root: Path, tmp_path, monkeypatch):
    (example,) = re.findall(
        r"```python\n(.*?)```", (root / "docs/losses.md").read_text(), re.DOTALL
    )
    shutil.copy(root / "workflow/contrage/losses/__init__.py", tmp_path / "__init__.py")
    (tmp_path / "mine.py").write_text(example)
    monkeypatch.setattr(losses, "__path__", [*losses.__path__, str(tmp_path)])
    assert "mine" in losses.available()
    embeddings = torch.randn(6, 2, 4, requires_grad=True)
    value = losses.load("mine", years=5.0)(embeddings, torch.arange(6.0), epoch=1)
    value.backward()
    assert value.ndim == 0
    assert embeddings.grad.isfinite().all()


def test_the_authors_repository_is_cited_by_its_one_name(root: Path):
    files = [*(root / "workflow").rglob("*.py"), *(root / "docs").glob("*.md")]
    cited = {name for file in files for name in re.findall(r"EIDOSLAB/[\w-]+", file.read_text())}
    assert cited == {"EIDOSLAB/contrastive-brain-age-prediction"}


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "config/README.md", *PAGES])
def test_links_lead_somewhere(root: Path, name: str):
    file = root / name
    for target in re.findall(r"\]\((?!http)([^)#]+)\)", file.read_text()):
        assert (file.parent / target).exists(), f"{name} links to {target}"
