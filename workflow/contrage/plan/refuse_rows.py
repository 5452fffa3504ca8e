"""What `rows` of a configuration cannot ask for, told before the first job."""

from __future__ import annotations

from typing import Any

from contrage import losses, modalities
from contrage.dataset.roles import CHOSEN_BY
from contrage.errors import SettingsError
from contrage.learning.batch import check_batch
from contrage.plan import rows
from contrage.plan.kinds import check_augmentation
from contrage.tables import nearest
from contrage.target import BINARY


def check_rows(config: dict[str, Any]) -> None:
    """Raise `SettingsError` for rows that say too little, too much, or what cannot work.

    Each message begins with the key to change.
    """
    if config["rows"] and config["benchmark"]["losses"] == "all":
        raise SettingsError(
            "benchmark.losses: all are the losses of the folder, without the rows of rows; name "
            f"those to train, with {', '.join(config['rows'])}"
        )
    for row in config["rows"]:
        _check_name(config, row)
        _check_shape(config, row)
    # Another experiment of a study may train the others, on another target.
    for row in [row for row in rows.plain_rows(config) if row in config["rows"]]:
        _check_loss(config, row)
        _check_head(config, row)
        _check_training(config, row)
    _check_other_blocks(config)


def place(config: dict[str, Any], row: str) -> str:
    """Return the key below which a row says how it is trained."""
    return f"rows.{row}.stage" if "stage" in config["rows"][row] else f"rows.{row}"


def _check_name(config: dict[str, Any], row: str) -> None:
    """Refuse a name that two rows would have."""
    if row in config["losses"] or row in losses.available():
        other = "a row of losses" if row in config["losses"] else "a loss"
        raise SettingsError(f"rows.{row}: is the name of {other}; call yours otherwise")
    asked = {
        "norms": rows.norm_rows(config).values(),
        "null": rows.null_rows(config),
        "pretrained": rows.pretrained_rows(config),
    }
    for key, taken in asked.items():
        if row in taken:
            raise SettingsError(
                f"rows.{row}: is the name of a row of benchmark.{key}; call yours otherwise"
            )


def _check_shape(config: dict[str, Any], row: str) -> None:
    """Refuse a start without a stage, a stage without a start, and what stands beside both."""
    stated = config["rows"][row]
    if ("from" in stated) != ("stage" in stated):
        there, lacking = ("from", "stage") if "from" in stated else ("stage", "from")
        what = "what is trained then" if lacking == "stage" else "what it starts from"
        raise SettingsError(f"rows.{row}: {there} without {lacking}; say {what}")
    if "from" in stated:
        if beside := sorted(stated.keys() - {"from", "stage"}):
            raise SettingsError(
                f"rows.{row}.{beside[0]}: stands beside stage; write it below rows.{row}.stage"
            )
    elif "loss" not in stated:
        raise SettingsError(
            f"rows.{row}: give loss, with what differs from training, or from and stage"
        )


def _check_loss(config: dict[str, Any], row: str) -> None:
    """Refuse a loss that is none, or that cannot learn this target."""
    name, key = rows.own_training(config, row)["loss"], f"{place(config, row)}.loss"
    known = [*config["losses"], *losses.available()]
    if name not in known:
        if name in config["rows"]:
            raise SettingsError(f"{key}: {name} is a row of rows; name a loss, or a row of losses")
        close = nearest(name, known)
        guess = f"did you mean {close}? There" if close else "there"
        raise SettingsError(
            f"{key}: no loss {name!r}; {guess} are {', '.join(losses.available())}, and rows of "
            "losses"
        )
    loss, kind = rows.loss_settings(config, row)["loss"], config["target"]["kind"]
    if loss in losses.available() and kind not in losses.target_kinds(loss):
        wanted = "targets that have an order" if kind == BINARY else "a target with two sides"
        raise SettingsError(
            f"{key}: {loss} needs {wanted}, and target.kind is {kind}; there are "
            f"{', '.join(losses.available(kind))}"
        )


def _check_head(config: dict[str, Any], row: str) -> None:
    """Refuse what could learn nothing, or predict nothing."""
    loss = rows.loss_settings(config, row)["loss"]
    kind = config["target"]["kind"]
    predicts = loss in losses.available() and losses.predicts(loss, kind)
    trains_head = rows.is_staged(config, row) and _stage(config, row)["train"] == "head"
    if not rows.training_of(config, row)["head"] and (predicts or trains_head):
        why = "to train" if trains_head else f"that could predict, which {loss} does"
        raise SettingsError(
            f"{place(config, row)}.head: [] leaves no layer {why}; give a head, as [1]"
        )
    if trains_head and not predicts:
        raise SettingsError(
            f"rows.{row}.stage.train: head, but {loss} predicts no {kind} target: on a frozen "
            "encoder the features stay as they are; give a loss that predicts, or set it to all"
        )


def _stage(config: dict[str, Any], row: str) -> dict[str, Any]:
    return config["rows"][row]["stage"]


def _check_training(config: dict[str, Any], row: str) -> None:
    """Refuse settings of a training that `training` would not be allowed either."""
    block, key, split = (
        rows.training_of(config, row),
        place(config, row),
        config["dataset"]["split"],
    )
    stop = rows.own_training(config, row).get("early_stop")
    if stop and config["target"]["kind"] == BINARY:
        raise SettingsError(
            f"{key}.early_stop: is for targets that are numbers, and target.kind is binary; set it "
            "to null"
        )
    judged = split["scheme"] == "given" and CHOSEN_BY in split["roles"].values()
    if stop and block["early_stop"]["on"] == CHOSEN_BY and not judged:
        raise SettingsError(
            f"{key}.early_stop.on: {CHOSEN_BY}, but no value has that role (dataset.split.roles, "
            "with scheme given); set it to inner"
        )
    try:
        check_batch(block["batch_size"], block["gpus_per_job"])
        kind = modalities.load(config["cohort"]["image"])
        check_augmentation(block["augmentation"], kind)
    except SettingsError as error:
        raise SettingsError(str(error).replace("training", key, 1)) from None


def _check_other_blocks(config: dict[str, Any]) -> None:
    """Refuse what other blocks cannot ask of such rows."""
    staged = [row for row in config["rows"] if rows.is_staged(config, row)]
    probed = [row for row in rows.staged_rows(config) if row not in rows.head_rows(config)]
    if probed and config["probe"]["alpha"] == "unseen":
        raise SettingsError(
            f"probe.alpha: unseen, but {probed[0]} starts from an encoder that has learned from "
            "those on whom its penalty would be chosen; set it to training, or leave the row out"
        )
    reasons = {
        "benchmark.null": (
            rows.null_rows(config).values(),
            "starts from an encoder that knows the true targets, so it is no bar of chance",
        ),
        "benchmark.pretrained": (
            rows.pretrained_rows(config).values(),
            "starts from another row already",
        ),
        "search.rows": (
            config["search"]["rows"],
            "starts from an encoder that has learned from those whom a search judges by",
        ),
    }
    for key, (asked, why) in reasons.items():
        if found := [row for row in asked if row in staged]:
            raise SettingsError(f"{key}: {found[0]} {why}; leave it out")
    drawn = config["report"]["embedding_rows"]
    if found := [row for row in drawn if not rows.trains_alike(config, row)]:
        raise SettingsError(
            f"report.embedding_rows: {found[0]} has a training of its own (rows); name rows that "
            "train as training says"
        )
