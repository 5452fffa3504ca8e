"""Which jobs a choice of the penalty on unseen people is made of."""


def unseen_part(pattern):
    """The part of a fold's training scans, or their split, that the penalty of a row is chosen on."""

    def of_row(wildcards):
        ages = "permuted" if wildcards.row in NULL_ROWS else "given"
        return pattern.format(ages=ages, seed=wildcards.seed, fold=wildcards.fold)

    return of_row


def scans_of_ages(wildcards):
    """The experiment's scans, with their ages or with permuted ones."""
    if wildcards.ages == "permuted":
        return RESULTS.null_ages.format(seed=wildcards.seed, fold=wildcards.fold)
    return rules.select.output.selected


def unseen_settings(wildcards):
    """What the training for the penalty is asked for: what the main one is, with nothing watched."""
    settings = json.loads(training_settings(wildcards))
    settings["row"] = f"{wildcards.row} (for its penalty)"
    settings["snapshot_epochs"] = []
    return as_json(**settings)


def unseen_features(wildcards):
    """The features of all seeds and folds that the penalties of a row are chosen on."""
    if not CHOOSES_UNSEEN:
        return []
    return expand(RESULTS.unseen_features, row=wildcards.row, seed=SEEDS, fold=FOLDS)


def unseen_splits(wildcards):
    """Who learned and who judged in each of these."""
    if not CHOOSES_UNSEEN:
        return []
    ages = "permuted" if wildcards.row in NULL_ROWS else "given"
    return expand(RESULTS.unseen_split, ages=ages, seed=SEEDS, fold=FOLDS)
