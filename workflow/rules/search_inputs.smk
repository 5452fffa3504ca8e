"""Which jobs a random search of settings is made of, and what the main run reads of it."""

SEARCH = f"{RESULTS}/search/{{row}}/split-{{seed}}/fold-{{fold}}"
DRAW = f"{SEARCH}/draw-{{draw}}"
BEST = f"{SEARCH}/best.json"
DRAWS = range(config["search"]["draws"])
INNER = f"{RESULTS}/dataset/search/split-{{seed}}_fold-{{fold}}"


def best_settings(wildcards):
    """What the search found best for a row, on the split that the training learns from."""
    row = NULL_ROWS.get(wildcards.row, wildcards.row)
    if row not in SEARCHED_ROWS:
        return []
    split = folds.search_seed(config, int(wildcards.seed))
    return BEST.format(row=row, seed=split, fold=wildcards.fold)


def drawn_loss(row):
    """The loss's settings in each draw, those that are not searched included."""
    settings = experiment.loss_settings(config, row)
    return [{**settings, **drawn} for drawn in experiment.draws_of(config, row)]


def feasible_draws(wildcards):
    """What a search asks of its row's loss, and of the number of scans."""
    fraction = config["search"]["validation_fraction"]
    return as_json(
        device="auto",
        batch_size=config["training"]["batch_size"],
        training_scans=folds.most_training_scans(config, COHORT, fraction),
        draws={wildcards.row: drawn_loss(wildcards.row)},
        head=config["training"]["head"],
        epochs=config["training"]["epochs"],
    )


def feasible_records():
    """What was found about all rows before they were trained."""
    searched = expand(f"{RESULTS}/search/{{row}}/feasible.json", row=SEARCHED_ROWS)
    return [f"{RESULTS}/training/feasible.json", *searched]


def feasible_code(wildcards):
    return code(*feasible_modules(wildcards))


def feasible_digest(wildcards):
    return digest(*feasible_modules(wildcards))


def feasible_modules(wildcards):
    loss = experiment.loss_settings(config, wildcards.row)["loss"]
    return "contrage.learning.feasible", f"contrage.losses.{loss}"


def draw_settings(wildcards):
    """What the training of a draw is asked for: what the main run is, with settings drawn."""
    settings = json.loads(training_settings(wildcards))
    number = int(wildcards.draw)
    settings["row"] = f"{wildcards.row} (draw {number})"
    settings["loss"] = drawn_loss(wildcards.row)[number]
    settings["snapshot_epochs"] = []
    return as_json(**settings)


def choice_settings(wildcards):
    return as_json(
        row=wildcards.row,
        split=int(wildcards.seed),
        fold=int(wildcards.fold),
        draws=experiment.draws_of(config, wildcards.row),
    )
