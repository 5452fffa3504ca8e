"""Whether maps of where rows look depend on what was learned."""

from __future__ import annotations

import pandas as pd

from contrage.evaluation.given import Given
from contrage.evaluation.saliency.found import read

TITLE = "Where it looks, with random weights"
NEEDS = ("attributions",)
SETTINGS = ("evaluations.saliency",)
COLUMNS = {}  # the page has words of it, see contrage.report.elements.saliency_words
IN_FILE = ("row", "method", "layers", "down_to", "correlation", "between", "highest", "passed")
IN_FILE += ("note",)


def evaluate(given: Given) -> pd.DataFrame:
    """Return a line for each row, method and stage of cascading randomisation.

    Returns
    -------
    DataFrame
        With columns row, method, layers (how many have random weights, from the readout on),
        down_to (the last of them), correlation (Spearman's with the genuine map, over places of
        equal size), between (the same of maps of other trainings of the row, 1 where there is
        none), highest (which the last stage must not reach), passed (of the method, in each of
        its lines), note (why not).
    """
    lines = [
        {
            "row": found.row,
            "method": name,
            "layers": stage.layers,
            "down_to": stage.name,
            "correlation": stage.correlation,
            "between": method.judged.between,
            "highest": method.judged.highest,
            "passed": str(method.judged.shown).lower(),
            "note": method.judged.why or None,
        }
        for found in (read(files[0]) for files in given.attributions.values())
        for name, method in found.methods.items()
        for stage in method.judged.stages
    ]
    return pd.DataFrame(lines, columns=list(IN_FILE))
