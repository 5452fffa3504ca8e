"""Suffixes of the maps of MR elastography that can be learned from."""

from __future__ import annotations

MAPS = ("stiffness", "dampingratio")
