"""The key numbers at the head of the page."""

from __future__ import annotations

from contrage.report.findings import Study
from contrage.report.style import loss_name
from contrage.report.text import number


def tiles(study: Study) -> list[dict[str, str]]:
    """Return the key numbers: value, unit and what it is."""
    cohort, mae = study.tables["cohort"].iloc[-1], study.tables["mae"]
    target = study.target
    ends = [target.whole(cohort[f"{target.column}_{end}"]) for end in ("min", "max")]
    found = [
        {"value": str(int(cohort.n_participants)), "unit": "", "label": "participants"},
        {
            "value": f"{ends[0]}–{ends[1]}",
            "unit": target.unit,
            "label": f"range of {target.word}",
        },
    ]
    if study.is_table:
        number_of = str(len(study.tables["features"]))
        found.append({"value": number_of, "unit": "", "label": "features"})
    if len(mae):
        best = mae.iloc[0]
        found += [
            {"value": str(study.n_test), "unit": "", "label": "test participants per seed"},
            {
                "value": f"{study.n_losses} × {int(best.n_seeds)}",
                "unit": "",
                "label": "losses × training seeds",
            },
            {
                "value": number(best.mae_mean, study.digits),
                "unit": target.unit,
                "label": f"lowest error: {loss_name(best.loss)}",
            },
            {
                "value": number(best.mae_baseline, study.digits),
                "unit": target.unit,
                "label": "error of predicting the mean",
            },
        ]
    return found
