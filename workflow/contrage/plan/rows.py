"""What an experiment's configuration asks for: its rows and their settings.

A row is a loss with its settings; it has a name, trains once per seed and is a line of the table.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from contrage import losses, modalities
from contrage.cohort import leave_out
from contrage.cohort.exclude import read_exclusions
from contrage.cohort.scans import Cohort, Scan
from contrage.errors import SettingsError
from contrage.plan import draws as search
from contrage.plan import null
from contrage.run.code import constructor_defaults
from contrage.scan_ids import participant
from contrage.target_words import TargetInWords

ABLATED = "dynlocrep"
PRETRAINED = "-pretrained"
WITHIN = ("schedule", "early_stop", "lds", "fds", "mixup", "logits")
"""Blocks of training of which a row may say a part."""
OF_STAGE = ("loss", "train", "permute_labels")
"""Of what a row of `rows` says of its training: what is no setting of the block training."""


def stated_target(config: dict[str, Any]) -> TargetInWords:
    """Return what is predicted, as the configuration states it."""
    return TargetInWords(**config["target"])


def benchmark_rows(config: dict[str, Any]) -> list[str]:
    """Return the rows of the MAE table, in order; a pre-trained row follows its plain one."""
    pretrained = {plain: row for row, plain in pretrained_rows(config).items()}
    return [
        row
        for plain in plain_rows(config)
        for row in (plain, pretrained.get(plain))
        if row is not None
    ]


def plain_rows(config: dict[str, Any]) -> list[str]:
    """Return the rows that `benchmark.losses` names.

    "all" are the losses in the folder that can learn a target of this kind.
    """
    asked = config["benchmark"]["losses"]
    return losses.available(config["target"]["kind"]) if asked == "all" else list(asked)


def pretrained_rows(config: dict[str, Any]) -> dict[str, str]:
    """Return row → the row that it is like, for all that start from the pre-trained encoder.

    Empty where all rows start from it anyway, and where the scans are real and pre-training is on
    a phantom, as it is by default: generated heads are no start for people.
    """
    everyone = config["training"]["start_from"] == "pretraining"
    if everyone or (pretrains_on_phantom(config) and config["cohort"]["source"] != "phantom"):
        return {}
    trained = plain_rows(config)
    return {
        f"{row}{PRETRAINED}": row for row in config["benchmark"]["pretrained"] if row in trained
    }


def pretrains_on_phantom(config: dict[str, Any]) -> bool:
    """Return whether the cohort of the pre-training is a generated one."""
    return config["pretraining"]["cohort"]["source"] == "phantom"


def norm_rows(config: dict[str, Any]) -> dict[str, str]:
    """Return norm → row of the ablation; the norm of dynlocrep's own row is that row."""
    stated = _stated(config, ABLATED)
    own = stated["norm"] if "norm" in stated else _norm_of_loss()
    return {
        norm: ABLATED if norm == own else f"{ABLATED}-{norm}"
        for norm in config["benchmark"]["norms"]
    }


def null_rows(config: dict[str, Any]) -> dict[str, str]:
    """Return row → the row that it is like, for those that learn permuted ages."""
    return null.null_rows(config["benchmark"], plain_rows(config))


def all_rows(config: dict[str, Any]) -> list[str]:
    """Return every row that is trained: the table's, the ablation's, and what is their null."""
    rows = [*benchmark_rows(config), *norm_rows(config).values(), *null_rows(config)]
    return list(dict.fromkeys(rows))


def loss_settings(config: dict[str, Any], row: str) -> dict[str, Any]:
    """Return the settings of a row, with the name of its loss under `loss`.

    Parameters
    ----------
    config : dict
        The whole configuration.
    row : str
        Named in `losses` or `rows`, or a loss, or a row of the norm ablation, or one of these
        pre-trained or with permuted ages.
    """
    row = trained_as(config, row)
    if row in config["rows"]:
        row = own_training(config, row)["loss"]
    norms = {name: norm for norm, name in norm_rows(config).items() if name != ABLATED}
    if row in norms and row not in config["losses"]:
        return {"loss": ABLATED, **_stated(config, ABLATED), "norm": norms[row]}
    return {"loss": row, **_stated(config, row)}


def trained_as(config: dict[str, Any], row: str) -> str:
    """Return the row whose training a row has; another one if it is a null or pre-trained."""
    return null_rows(config).get(row, pretrained_rows(config).get(row, row))


def staged_rows(config: dict[str, Any]) -> list[str]:
    """Return the rows that are a second stage, in the order of the table."""
    return [row for row in plain_rows(config) if is_staged(config, row)]


def is_staged(config: dict[str, Any], row: str) -> bool:
    """Return whether a row is a second stage on another row's encoder."""
    return row in config["rows"] and "stage" in config["rows"][row]


def head_rows(config: dict[str, Any]) -> list[str]:
    """Return the stages whose predictions are their heads'; a loss may have none of its own."""
    kind = config["target"]["kind"]
    staged = {row: loss_settings(config, row)["loss"] for row in staged_rows(config)}
    return [row for row, loss in staged.items() if losses.predicts(loss, kind)]


def logged_rows(config: dict[str, Any]) -> list[str]:
    """Return the rows whose trainings note cosines of pairs, in the order of the table."""
    return [row for row in all_rows(config) if logs(config, row)]


def logs(config: dict[str, Any], row: str) -> bool:
    """Return whether a row's trainings note cosines of pairs: it is asked to, and has some."""
    if not training_of(config, row)["logits"]:
        return False
    return not losses.has_prediction(loss_settings(config, row)["loss"])


