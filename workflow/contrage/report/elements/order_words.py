"""What the page says of the geometry of features: how smooth they are, and whether in order."""

from __future__ import annotations

from contrage.evaluation.statistics.logits import SATURATED
from contrage.report.elements.html_tables import Line, PageTable
from contrage.report.elements.sections import Section, best_first, bounded
from contrage.report.findings import Study
from contrage.report.style import NULL, loss_colours, loss_name
from contrage.report.text import MISSING, listed, missing, number, plus_minus

NO_PAIRS = "no cosines were noted, for the loss predicts, or training.logits is null"
PREDICTS = "the head predicts the target and has no embedding"


def lipschitz(study: Study, title: str) -> Section:
    """Say how smoothly the target changes over each row's features."""
    table = best_first(study, study.tables["lipschitz"])
    digits, target = study.digits, study.target
    reference = next((each for each in table["reference"] if not missing(each)), None)
    head = ["loss", target.axis("median factor"), target.axis("mean factor ± SD"), "skewness"]
    head += ["Z", "r against it", "ρ"] * (reference is not None)
    colours = loss_colours(table["row"])
    lines = []
    for line in table.itertuples():
        cells = [number(line.median, digits), plus_minus(line.mean, line.sd, digits)]
        cells.append(number(line.skewness))
        if reference is not None:
            gap = number(line.r_gap, 3)
            cells.append(bounded(line.z, line.z_low, line.z_high, 2))
            cells.append(gap if gap.startswith("\u2212") or gap == MISSING else f"+{gap}")
            cells.append(number(line.rho))
        lines.append(Line([loss_name(line.row), *cells], colours[line.row]))
    first = table.iloc[0]
    asked = (
        "Do people with like features have like targets? Of each test person the nearest other one "
        "is looked for among the features; the factor is how far their targets are apart, over how "
        "far their features are (z-scores, so that no scale and no number of features counts). "
        "Small factors are smooth."
    )
    if reference is not None:
        asked += (
            f" Z: how much smaller factors are than {loss_name(reference)}'s, in their SDs, with "
            f"the {study.level} interval of {int(table['n_draws'].max())} draws of test people; it "
            "is no test. ρ: whether draws in which the features are smoother also have the better "
            "r."
        )
    found = [f"{number(first.n, 0)} test people."]
    told = table[table["note"].notna()]
    notes = [f"{loss_name(line.row)}: {line.note}." for line in told.itertuples()]
    if skipped := int(table["skipped"].max()):
        notes.append(f"No factor: up to {skipped} people (of all seeds) have another's features.")
    page = PageTable(head, lines, 1, "tables/lipschitz.tsv")
    return Section("lipschitz", title, asked, found, page, "continuity", notes)


def ordinality(study: Study, title: str) -> Section:
    """Say whether distances follow those of the target, and what is left with permuted targets."""
    table = best_first(study, study.tables["ordinality"])
    permuted = bool(table["permuted"].notna().any())
    head = ["loss", "of", "Spearman's ρ ± SD", *["on permuted targets", "drop"] * permuted]
    colours = loss_colours(table["row"])
    lines = []
    for line in table[table["spearman"].notna()].itertuples():
        cells = [line.space, plus_minus(line.spearman, line.spearman_sd)]
        cells += [number(line.permuted), number(line.drop)] * permuted
        lines.append(Line([loss_name(line.row), *cells], colours[line.row]))
    asked = (
        "Does the order of the target survive? Over pairs of test people, whether those further "
        f"apart in {study.target.word} are further apart in the embedding of the head, which the "
        "loss orders, and in the features of the encoder, which are probed: 1 is in order, 0 not."
    )
    if permuted:
        named = table["permuted_row"].dropna().unique()
        asked += (
            f" Permuted is what {listed(list(map(loss_name, named)))} learned: a loss that knows "
            "the order has lost it there."
        )
        if not any(name.endswith(NULL) for name in named):  # labels, not people
            asked += " One that takes targets for classes has little to lose."
    people = number(table["n_participants"].min(), 0)
    found = [f"{people} test people of each seed, two and two within folds."]
    without = [loss_name(row) for row in table.loc[table["note"].notna(), "row"]]
    notes = [f"{listed(without)}: {PREDICTS}."] if without else []
    page = PageTable(head, lines, 2, "tables/ordinality.tsv")
    return Section("ordinality", title, asked, found, page, "", notes)


def logits(study: Study, title: str) -> Section:
    """Say where positive pairs saturate, and what the hardest negatives do."""
    table = best_first(study, study.tables["logits"])
    told = table[table["n_trainings"] > 0]
    head = ["loss", "positive pairs: first", "last", "hardest negatives: first", "last"]
    head += [f"trainings at {SATURATED:g}", "after epoch"]
    colours = loss_colours(table["row"])
    lines = [
        Line(
            [
                loss_name(line.row),
                *(number(line.positives_first), number(line.positives_last)),
                *(number(line.negatives_first), number(line.negatives_last)),
                f"{number(line.saturated, 0)} of {number(line.n_trainings, 0)}",
                number(line.epoch, 0),
            ],
            colours[line.row],
        )
        for line in told.itertuples()
    ]
    asked = (
        "Is there anything left to gain? Mean cosine, after the first and the last epoch, of pairs "
        "of training scans with one label, and of the most alike pairs with different ones, in the "
        "network that is trained, before any averaging of its weights. Where "
        f"positive pairs reach {SATURATED:g} a loss has drawn them together; it may still push "
        "negatives apart, which is what to look at."
    )
    without = [loss_name(row) for row in table.loc[table["n_trainings"] == 0, "row"]]
    notes = [f"{listed(without)}: {NO_PAIRS}."] if without else []
    page = PageTable(head, lines, 1, "tables/logits.tsv, tables/logits_curves.tsv")
    return Section("logits", title, asked, [], page, "pairs", notes)
