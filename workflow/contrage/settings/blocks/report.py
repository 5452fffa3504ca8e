"""The block report of the configuration."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReportSettings:
    """What the page shows beside the tables.

    Attributes
    ----------
    embedding_rows : tuple of str
        Rows whose features are drawn by t-SNE (of the first seed and fold); an empty list
        leaves the figure out.
    embedding_by : str
        What the points are coloured by: target, or sex or site of each scan.
    embedding_epochs : tuple of int
        After which epochs.
    embedding_method : str
        How features become points in a plane: tsne, or umap (needs the extra of this name).
    show_ids : bool
        Whether the page names scans and people.
    """

    embedding_rows: tuple[str, ...]
    embedding_by: str
    embedding_epochs: tuple[int, ...]
    embedding_method: str
    show_ids: bool