def own_training(config: dict[str, Any], row: str) -> dict[str, Any]:
    """Return what a row of `rows` says of its training: `loss`, and keys of training."""
    stated = config["rows"][row]
    return stated.get("stage", stated)


def permutes(config: dict[str, Any], row: str) -> bool:
    """Return whether a row's loss is told permuted labels."""
    if row not in config["rows"]:
        return False
    own = own_training(config, row)
    return "permute_labels" in own and own["permute_labels"]


def trains_alike(config: dict[str, Any], row: str) -> bool:
    """Return whether a row is trained as the block training says, whatever labels it is told."""
    row = trained_as(config, row)
    return row not in config["rows"] or config["rows"][row].keys() <= {"loss", "permute_labels"}


def training_of(config: dict[str, Any], row: str) -> dict[str, Any]:
    """Return the block training as it holds for a row."""
    row, whole = trained_as(config, row), config["training"]
    if row not in config["rows"]:
        return whole
    own = {k: v for k, v in own_training(config, row).items() if k not in OF_STAGE}
    within = {  # these are said key by key, as a file says them over the defaults
        key: {**whole[key], **own[key]}
        for key in WITHIN
        if key in own and isinstance(whole[key], dict) and isinstance(own[key], dict)
    }
    return {**whole, **own, **within}


@cache
def _norm_of_loss() -> str:
    """Return the norm that the loss takes where nothing is said."""
    return constructor_defaults(f"contrage.losses.{ABLATED}")["norm"]


def _stated(config: dict[str, Any], row: str) -> dict[str, Any]:
    """Return what the configuration says of a row's loss; the others have its own defaults."""
    known = config["losses"]
    return dict(known[row]) if row in known else {}


def searched_rows(config: dict[str, Any]) -> list[str]:
    """Return the rows of which settings are searched, in the order of the table."""
    return [row for row in all_rows(config) if row in config["search"]["rows"]]


def draws_of(config: dict[str, Any], row: str) -> list[dict[str, Any]]:
    """Return the settings that the search draws for a row."""
    wanted = config["search"]
    return search.draw_settings(wanted["rows"][row], wanted["draws"], wanted["seed"], row)


def used_scans(config: dict[str, Any], cohort: Cohort) -> list[Scan]:
    """Return the cohort's scans without those that the experiment or the reader leaves out."""
    left_out, excluded = left_out_people(config, cohort), excluded_scans(config, cohort)
    return [
        scan
        for scan in cohort.scans
        if scan.participant_id not in left_out and scan.scan_id not in excluded
    ]


def left_out_people(config: dict[str, Any], cohort: Cohort) -> dict[str, str]:
    """Return whom of the cohort `dataset.leave_out` leaves out, participant_id → reason."""
    return leave_out.find(config["dataset"]["leave_out"], known_people(cohort)).reasons


def known_people(cohort: Cohort) -> set[str]:
    """Return participant_id of all whom the table has, of those that cannot be used too."""
    return {participant(each.scan_id) for each in (*cohort.scans, *cohort.excluded)}


def excluded_scans(config: dict[str, Any], cohort: Cohort) -> dict[str, str]:
    """Return which scans the reader's list (`cohort.exclude`) leaves out, with the reasons."""
    known = [*(scan.scan_id for scan in cohort.scans), *(e.scan_id for e in cohort.excluded)]
    return read_exclusions(config["cohort"]["exclude"], known)


def check_people(config: dict[str, Any], cohort: Cohort) -> None:
    """Raise `SettingsError` if everyone is left out."""
    if not used_scans(config, cohort):
        name = config["cohort"]["name"]
        if not config["dataset"]["leave_out"]:
            raise SettingsError(f"cohort.exclude: nobody of the cohort {name} is left")
        reason = next(iter(config["dataset"]["leave_out"].values()))
        raise SettingsError(
            f"dataset.leave_out: nobody of the cohort {name} is left ({reason}); "
            "use another cohort. Of a pre-training whose people only have the same numbers say "
            "pretraining.same_ids: other-people"
        )


def needs_anatomical(config: dict[str, Any]) -> bool:
    """Return whether any stage works on the anatomical image.

    Brain-only maps that lie in MNI space already, or are registered by themselves, need none.
    """
    kind = modalities.load(config["cohort"]["image"])
    if kind.comes_as != "scans":
        return False
    steps = config["preprocessing"]
    return (
        not kind.is_map
        or steps["skull_strip"]["method"] not in ("none", "mask")
        or steps["bias_correction"]["target"] in ("anatomical", "both")
    )


def maps(config: dict[str, Any]) -> list[str]:
    """Return the maps that are brought to MNI152: the learned one, if it is one, and others."""
    cohort = config["cohort"]
    asked = dict.fromkeys([cohort["image"], *cohort["maps"]])
    return [name for name in asked if modalities.load(name).is_map]


def uses_magnitude(config: dict[str, Any]) -> bool:
    """Return whether maps reach the T1 through the magnitude of their acquisition."""
    if modalities.load(config["cohort"]["image"]).comes_as != "scans":
        return False
    asked = config["preprocessing"]["registration"]["map_pose"] == "magnitude"
    return asked and bool(maps(config))


def watched_epochs(config: dict[str, Any]) -> list[int]:
    """Return the epochs after which features are kept for the report, up to the last epoch."""
    if not config["report"]["embedding_rows"]:
        return []
    last = config["training"]["epochs"]
    return [epoch for epoch in sorted(config["report"]["embedding_epochs"]) if epoch <= last]
