"""What one file of a configuration says, laid over what others say."""

from __future__ import annotations

import copy
from typing import Any


def lay_over(base: dict[str, Any], layer: dict[str, Any]) -> None:
    """Lay a layer over a configuration, block by block, in place."""
    for key, value in layer.items():
        if isinstance(value, dict):
            if not isinstance(base.get(key), dict):
                base[key] = {}
            lay_over(base[key], value)
        else:
            base[key] = copy.copy(value)
