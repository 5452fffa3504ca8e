"""For the pages of the API: formulas of docstrings become MathML, before Griffe reads sections."""

from __future__ import annotations

import re
from typing import Any

import griffe
from latex2mathml.converter import convert

DIRECTIVE = re.compile(
    r"^(?P<indent> *)\.\. math::(?P<formula>[^\n]*(?:\n(?P=indent) +\S[^\n]*)*)", re.MULTILINE
)


def as_mathml(text: str) -> str:
    """Return a docstring whose `.. math::` directives are formulas that a browser draws."""

    def formula(match: re.Match[str]) -> str:
        made = convert(" ".join(match["formula"].split()), display="block")
        return f'{match["indent"]}<div class="formula">{made}</div>'

    return DIRECTIVE.sub(formula, text)


class Formulas(griffe.Extension):
    """What Griffe is to do with each object that has a docstring."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Rewrite the object's docstring."""
        if obj.docstring:
            obj.docstring.value = as_mathml(obj.docstring.value)
