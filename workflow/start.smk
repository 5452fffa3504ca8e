"""An experiment that others start from: trained and probed, with no report of its own."""

STAGE = "Pre-training: "  # what messages of its trainings begin with


include: "rules/trainings.smk"
