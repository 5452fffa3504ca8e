"""Whether maps of where rows look depend on what was learned."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.given import Given
from contrage.evaluation.saliency.found import read
from contrage.evaluation.saliency.verdict import HIGHEST

TITLE = "Where it looks, with random weights"
NEEDS = ("attributions",)
SETTINGS = ("evaluations.saliency",)
COLUMNS = {}  # the page has words of it, see contrage.report.elements.saliency_words
IN_FILE = ("row", "method", "layers", "down_to", "correlation", "highest", "passed", "note")


def evaluate(given: Given) -> pd.DataFrame:
    """Return a line for each row, method and stage of cascading randomisation.

    Returns
    -------
    DataFrame
        With columns row, method, layers (how many have random weights, from the readout on),
        down_to (the last of them), correlation (Spearman's with the genuine map, over places of
        equal size), highest (that the last stage may have), passed (of the method, in each of its
        lines), note (why not).
    """
    lines = [
        {
            "row": found.row,
            "method": name,
            "layers": stage.layers,
            "down_to": stage.name,
            "correlation": stage.correlation,
            "highest": HIGHEST,
            "passed": str(method.shown).lower(),
            "note": method.why or None,
        }
        for found in (read(files[0]) for files in given.attributions.values())
        for name, method in found.methods.items()
        for stage in method.stages
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))
